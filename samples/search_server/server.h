/* What the parts of the server share. All of it belongs to the loop thread,
 * except where a worker is named. */
#ifndef SEARCH_SERVER_SERVER_H
#define SEARCH_SERVER_SERVER_H

#include <uv.h>

#include "engine.h"
#include "metrics.h"
#include "options.h"
#include "search_index.h"
#include "users.h"

typedef struct conn_s conn_t;
typedef struct indexer_s indexer_t;

typedef enum {
  SERVER_INDEXING, /* not listening yet */
  SERVER_SERVING,
  SERVER_DRAINING, /* no new connections; what is on the way is answered */
  SERVER_CLOSED    /* the lanes are closing; the loop is about to end */
} server_phase_t;

typedef struct server_s {
  /* Constant while the loop runs. */
  uv_loop_t* loop;
  const options_t* options;
  const users_t* users;  /* workers read it */
  search_index_t* index; /* workers use it */
  lane_t* db;
  lane_t* auth;

  server_phase_t phase;
  int exit_code;
  indexer_t* indexer; /* NULL once the index is complete */

  /* Of listener.c. */
  uv_tcp_t listener;
  int listening;
  uv_tcp_t drop; /* of a connection that is accepted just to be closed */
  int dropping;
  int drop_again;

  conn_t* connections; /* all of them, also those that are being closed */
  metrics_t metrics;

  /* Of drain.c. */
  uv_signal_t sigterm;
  uv_signal_t sigint;
  uv_timer_t drain_timer;
  int grace_over;
} server_t;

/* listener.c: listens, and prints the address to stdout. */
int server_listen(server_t* server);

/* drain.c */
int drain_init(server_t* server);

/* Ends the server as SIGTERM does; `exit_code` is kept if it is not 0. */
void drain_begin(server_t* server, int exit_code);

/* Looks whether everything is over; called when a connection or the indexer has
 * ended. */
void drain_check(server_t* server);

#endif /* SEARCH_SERVER_SERVER_H */
