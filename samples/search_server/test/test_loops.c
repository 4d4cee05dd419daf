/* Several event loops: connections are spread, every request is answered on the
 * loop that it came to, and all loops end together. */
#include "test_support.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { LOOPS = 4 };

static const char* const four_loops[] = {"--loops=4", NULL};

static void pause_ms(long ms) {
  nanosleep(&(struct timespec) {ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static long connections_of(int port, int loop) {
  char name[64];
  snprintf(name, sizeof name, "loop_connections_total{loop=\"%d\"", loop);
  return metric(port, name);
}

/* Which loop gets a connection is the system's choice: that none of 96 goes to
 * a given one of four has a chance of 10^-12. */
static void test_every_loop_serves(void** state) {
  enum { CLIENTS = 96 };
  static client_t* clients[CLIENTS];
  test_server_t server;
  (void) state;
  server_start(&server, four_loops);
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = client_open(server.port);
    client_get(clients[i], "/search?q=needle", "first");
    client_get(clients[i], "/healthz", "second");
    client_get(clients[i], "/search?q=fox", "third");
  }
  for (int i = 0; i < CLIENTS; i++) {
    client_t* c = clients[i];
    int status = client_reply(c);
    assert_true(status == 200 || status == 503);
    assert_string_equal(client_header(c, "X-Request-Id"), "first");
    assert_int_equal(client_reply(c), 200);
    assert_string_equal(client_header(c, "X-Request-Id"), "second");
    status = client_reply(c);
    assert_true(status == 200 || status == 503);
    assert_string_equal(client_header(c, "X-Request-Id"), "third");
  }
  for (int loop = 0; loop < LOOPS; loop++) {
    assert_true(connections_of(server.port, loop) > 0);
  }
  for (int i = 0; i < CLIENTS; i++) {
    client_close(clients[i]);
  }
  server_stop(&server);
}

/* The sum over the routes of what was answered 200. */
static long answered(int port, const char* route) {
  char name[96];
  snprintf(name,
           sizeof name,
           "http_responses_total{route=\"%s\",code=\"200\"",
           route);
  return metric(port, name);
}

/* Whichever loop is asked, it tells of all. */
static void test_figures_are_of_the_process(void** state) {
  enum { REQUESTS = 40 };
  test_server_t server;
  (void) state;
  server_start(&server, four_loops);
  for (int i = 0; i < REQUESTS; i++) {
    assert_int_equal(request(server.port, "/search?q=fox", NULL, 0), 200);
  }
  for (int i = 0; i < 8; i++) {
    assert_int_equal(answered(server.port, "search"), REQUESTS);
  }
  long total = metric(server.port, "http_connections_total ");
  long sum = 0;
  for (int loop = 0; loop < LOOPS; loop++) {
    sum += connections_of(server.port, loop);
  }
  assert_in_range(sum - total, 1, LOOPS); /* each look is one more */
  await_metric_down(server.port, "http_connections ", 1);
  server_stop(&server);
}

/* A client whose connection is certain to have been accepted. */
static client_t* open_accepted(int port) {
  client_t* c = client_open(port);
  client_get(c, "/healthz", NULL);
  assert_int_equal(client_reply(c), 200);
  return c;
}

/* The loops share the room that there is. */
static void test_limit_of_connections_is_of_the_process(void** state) {
  enum { MAX = 8 };
  const char* const options[] = {"--loops=4", "--max-connections=8", NULL};
  test_server_t server;
  client_t* open[MAX];
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < MAX; i++) {
    open[i] = open_accepted(server.port);
  }
  client_t* c = client_open(server.port);
  assert_int_equal(client_reply(c), 503);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
  for (int i = 0; i < MAX; i++) {
    client_close(open[i]);
  }
  server_stop(&server);
}

/* Two requests at once: they are in one segment, and read together. */
static void get_two(client_t* c) {
  client_puts(c,
              "GET /search?q=needle HTTP/1.1\r\nHost: test\r\n\r\n"
              "GET /search?q=fox HTTP/1.1\r\nHost: test\r\n"
              "X-Request-Id: last\r\n\r\n");
}

static void test_drain_with_work_in_flight(void** state) {
  enum { CLIENTS = 16 };
  client_t* clients[CLIENTS];
  test_server_t server;
  (void) state;
  server_start(&server, four_loops);
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = open_accepted(server.port);
    get_two(clients[i]);
  }
  client_t* login = open_accepted(server.port);
  client_login(login, TEST_USER, "correct+horse");
  kill(server.pid, SIGTERM);
  for (int i = 0; i < CLIENTS; i++) {
    assert_int_equal(client_reply(clients[i]), 200);
    assert_int_equal(client_reply(clients[i]), 200);
    assert_string_equal(client_header(clients[i], "X-Request-Id"), "last");
    assert_int_equal(client_reply(clients[i]), REPLY_EOF);
    client_close(clients[i]);
  }
  assert_int_equal(client_reply(login), 200);
  assert_int_equal(client_reply(login), REPLY_EOF);
  client_close(login);
  server_stop(&server);
}

