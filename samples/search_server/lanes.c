/* What the pools are for: searches on the lane "db", logins on "auth"; each a
 * pool of its own, or both classes of one.
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
  int one_pool = r->server->options->one_pool;
  for (unsigned i = 0; i < LANE_COUNT; i++) {
    r->lanes[i].pool = r->pools[one_pool ? 0 : i];
    r->lanes[i].number = one_pool ? i : 0;
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

/* A pool for each purpose: none can take the other's threads. */
static int open_two(reactor_t* r, const pool_options_t* common) {
  const options_t* o = r->server->options;
  pool_options_t db = *common;
  db.name = "db";
  db.threads = (int) o->db_threads;
  db.lanes[0] = (lane_options_t) {"db", 0, 0, (int) o->db_waiting};
  db.lane_count = 1;

  const pool_options_t auth = {
      .name = "auth",
      .threads = (int) o->auth_threads,
      .lanes = {{"auth", 0, 0, (int) o->auth_waiting}},
      .lane_count = 1,
  };
  int rc = open_pool(r, &db);
  return rc != 0 ? rc : open_pool(r, &auth);
}

/* One pool: logins have a cap, and searches may have what logins leave, but
 * never less than their own threads. */
static int open_one(reactor_t* r, const pool_options_t* common) {
  const options_t* o = r->server->options;
  int db_threads = (int) o->db_threads;
  int auth_threads = (int) o->auth_threads;
  pool_options_t all = *common;
  all.name = "all";
  all.threads = db_threads + auth_threads;
  all.lanes[LANE_DB] =
      (lane_options_t) {"db", 0, db_threads, (int) o->db_waiting};
  all.lanes[LANE_AUTH] =
      (lane_options_t) {"auth", auth_threads, 0, (int) o->auth_waiting};
  all.lane_count = LANE_COUNT;
  return open_pool(r, &all);
}

int lanes_open(reactor_t* r) {
  const pool_options_t common = {
      .thread_start = search_reader_open,
      .thread_stop = search_reader_close,
      .data = r->server->index,
  };
  int rc = r->server->options->one_pool ? open_one(r, &common)
                                        : open_two(r, &common);
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
