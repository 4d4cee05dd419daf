/* What the pools are for: searches on "db", logins on "auth".
 *
 * The first loop makes the pools. Every other loop attaches to them: the
 * threads and what may wait are shared, completions come to the loop that has
 * submitted. */
#include <stdio.h>

#include "server.h"

static int complain(int rc) {
  fprintf(stderr,
          "search_server: a pool cannot be made: %s.\n",
          uvpool_strerror(rc));
  return rc;
}

/* Says which lane is which, once the pools are there. */
static void name_lanes(reactor_t* r) {
  for (unsigned i = 0; i < LANE_COUNT; i++) {
    r->lanes[i] = (lane_t) {r->pools[i], 0};
  }
}

static int open_pool(reactor_t* r, const pool_options_t* options) {
  int rc = r->server->options->engine->open(
      &r->loop, options, &r->pools[r->pool_count]);
  if (rc != 0) {
    return complain(rc);
  }
  r->pool_count++;
  return 0;
}

int lanes_open(reactor_t* r) {
  const options_t* o = r->server->options;
  const pool_options_t db = {
      .name = "db",
      .lanes = {{"db", (int) o->db_threads, (int) o->db_waiting}},
      .lane_count = 1,
      .thread_start = search_reader_open,
      .thread_stop = search_reader_close,
      .data = r->server->index,
  };
  const pool_options_t auth = {
      .name = "auth",
      .lanes = {{"auth", (int) o->auth_threads, (int) o->auth_waiting}},
      .lane_count = 1,
  };
  int rc = open_pool(r, &db);
  if (rc == 0) {
    rc = open_pool(r, &auth);
  }
  if (rc == 0) {
    name_lanes(r);
  }
  return rc;
}

int lanes_attach(reactor_t* r, const reactor_t* first) {
  for (unsigned i = 0; i < first->pool_count; i++) {
    int rc = pool_attach(first->pools[i], &r->loop, &r->pools[i]);
    if (rc != 0) {
      return complain(rc);
    }
    r->pool_count++;
  }
  name_lanes(r);
  return 0;
}
