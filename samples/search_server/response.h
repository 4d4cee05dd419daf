/* A response: what a handler says, and its head on the wire. */
#ifndef SEARCH_SERVER_RESPONSE_H
#define SEARCH_SERVER_RESPONSE_H

#include <stdint.h>

#include "strbuf.h"

enum { RESPONSE_HEAD_MAX = 512, RESPONSE_STATUS_COUNT = 16 };

/* Loop thread. */
typedef struct response_s {
  int status;
  const char* type;  /* Content-Type; static */
  const char* extra; /* more header lines, each with its CRLF; static; or "" */
  strbuf_t body;     /* owned */

  /* What a job took, for the header Server-Timing, in microseconds. */
  int has_times;
  uint64_t waited_us; /* for a worker */
  uint64_t worked_us;

  size_t head_len;
  char head[RESPONSE_HEAD_MAX];
} response_t;

/* The JSON body that every error has. `message` is ours, not the client's. */
void response_error(response_t* r, int status, const char* message);

/* Writes r->head, in full. `request_id` is echoed unless it is "". */
void response_write_head(response_t* r, const char* request_id, int close);

/* The statuses that are used here, 0 to RESPONSE_STATUS_COUNT - 1: an index for
 * counters. A status that is not among them counts as 500. */
int response_status_index(int status);
int response_status_at(int index);

#endif /* SEARCH_SERVER_RESPONSE_H */
