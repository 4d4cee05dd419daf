/* A reactor: one event loop, and what its thread owns.
 *
 * A connection lives on one loop from its first byte to its last, and so do its
 * requests: a job that is handed to a pool comes back to the loop that it came
 * from. No lock is needed for anything of a connection. What loops share are
 * the threads of the pools, the index, and a few atomic counters.
 *
 *   reactor.c    begin and end, messages between loops
 *   lanes.c      the pools that its jobs go to
 *   listener.c   the socket that it accepts connections from
 *   drain.c      how it ends */
#ifndef SEARCH_SERVER_REACTOR_H
#define SEARCH_SERVER_REACTOR_H

#include <uv.h>

#include "engine.h"
#include "metrics.h"

typedef struct conn_s conn_t;
typedef struct reactor_s reactor_t;
typedef struct server_s server_t;

/* Purposes of blocking work; see lane_t. */
enum { LANE_DB, LANE_AUTH, LANE_COUNT };

typedef enum {
  REACTOR_STARTING, /* not listening yet */
  REACTOR_SERVING,
  REACTOR_DRAINING, /* no new connections; what is on the way is answered */
  REACTOR_CLOSED    /* its last handles are closing; the loop is about to end */
} reactor_phase_t;

/* What the first loop asks another one for. */
typedef enum { WISH_NONE, WISH_DRAIN, WISH_CLOSE_ALL } reactor_wish_t;

/* What a loop tells the first one. */
typedef enum { NEWS_NONE, NEWS_SERVING, NEWS_OVER } reactor_news_t;

struct reactor_s {
  /* Constant while the loop runs; the loop and the pools are for its own
   * thread. */
  server_t* server;
  unsigned number;
  uv_loop_t loop;
  pool_t* pools[POOLS_MAX];
  unsigned pool_count;
  lane_t lanes[LANE_COUNT];

  /* First loop. */
  uv_thread_t thread;
  int joined;

  /* Guarded by `lock`. `wake` is sent under it only, so that nobody sends what
   * is being closed. */
  uv_mutex_t lock;
  uv_async_t wake;
  int reachable;
  reactor_wish_t wish;
  reactor_news_t news;

  /* Written by its own thread, read by any. */
  metrics_t metrics;

  /* The rest belongs to its own thread. */
  reactor_phase_t phase;
  conn_t* connections; /* all of them, also those that are being closed */

  /* Of listener.c. */
  uv_tcp_t listener;
  int listening;
  uv_tcp_t drop; /* of a connection that is accepted just to be closed */
  int dropping;
  int drop_again;

  /* Of drain.c. */
  uv_timer_t drain_timer;
  int grace_over;
};

/* Makes the loop. The thread that runs it may be another one. 0, or what
 * failed; then there is nothing to free. */
int reactor_init(reactor_t* reactor, server_t* server, unsigned number);

/* Runs the loop until it has drained. 0, or -1 if something stayed open. */
int reactor_run(reactor_t* reactor);

/* After reactor_run, on any thread: frees the rest. */
void reactor_free(reactor_t* reactor);

/* Starts the other loops of the server, each on a thread of its own; when all
 * of them listen, the address is printed to stdout. If one fails the server
 * drains, with exit code 1. First loop. */
void reactors_start(server_t* server);

/* Asks a reactor for something. First loop. */
void reactor_tell(reactor_t* reactor, reactor_wish_t wish);

/* No message reaches it any more. Its own thread. */
void reactor_close_wake(reactor_t* reactor);

/* lanes.c: opens the pools, on the first loop; makes them another loop's too,
 * on its thread. */
int lanes_open(reactor_t* first);
int lanes_attach(reactor_t* reactor, const reactor_t* first);

/* listener.c: listens; the first reactor decides the port. */
int reactor_listen(reactor_t* reactor);
void reactor_announce(const server_t* server);
void reactor_stop_listening(reactor_t* reactor);

/* drain.c: ends the reactor once its connections have been answered. Its own
 * thread. */
void reactor_drain(reactor_t* reactor);
void reactor_close_connections(reactor_t* reactor);

/* Looks whether everything is over; called when something that the end waits
 * for has ended. */
void reactor_check(reactor_t* reactor);

#endif /* SEARCH_SERVER_REACTOR_H */
