/* The end of the server, on SIGTERM and SIGINT.
 *
 *   SERVING -> DRAINING   the listener is closed, so a load balancer sends the
 *                         next clients elsewhere. Connections go on as before,
 *                         but the answer that leaves one with nothing to do
 *                         says "Connection: close".
 *   after DRAIN_GRACE_MS  what was on the wire has been read: idle connections
 *                         are closed, and no request is taken after the
 *                         current.
 *   after the last one    DRAINING -> CLOSED: the lanes are drained and closed,
 *                         and the loop ends by itself.
 *   drain-timeout-ms, or a second signal
 *                         whatever is still open is closed: waiting jobs are
 *                         cancelled, running ones asked to stop. */
#include <signal.h>
#include <stdio.h>

#include "conn.h"
#include "indexer.h"

/* By now the lanes have nothing to do but to end their threads. */
enum { LANE_CLOSE_MS = 1000 };

static void close_listener(server_t* server) {
  if (server->listening) {
    uv_close((uv_handle_t*) &server->listener, NULL);
  }
  server->listening = 0;
}

static void close_all_connections(server_t* server) {
  for (conn_t* conn = server->connections; conn != NULL; conn = conn->next) {
    conn_close(conn);
  }
}

static void on_deadline(uv_timer_t* timer) {
  server_t* server = timer->data;
  fprintf(stderr,
          "search_server: drain-timeout-ms is over: closing %u connections.\n",
          server->metrics.connections);
  close_all_connections(server);
}

static void on_grace_over(uv_timer_t* timer) {
  server_t* server = timer->data;
  server->grace_over = 1;
  for (conn_t* conn = server->connections; conn != NULL; conn = conn->next) {
    conn_drain(conn);
  }
  uv_timer_start(timer,
                 on_deadline,
                 server->options->drain_timeout_ms - DRAIN_GRACE_MS,
                 0);
}

/* From here on a signal has nothing to ask for. When libuv lets go of it, its
 * action is the default one again, which would kill the process in the midst of
 * cleaning up. Blocked until it is ignored; the workers of both engines block
 * it anyway. */
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

void drain_check(server_t* server) {
  if (server->phase != SERVER_DRAINING || server->connections != NULL ||
      server->indexer != NULL) {
    return;
  }
  server->phase = SERVER_CLOSED;
  lane_close(server->db, LANE_CLOSE_MS);
  lane_close(server->auth, LANE_CLOSE_MS);
  ignore_signals(server);
  uv_close((uv_handle_t*) &server->drain_timer, NULL);
}

void drain_begin(server_t* server, int exit_code) {
  if (exit_code != 0) {
    server->exit_code = exit_code;
  }
  if (server->phase >= SERVER_DRAINING) {
    return;
  }
  server->phase = SERVER_DRAINING;
  close_listener(server);
  indexer_stop(server->indexer);
  uv_timer_start(&server->drain_timer, on_grace_over, DRAIN_GRACE_MS, 0);
  drain_check(server);
}

static void on_signal(uv_signal_t* handle, int signum) {
  server_t* server = handle->data;
  (void) signum;
  if (server->phase >= SERVER_DRAINING) {
    close_all_connections(server);
  } else {
    drain_begin(server, 0);
  }
}

int drain_init(server_t* server) {
  server->sigterm.data = server;
  server->sigint.data = server;
  server->drain_timer.data = server;
  int rc = uv_timer_init(server->loop, &server->drain_timer);
  if (rc == 0) {
    rc = uv_signal_init(server->loop, &server->sigterm);
  }
  if (rc == 0) {
    rc = uv_signal_init(server->loop, &server->sigint);
  }
  if (rc == 0) {
    rc = uv_signal_start(&server->sigterm, on_signal, SIGTERM);
  }
  if (rc == 0) {
    rc = uv_signal_start(&server->sigint, on_signal, SIGINT);
  }
  return rc;
}
