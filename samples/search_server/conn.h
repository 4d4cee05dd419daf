/* One client's connection: its bytes, its requests in order, its deadlines.
 *
 *   conn.c       begin and end, reading, parsing
 *   exchange.c   the queue of requests and the writing of their responses
 *   deadline.c   how long a client may take
 *
 * All jobs of a connection are one group. When the client goes away they are
 * given up by one call, and the connection is freed when both of its libuv
 * handles and the group are closed; `refs` counts the three. */
#ifndef SEARCH_SERVER_CONN_H
#define SEARCH_SERVER_CONN_H

#include <stdint.h>
#include <uv.h>

#include "exchange.h"
#include "http_parse.h"
#include "limits.h"
#include "server.h"

typedef enum {
  CONN_OPEN,
  CONN_LINGER, /* answered for the last time; waits for the client to close */
  CONN_CLOSING /* uv_close has been called */
} conn_phase_t;

/* The thread of its reactor. */
struct conn_s {
  reactor_t* reactor;
  conn_t* prev;
  conn_t* next;
  uv_tcp_t tcp;
  uv_timer_t timer;
  job_group_t jobs;
  unsigned refs; /* two handles and a group that are not closed */
  conn_phase_t phase;
  int reading;
  int pumping;      /* conn_pump is on the stack */
  int last_request; /* no further request is taken from the input */

  /* What has been read: in[in_start..in_end) is not parsed yet. */
  size_t in_start;
  size_t in_end;
  char in[CONN_INPUT];
  http_parse_t parse;

  /* Requests in the order of their arrival. The first `writing` of them are
   * being written. */
  exchange_t* first;
  exchange_t* last;
  unsigned depth;
  unsigned writing;
  uv_write_t write;
  uv_shutdown_t shutdown;

  /* Times of the loop's clock, 0 if none. */
  uint64_t idle_deadline;
  uint64_t request_deadline;
  uint64_t write_deadline;
  uint64_t linger_deadline;
};

/* Takes the connection that the listener has for us. UV_ENOMEM: it was not
 * accepted. */
int conn_accept(reactor_t* reactor);

/* Does whatever can be done now: parse, write, finish, read on. Called after
 * every event; an inner call returns at once. */
void conn_pump(conn_t* conn);

/* Ends it at once, whatever is in flight: waiting jobs are cancelled, running
 * ones are asked to stop. */
void conn_close(conn_t* conn);

/* Ends what idles, and takes no further requests on the rest. */
void conn_drain(conn_t* conn);

/* deadline.c */
void deadline_init(conn_t* conn);
void deadline_update(conn_t* conn);

#endif /* SEARCH_SERVER_CONN_H */
