/* More than the pools can do: deadlines, classes of one pool, and the figures
 * that tell of it. */
#include "test_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_uvpool(void) {
  return strcmp(test_engine, "uvpool") == 0;
}

/* Opens `count` connections that each ask for a login. */
static void log_in(int port, client_t** clients, int count) {
  for (int i = 0; i < count; i++) {
    clients[i] = client_open(port);
    client_login(clients[i], TEST_USER, "correct+horse");
  }
}

static void close_all(client_t** clients, int count) {
  for (int i = 0; i < count; i++) {
    client_close(clients[i]);
  }
}

/* The milliseconds of "queue" in Server-Timing. */
static double queue_ms(const client_t* c) {
  const char* timing = client_header(c, "Server-Timing");
  assert_non_null(timing);
  assert_int_equal(strncmp(timing, "queue;dur=", 10), 0);
  return strtod(timing + 10, NULL);
}

/* ---- Deadlines ----------------------------------------------------------- */

/* One worker and twelve logins of a tenth of a second: those whose turn does
 * not come within a millisecond are told so. The engine libuv answers all of
 * them, late. */
static void test_deadline(void** state) {
  enum { CLIENTS = 12 };
  const char* const options[] = {"--auth-threads=1", "--deadline-ms=1", NULL};
  test_server_t server;
  client_t* clients[CLIENTS];
  int served = 0;
  int expired = 0;
  (void) state;
  server_start(&server, options);
  log_in(server.port, clients, CLIENTS);
  for (int i = 0; i < CLIENTS; i++) {
    int status = client_reply(clients[i]);
    if (status == 200) {
      served++;
      assert_true(queue_ms(clients[i]) >= 0);
    } else {
      assert_int_equal(status, 504);
      assert_string_equal(client_header(clients[i], "Retry-After"), "1");
      assert_null(client_header(clients[i], "Server-Timing"));
      assert_int_equal(clients[i]->closes, 0);
      expired++;
    }
  }
  assert_int_equal(served + expired, CLIENTS);
  if (is_uvpool()) {
    assert_true(expired > 0);
  } else {
    assert_int_equal(served, CLIENTS);
  }
  assert_int_equal(metric(server.port, "pool_expired_total{pool=\"auth\""),
                   expired);
  close_all(clients, CLIENTS);
  server_stop(&server);
}

/* Those that are told first wait for the answer of the one that is worked on:
 * answers come in the order of the requests. */
