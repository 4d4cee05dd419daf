/* search_server: an HTTP/1.1 server whose blocking work runs in bounded pools.
 *
 *   GET  /search?q=words   full-text search, SQLite FTS5     lane "db"
 *   POST /login            Argon2id password check           lane "auth"
 *   GET  /healthz          is the loop alive?                on the loop
 *   GET  /metrics          figures for Prometheus            on the loop
 *
 * Build:  cmake -S . -B build && cmake --build build
 * Run:    search_server --hash-password=alice >> users < password.txt
 *         search_server --users=users /usr/share/doc
 *
 * The life of the process:
 *
 *   options, users, index, pools -> indexer -> listen -> serve -> drain -> exit
 *
 * With --loops=N there are N event loops, each on a thread of its own, which
 * owns everything but what a comment says others use; see server.h. They share
 * the pools. Whatever ends the server, also a failure at start, goes through
 * drain.c; then uv_run returns, and what is left is to free. The exit code is 0
 * after a signal, 1 when the server could not start, 2 for a wrong command
 * line. */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "indexer.h"
#include "options.h"
#include "server.h"

static void on_indexed(server_t* server, int status) {
  reactor_t* first = &server->reactors[0];
  if (status == 0 && first->phase == REACTOR_STARTING) {
    if (reactor_listen(first) == 0) {
      first->phase = REACTOR_SERVING;
      reactors_start(server);
    } else {
      drain_begin(server, 1);
    }
  } else if (status != 0 && status != UV_ECANCELED) {
    drain_begin(server, 1);
  }
  reactor_check(first);
}

/* Starts what runs on the first loop. On an error, drain_begin cleans up. */
static int start(server_t* server) {
  server->index = search_index_create();
  if (server->index == NULL || lanes_open(&server->reactors[0]) != 0) {
    return -1;
  }
  return indexer_start(server, on_indexed);
}

/* Runs the server from its first handle to its last. Returns the exit code. */
static int serve(server_t* server) {
  reactor_t* first = &server->reactors[0];
  int rc = reactor_init(first, server, 0);
  if (rc == 0) {
    rc = drain_init(server);
  }
  if (rc != 0) {
    fprintf(stderr, "search_server: no event loop: %s.\n", uv_strerror(rc));
    return 1;
  }
  server->started = 1;
  if (start(server) != 0) {
    drain_begin(server, 1);
  }
  if (reactor_run(first) != 0) {
    return 1;
  }
  /* Closes the readers of the index, so the index goes last. */
  for (unsigned i = server->started; i > 0; i--) {
    reactor_free(&server->reactors[i - 1]);
  }
  search_index_free(server->index);
  return server->exit_code;
}

static int run(const options_t* options, const users_t* users) {
  server_t server = {.options = options, .users = users};
  server.reactors = calloc(options->loops, sizeof *server.reactors);
  if (server.reactors == NULL) {
    fprintf(stderr, "search_server: out of memory.\n");
    return 1;
  }
  int rc = serve(&server);
  free(server.reactors);
  return rc;
}

int main(int argc, char** argv) {
  options_t options;
  int rc = options_parse(&options, argc, argv);
  if (rc >= 0) {
    return rc;
  }
  if (sodium_init() < 0) {
    fprintf(stderr, "search_server: libsodium cannot be initialised.\n");
    return 1;
  }
  if (options.hash_password != NULL) {
    return users_print_line(options.hash_password);
  }

  /* A client that closes early is an error code of write, not a signal. */
  signal(SIGPIPE, SIG_IGN);
  users_t* users = users_load(options.users);
  if (users == NULL) {
    return 1;
  }
  rc = run(&options, users);
  users_free(users);
  return rc;
}
