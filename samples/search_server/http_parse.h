/* Requests out of bytes, with every bound and every doubt checked.
 *
 * Feed bytes until HTTP_MESSAGE, use `request`, reset, go on with the rest. */
#ifndef SEARCH_SERVER_HTTP_PARSE_H
#define SEARCH_SERVER_HTTP_PARSE_H

#include <stddef.h>

#include "http_backend.h"
#include "http_guard.h"
#include "limits.h"

typedef enum {
  METHOD_GET,
  METHOD_HEAD,
  METHOD_POST,
  METHOD_OTHER
} http_method_t;

/* A complete request. Valid until the next reset. Texts are terminated. */
typedef struct http_request_s {
  http_method_t method;
  int keep_alive;
  int is_1_0;
  size_t target_len;
  size_t body_len;
  char target[REQUEST_LINE_MAX];
  char content_type[64];
  char request_id[REQUEST_ID_MAX + 1]; /* "" if none that may be echoed */
  char body[REQUEST_BODY_MAX];
} http_request_t;

typedef enum {
  HTTP_MORE,    /* everything was taken, the request is not complete */
  HTTP_MESSAGE, /* `request` is complete; the rest of the data is not touched */
  HTTP_BAD      /* answer with `status` and close: what follows is undefined */
} http_result_t;

/* Loop thread. */
typedef struct http_parse_s {
  http_backend_t backend;
  http_guard_t guard;
  int status; /* of the response to a bad request */
  int in_body;
  int complete;
  size_t body_raw; /* bytes after the head, framing included */

  /* The header field that is being read; longer ones are cut, which
   * their length tells. */
  char name[32];
  size_t name_len;
  char value[128];
  size_t value_len;

  /* Header fields that were there. */
  int hosts;
  int lengths;
  int encodings;
  int fields;
  int expects_continue;

  http_request_t request;
} http_parse_t;

void http_parse_init(http_parse_t* p);
void http_parse_reset(http_parse_t* p);

/* Takes bytes; *used says how many. Nothing may be fed after HTTP_BAD. */
http_result_t http_parse(http_parse_t* p,
                         const char* data,
                         size_t len,
                         size_t* used);

/* Has a part of a request been read? */
int http_parse_started(const http_parse_t* p);

/* Is the head complete, and does the client wait for "100 Continue" before it
 * sends the body? 1 once per request. */
int http_parse_wants_continue(http_parse_t* p);

#endif /* SEARCH_SERVER_HTTP_PARSE_H */