static void test_deadline_keeps_the_order(void** state) {
  enum { LOGINS = 6 };
  const char* const options[] = {"--auth-threads=1", "--deadline-ms=1", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* c = client_open(server.port);
  for (int i = 0; i < LOGINS; i++) {
    client_login(c, TEST_USER, "correct+horse");
  }
  client_get(c, "/healthz", "last");
  for (int i = 0; i < LOGINS; i++) {
    int status = client_reply(c);
    assert_true(status == 200 || (status == 504 && is_uvpool()));
    assert_null(client_header(c, "X-Request-Id"));
  }
  assert_int_equal(client_reply(c), 200);
  assert_string_equal(client_header(c, "X-Request-Id"), "last");
  client_close(c);
  server_stop(&server);
}

/* Deadlines on every loop: each has its own clock of deadlines. */
static void test_deadlines_on_several_loops(void** state) {
  enum { CLIENTS = 24 };
  const char* const options[] = {
      "--loops=4", "--auth-threads=1", "--deadline-ms=5", NULL};
  test_server_t server;
  client_t* clients[CLIENTS];
  int answered = 0;
  (void) state;
  server_start(&server, options);
  log_in(server.port, clients, CLIENTS);
  for (int i = 0; i < CLIENTS; i++) {
    int status = client_reply(clients[i]);
    assert_true(status == 200 || (status == 504 && is_uvpool()));
    answered++;
  }
  assert_int_equal(answered, CLIENTS);
  close_all(clients, CLIENTS);
  server_stop(&server);
}

/* ---- One pool ------------------------------------------------------------ */

#define AUTH_BUSY "lane_busy{pool=\"all\",engine=\"uvpool\",lane=\"auth\""

static const char* const one_pool[] = {"--one-pool",
                                       "--auth-threads=1",
                                       "--auth-waiting=8",
                                       "--db-threads=1",
                                       NULL};

/* However many log in: never more than --auth-threads at once, no more than may
 * wait, and a search is answered meanwhile. */
static void test_one_pool(void** state) {
  enum { CLIENTS = 24 };
  test_server_t server;
  client_t* clients[CLIENTS];
  int served = 0;
  int refused = 0;
  (void) state;
  server_start(&server, one_pool);
  long before = metric(server.port, "pool_accepted_total{pool=\"all\"");
  log_in(server.port, clients, CLIENTS);
  if (is_uvpool()) {
    await_metric(server.port, AUTH_BUSY, 1);
    assert_int_equal(request(server.port, "/search?q=fox", NULL, 0), 200);
    assert_true(metric(server.port, AUTH_BUSY) <= 1);
  }
  for (int i = 0; i < CLIENTS; i++) {
    int status = client_reply(clients[i]);
    served += status == 200;
    refused += status == 503;
  }
  assert_int_equal(served + refused, CLIENTS);
  if (is_uvpool()) {
    assert_in_range(served, 9, CLIENTS - 1); /* the running one and 8 more */
    assert_int_equal(metric(server.port, "pool_refused_total{pool=\"all\""),
                     refused);
    assert_int_equal(metric(server.port, "pool_accepted_total{pool=\"all\""),
                     before + served + 1);
  }
  close_all(clients, CLIENTS);
  server_stop(&server);
}

/* Room is given back: when all have been answered as many may wait again. */
static void test_one_pool_room_comes_back(void** state) {
  enum { CLIENTS = 9 }; /* one runs, eight wait */
  test_server_t server;
  client_t* clients[CLIENTS];
  (void) state;
  server_start(&server, one_pool);
  for (int round = 0; round < 3; round++) {
    log_in(server.port, clients, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
      assert_int_equal(client_reply(clients[i]), 200);
    }
    close_all(clients, CLIENTS);
  }
  server_stop(&server);
}

/* ---- A client that goes away --------------------------------------------- */

/* All that was asked for on a connection is given up, on both lanes; others go
 * on. The connection itself is gone when its group is. */
static void test_gone_client_takes_its_jobs_along(void** state) {
  const char* const options[] = {
      "--loops=2", "--one-pool", "--auth-threads=1", "--db-threads=1", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  long before = metric(server.port, "pool_accepted_total{pool=\"all\"");
  client_t* stays = client_open(server.port);
  client_login(stays, TEST_USER, "correct+horse");
  client_t* goes = client_open(server.port);
  for (int i = 0; i < 8; i++) {
    client_login(goes, TEST_USER, "wrong");
  }
  await_metric(server.port, "pool_accepted_total{pool=\"all\"", before + 9);
  client_close(goes);
  await_metric(server.port, "pool_cancelled_total{pool=\"all\"", 1);
  await_metric_down(server.port, "pool_waiting{pool=\"all\"", 0);
  assert_int_equal(client_reply(stays), 200);
  client_close(stays);
  await_metric_down(server.port, "http_connections ", 1);
  server_stop(&server);
}

/* ---- Figures ------------------------------------------------------------- */

static const char* find_line(const char* body, const char* prefix) {
  const char* line = strstr(body, prefix);
  assert_non_null(line);
  return line;
}

static double value_of(const char* line) {
  return strtod(strchr(line, ' ') + 1, NULL);
}

/* Buckets of a histogram of Prometheus are cumulative, their bounds rise, and
 * the last is the count. */
static void check_histogram(const char* body, const char* name) {
  char prefix[96];
  double last_bound = 0;
  double last = 0;
  int buckets = 0;
  snprintf(prefix, sizeof prefix, "%s_bucket{pool=\"auth\"", name);
  for (const char* line = find_line(body, prefix);
       strncmp(line, prefix, strlen(prefix)) == 0;
       line = strchr(line, '\n') + 1) {
    double bound = strtod(strstr(line, "le=\"") + 4, NULL); /* reads Inf too */
    assert_true(bound > last_bound);
    assert_true(value_of(line) >= last);
    last_bound = bound;
    last = value_of(line);
    buckets++;
  }
  assert_true(buckets > 8);
  snprintf(prefix, sizeof prefix, "%s_count{pool=\"auth\"", name);
  assert_true(value_of(find_line(body, prefix)) == last);
  assert_true(last == 3);
  snprintf(prefix, sizeof prefix, "%s_sum{pool=\"auth\"", name);
  assert_true(value_of(find_line(body, prefix)) > 0);
}

static void test_histograms(void** state) {
  static char body[CLIENT_BUFFER];
  test_server_t server;
  (void) state;
  server_start(&server, NULL);
  for (int i = 0; i < 3; i++) {
    client_t* c = client_open(server.port);
    client_login(c, TEST_USER, "correct+horse");
    assert_int_equal(client_reply(c), 200);
    assert_true(queue_ms(c) >= 0);
    client_close(c);
  }
  assert_int_equal(request(server.port, "/metrics", body, sizeof body), 200);
  if (is_uvpool()) {
    check_histogram(body, "pool_wait_seconds");
    check_histogram(body, "pool_run_seconds");
  } else {
    assert_null(strstr(body, "pool_run_seconds"));
  }
  server_stop(&server);
}

/* Does the metric name a login and is its value above 0? */
static int is_of_login(const char* body, const char* name) {
  char line[256];
  snprintf(line, sizeof line, "%s", find_line(body, name));
  line[strcspn(line, "\n")] = '\0';
  return strstr(line, "task=\"login\"") != NULL && value_of(line) > 0;
}

/* The ages name what they are of. Looked for until both can be seen: logins
 * take a while, but not for ever. */
static void test_ages(void** state) {
  enum { CLIENTS = 8, TRIES = 20 };
  static char body[CLIENT_BUFFER];
  const char* const options[] = {"--auth-threads=1", NULL};
  client_t* clients[CLIENTS];
  test_server_t server;
  int seen = 0;
  (void) state;
  if (!is_uvpool()) {
    skip();
  }
  server_start(&server, options);
  for (int i = 0; i < TRIES && !seen; i++) {
    log_in(server.port, clients, CLIENTS);
    await_metric(server.port, "pool_busy{pool=\"auth\"", 1);
    assert_int_equal(request(server.port, "/metrics", body, sizeof body), 200);
    seen = is_of_login(body, "pool_oldest_waiting_seconds{pool=\"auth\"") &&
           is_of_login(body, "pool_longest_running_seconds{pool=\"auth\"");
    close_all(clients, CLIENTS);
  }
  assert_true(seen);
  server_stop(&server);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_deadline),
      cmocka_unit_test(test_deadline_keeps_the_order),
      cmocka_unit_test(test_deadlines_on_several_loops),
      cmocka_unit_test(test_one_pool),
      cmocka_unit_test(test_one_pool_room_comes_back),
      cmocka_unit_test(test_gone_client_takes_its_jobs_along),
      cmocka_unit_test(test_histograms),
      cmocka_unit_test(test_ages),
  };
  /* So that uv_queue_work has as few threads as the auth lane: one. */
  if (setenv("UV_THREADPOOL_SIZE", "1", 1) != 0 ||
      fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  fixture_end();
  return rc;
}
