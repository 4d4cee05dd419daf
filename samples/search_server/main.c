/* search_server: an HTTP/1.1 server whose blocking work runs in bounded pools.
 *
 *   GET  /search?q=words   full-text search, SQLite FTS5     pool "db"
 *   POST /login            Argon2id password check           pool "auth"
 *   GET  /healthz          is the loop alive?                on the loop
 *   GET  /metrics          figures for Prometheus            on the loop
 *
 * Build:  cmake -S . -B build && cmake --build build
 * Run:    search_server --hash-password=alice >> users < password.txt
 *         search_server --users=users /usr/share/doc
 *
 * The life of the process:
 *
 *   options, users, index, lanes -> indexer -> listen -> serve -> drain -> exit
 *
 * One thread, the loop's, owns everything but what a comment says workers use.
 * Whatever ends the server, also a failure at start, goes through drain.c; then
 * uv_run returns, and what is left is to free. The exit code is 0 after a
 * signal, 1 when the server could not start, 2 for a wrong command line. */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "indexer.h"
#include "options.h"
#include "server.h"

static void on_indexed(server_t* server, int status) {
  if (status == 0 && server->phase == SERVER_INDEXING) {
    server->phase = SERVER_SERVING;
    if (server_listen(server) != 0) {
      drain_begin(server, 1);
    }
  } else if (status != 0 && status != UV_ECANCELED) {
    drain_begin(server, 1);
  }
  drain_check(server);
}

static int open_lanes(server_t* server) {
  const options_t* o = server->options;
  const lane_options_t db = {
      .name = "db",
      .threads = (int) o->db_threads,
      .max_waiting = (int) o->db_waiting,
      .thread_start = search_reader_open,
      .thread_stop = search_reader_close,
      .data = server->index,
  };
  const lane_options_t auth = {
      .name = "auth",
      .threads = (int) o->auth_threads,
      .max_waiting = (int) o->auth_waiting,
  };
  int rc = o->engine->open(server->loop, &db, &server->db);
  if (rc == 0) {
    rc = o->engine->open(server->loop, &auth, &server->auth);
  }
  if (rc != 0) {
    fprintf(stderr,
            "search_server: a pool cannot be made: %s.\n",
            uvpool_strerror(rc));
  }
  return rc;
}

/* Starts what runs on the loop. On an error, drain_begin cleans up. */
static int start(server_t* server) {
  server->index = search_index_create();
  if (server->index == NULL || open_lanes(server) != 0) {
    return -1;
  }
  return indexer_start(server, on_indexed);
}

/* Runs the server from its first handle to its last. Returns the exit code. */
static int serve(server_t* server) {
  uv_loop_t loop;
  int rc = uv_loop_init(&loop);
  if (rc == 0) {
    server->loop = &loop;
    rc = drain_init(server);
  }
  if (rc != 0) {
    fprintf(stderr, "search_server: no event loop: %s.\n", uv_strerror(rc));
    return 1;
  }
  if (start(server) != 0) {
    drain_begin(server, 1);
  }
  uv_run(&loop, UV_RUN_DEFAULT);

  if (uv_loop_close(&loop) != 0) {
    fprintf(stderr, "search_server: bug: a handle is still open.\n");
    return 1;
  }
  /* Closes the readers of the index, so the index goes last. */
  lane_free(server->db);
  lane_free(server->auth);
  search_index_free(server->index);
  return server->exit_code;
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
  server_t server = {.options = &options, .users = users};
  rc = serve(&server);
  users_free(users);
  return rc;
}