/* Connections with half a request hold the drain back on every loop; the second
 * signal, which the first loop alone hears of, ends them all. */
static void test_second_signal_reaches_every_loop(void** state) {
  enum { CLIENTS = 32 };
  const char* const options[] = {"--loops=4",
                                 "--drain-timeout-ms=60000",
                                 "--request-timeout-ms=60000",
                                 NULL};
  client_t* clients[CLIENTS];
  test_server_t server;
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = client_open(server.port);
    client_puts(clients[i], "GET /search?q=fox HTTP/1.1\r\nHost");
  }
  await_metric(server.port, "http_connections ", CLIENTS + 1);
  kill(server.pid, SIGTERM);
  pause_ms(300); /* so that it is a second signal, not the same one */
  server_stop(&server);
  for (int i = 0; i < CLIENTS; i++) {
    client_close(clients[i]);
  }
}

static void test_drain_timeout(void** state) {
  const char* const options[] = {"--loops=4", "--drain-timeout-ms=300", NULL};
  test_server_t server;
  client_t* clients[LOOPS];
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < LOOPS; i++) {
    clients[i] = client_open(server.port);
    client_puts(clients[i], "GET /search?q=fox HTTP/1.1\r\nHost");
  }
  await_metric(server.port, "http_connections ", LOOPS + 1);
  server_stop(&server);
  for (int i = 0; i < LOOPS; i++) {
    client_close(clients[i]);
  }
}

/* The most loops, none of which has done anything. */
static void test_end_when_idle(void** state) {
  const char* const options[] = {"--loops=64", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  assert_int_equal(request(server.port, "/healthz", NULL, 0), 200);
  server_stop(&server);
}

/* Loops of one server share a port; another server is refused. */
static void test_port_is_not_shared_with_a_stranger(void** state) {
  char users[600];
  char port[32];
  test_server_t server;
  int out;
  (void) state;
  server_start(&server, four_loops);
  snprintf(users, sizeof users, "--users=%s", fixture_users());
  snprintf(port, sizeof port, "--port=%d", server.port);
  const char* const args[] = {users, port, "--loops=4", fixture_docs(), NULL};
  pid_t other = server_spawn(&out, args);
  assert_int_equal(server_wait(other, 30), 1);
  close(out);
  server_stop(&server);
}

/* Not enough descriptors for all loops: those that run already end again, and
 * the server says so. */
static void test_too_many_loops_for_the_system(void** state) {
  char users[600];
  char engine[64];
  struct rlimit before;
  int out;
  (void) state;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  struct rlimit few = {.rlim_cur = 100, .rlim_max = before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  snprintf(users, sizeof users, "--users=%s", fixture_users());
  snprintf(engine, sizeof engine, "--engine=%s", test_engine);
  const char* const args[] = {
      users, engine, "--port=0", "--loops=64", fixture_docs(), NULL};
  pid_t pid = server_spawn(&out, args);
  int rc = server_wait(pid, 30);
  close(out);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(rc, 1);
  assert_int_equal(fixture_leftovers(), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_loop_serves),
      cmocka_unit_test(test_figures_are_of_the_process),
      cmocka_unit_test(test_limit_of_connections_is_of_the_process),
      cmocka_unit_test(test_drain_with_work_in_flight),
      cmocka_unit_test(test_second_signal_reaches_every_loop),
      cmocka_unit_test(test_drain_timeout),
      cmocka_unit_test(test_end_when_idle),
      cmocka_unit_test(test_port_is_not_shared_with_a_stranger),
      cmocka_unit_test(test_too_many_loops_for_the_system),
  };
  if (fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  fixture_end();
  return rc;
}
