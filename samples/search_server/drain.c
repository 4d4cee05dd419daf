/* The end of the server, on SIGTERM and SIGINT.
 *
 *   SERVING -> DRAINING   the listener is closed, so a load balancer sends the
 *                         next clients elsewhere. Connections go on as before,
 *                         but the answer that leaves one with nothing to do
 *                         says "Connection: close".
 *   after DRAIN_GRACE_MS  what was on the wire has been read: idle connections
 *                         are closed, and no request is taken after the
 *                         current.
 *   after the last one    DRAINING -> CLOSED: the pools are closed, and the
 *                         loop ends by itself.
 *   drain-timeout-ms, or a second signal
 *                         whatever is still open is closed: waiting jobs are
 *                         cancelled, running ones asked to stop.
 *
 * Every reactor goes through this on its own thread. The first one hears of the
 * signals, tells the others, and closes only when they are over: a second
 * signal has to reach them. */
#include <signal.h>
#include <stdio.h>

#include "conn.h"
#include "indexer.h"
#include "server.h"

void reactor_close_connections(reactor_t* reactor) {
  for (conn_t* conn = reactor->connections; conn != NULL; conn = conn->next) {
    conn_close(conn);
  }
}

static void on_deadline(uv_timer_t* timer) {
  reactor_t* reactor = timer->data;
  if (reactor->connections != NULL) {
    fprintf(stderr,
            "search_server: drain-timeout-ms is over: closing connections.\n");
  }
  reactor_close_connections(reactor);
}

static void close_idle(uv_timer_t* timer) {
  reactor_t* reactor = timer->data;
  reactor->grace_over = 1;
  for (conn_t* conn = reactor->connections; conn != NULL; conn = conn->next) {
    conn_drain(conn);
  }
  uv_timer_start(timer,
                 on_deadline,
                 reactor->server->options->drain_timeout_ms - DRAIN_GRACE_MS,
                 0);
}

/* A loop that was held up for all this time calls its timers before it reads:
 * what is on the wire is read after this, and before the next. */
static void on_grace_over(uv_timer_t* timer) {
  uv_timer_start(timer, close_idle, 1, 0);
}

/* From here on a signal has nothing to ask for. When libuv lets go of it, its
 * action is the default one again, which would kill the process in the midst of
 * cleaning up. Blocked until it is ignored; all other threads block it
 * anyway. */
static void ignore_signals(server_t* server) {
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, &before);
  uv_close((uv_handle_t*) &server->sigterm, NULL);
  uv_close((uv_handle_t*) &server->sigint, NULL);
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int has_work(const reactor_t* reactor) {
  const server_t* server = reactor->server;
  if (reactor->connections != NULL) {
    return 1;
  }
  return reactor->number == 0 &&
         (server->indexer != NULL || server->joined + 1 < server->started);
}

void reactor_check(reactor_t* reactor) {
  if (reactor->phase != REACTOR_DRAINING || has_work(reactor)) {
    return;
  }
  reactor->phase = REACTOR_CLOSED;
  for (unsigned i = 0; i < reactor->pool_count; i++) {
    pool_close(reactor->pools[i]);
  }
  if (reactor->number == 0) {
    ignore_signals(reactor->server);
  }
  uv_close((uv_handle_t*) &reactor->drain_timer, NULL);
  reactor_close_wake(reactor);
}

void reactor_drain(reactor_t* reactor) {
  if (reactor->phase >= REACTOR_DRAINING) {
    return;
  }
  reactor->phase = REACTOR_DRAINING;
  reactor_stop_listening(reactor);
  uv_timer_start(&reactor->drain_timer, on_grace_over, DRAIN_GRACE_MS, 0);
  reactor_check(reactor);
}

static void tell_others(server_t* server, reactor_wish_t wish) {
  for (unsigned i = 1; i < server->started; i++) {
    reactor_tell(&server->reactors[i], wish);
  }
}

void drain_begin(server_t* server, int exit_code) {
  if (exit_code != 0) {
    server->exit_code = exit_code;
  }
  tell_others(server, WISH_DRAIN);
  indexer_stop(server->indexer);
  reactor_drain(&server->reactors[0]);
}

static void on_signal(uv_signal_t* handle, int signum) {
  server_t* server = handle->data;
  (void) signum;
  if (server->reactors[0].phase >= REACTOR_DRAINING) {
    tell_others(server, WISH_CLOSE_ALL);
    reactor_close_connections(&server->reactors[0]);
  } else {
    drain_begin(server, 0);
  }
}

int drain_init(server_t* server) {
  uv_loop_t* loop = &server->reactors[0].loop;
  server->sigterm.data = server;
  server->sigint.data = server;
  int rc = uv_signal_init(loop, &server->sigterm);
  if (rc == 0) {
    rc = uv_signal_init(loop, &server->sigint);
  }
  if (rc == 0) {
    rc = uv_signal_start(&server->sigterm, on_signal, SIGTERM);
  }
  if (rc == 0) {
    rc = uv_signal_start(&server->sigint, on_signal, SIGINT);
  }
  return rc;
}
