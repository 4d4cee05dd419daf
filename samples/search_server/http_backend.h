/* One face for the two packaged parsers.
 *
 * llhttp is the successor of http_parser and is taken where it is packaged;
 * Debian 12 has http_parser only. The callbacks of both have the same form, so
 * few things differ: how a parser is made, how a callback stops it, and how the
 * place where it stopped is found. USE_LLHTTP comes from the build. */
#ifndef SEARCH_SERVER_HTTP_BACKEND_H
#define SEARCH_SERVER_HTTP_BACKEND_H

#include <stddef.h>

#if defined(USE_LLHTTP)
#include <llhttp.h>
typedef llhttp_t http_backend_t;
typedef llhttp_settings_t http_backend_settings_t;
typedef llhttp_type_t http_backend_type_t;
#else
#include <http_parser.h>
typedef http_parser http_backend_t;
typedef http_parser_settings http_backend_settings_t;
typedef enum http_parser_type http_backend_type_t;
#endif

typedef enum {
  HTTP_BACKEND_MORE,    /* took everything */
  HTTP_BACKEND_STOPPED, /* a callback returned http_backend_stop */
  HTTP_BACKEND_ERROR    /* not HTTP, or a callback refused */
} http_backend_result_t;

static inline void http_backend_init(http_backend_t* p,
                                     http_backend_type_t type,
                                     const http_backend_settings_t* settings) {
  void* data = p->data;
#if defined(USE_LLHTTP)
  llhttp_init(p, type, settings);
#else
  (void) settings;
  http_parser_init(p, type);
#endif
  p->data = data;
}

/* The result of on_message_complete that stops after this message. */
static inline int http_backend_stop(http_backend_t* p) {
#if defined(USE_LLHTTP)
  (void) p;
  return HPE_PAUSED;
#else
  http_parser_pause(p, 1);
  return 0;
#endif
}

/* Parses; *used is how much of the data belongs to this message. */
static inline http_backend_result_t http_backend_execute(
    http_backend_t* p,
    const http_backend_settings_t* settings,
    const char* data,
    size_t len,
    size_t* used) {
#if defined(USE_LLHTTP)
  (void) settings;
  llhttp_errno_t err = llhttp_execute(p, data, len);
  *used = len;
  if (err == HPE_OK) {
    return HTTP_BACKEND_MORE;
  }
  *used = (size_t) (llhttp_get_error_pos(p) - data);
#else
  *used = http_parser_execute(p, settings, data, len);
  enum http_errno err = HTTP_PARSER_ERRNO(p);
  if (err == HPE_OK) {
    return HTTP_BACKEND_MORE;
  }
#endif
  return err == HPE_PAUSED ? HTTP_BACKEND_STOPPED : HTTP_BACKEND_ERROR;
}

static inline int http_backend_keep_alive(const http_backend_t* p) {
#if defined(USE_LLHTTP)
  return llhttp_should_keep_alive(p);
#else
  return http_should_keep_alive(p);
#endif
}

#endif /* SEARCH_SERVER_HTTP_BACKEND_H */
