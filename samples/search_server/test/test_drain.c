/* The begin and the end: bad command lines, signals under load. */
#include "test_support.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms) {
  nanosleep(&(struct timespec) {ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* ---- Starts that fail ---------------------------------------------------- */

/* The exit code of the program with these arguments. */
static int run(const char* a, const char* b, const char* c) {
  const char* const args[] = {a, b, c, NULL};
  int out;
  pid_t pid = server_spawn(&out, args);
  int rc = server_wait(pid, 30);
  close(out);
  return rc;
}

static void test_bad_command_lines(void** state) {
  (void) state;
  assert_int_equal(run("--help", NULL, NULL), 0);
  assert_int_equal(run(NULL, NULL, NULL), 2);
  assert_int_equal(run("--nonsense", NULL, NULL), 2);
  assert_int_equal(run("--users=/dev/null", NULL, NULL), 2);
  assert_int_equal(run("--users=x", "--port=65536", "."), 2);
  assert_int_equal(run("--users=x", "--port=-1", "."), 2);
  assert_int_equal(run("--users=x", "--port=80x", "."), 2);
  assert_int_equal(run("--users=x", "--port=", "."), 2);
  assert_int_equal(run("--users=x", "--engine=other", "."), 2);
  assert_int_equal(run("--users=x", "--db-threads=0", "."), 2);
  assert_int_equal(run("--users=x", "--loops=0", "."), 2);
  assert_int_equal(run("--users=x", "--loops=65", "."), 2);
  assert_int_equal(run("--users=x", "--loops=two", "."), 2);
  assert_int_equal(run("--users=x", "--deadline-ms=-1", "."), 2);
  assert_int_equal(run("--users=x", "--deadline-ms=3600001", "."), 2);
  assert_int_equal(run("--users=x", "--one-pool=2", "."), 2);
  assert_int_equal(run("--hash-password=", NULL, NULL), 2);
  assert_int_equal(run("--hash-password=a:b", NULL, NULL), 2);
}

static int run_with_users(const char* text) {
  char path[600];
  char option[640];
  snprintf(path, sizeof path, "%s/bad-users", fixture_dir());
  snprintf(option, sizeof option, "--users=%s", path);
  FILE* file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  return run(option, "--port=0", fixture_docs());
}

static void test_bad_users_files(void** state) {
  (void) state;
  assert_int_equal(run("--users=/no/such/file", "--port=0", "."), 1);
  assert_int_equal(run_with_users(""), 1);
  assert_int_equal(run_with_users("# only a comment\n"), 1);
  assert_int_equal(run_with_users("alice\n"), 1);
  assert_int_equal(run_with_users(":hash\n"), 1);
  assert_int_equal(run_with_users("alice:plaintext\n"), 1);
  assert_int_equal(run_with_users(
                       "alice:$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA\n"),
                   1);
}

static void test_bad_places(void** state) {
  char users[600];
  (void) state;
  snprintf(users, sizeof users, "--users=%s", fixture_users());
  assert_int_equal(run(users, "--port=0", "/no/such/directory"), 1);
  assert_int_equal(run(users, "--port=0", fixture_users()), 1);
  assert_int_equal(run(users, "--host=not-an-address", fixture_docs()), 1);

  test_server_t server;
  char port[32];
  server_start(&server, NULL);
  snprintf(port, sizeof port, "--port=%d", server.port);
  assert_int_equal(run(users, port, fixture_docs()), 1);
  server_stop(&server);
  assert_int_equal(fixture_leftovers(), 0);
}

/* ---- Ends ---------------------------------------------------------------- */

static void test_end_when_idle(void** state) {
  test_server_t server;
  (void) state;
  server_start(&server, NULL);
  server_stop(&server);
  server_start(&server, NULL);
  kill(server.pid, SIGINT);
  assert_int_equal(server_wait(server.pid, 10), 0);
  close(server.out);
}

/* Soon, and not when the time for the drain is over. */
static void test_idle_connections_are_closed(void** state) {
  const char* const options[] = {
      "--drain-timeout-ms=25000", "--idle-timeout-ms=60000", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* fresh = client_open(server.port);
  client_t* used = client_open(server.port);
  client_get(used, "/healthz", NULL);
  assert_int_equal(client_reply(used), 200);
  time_t begun = time(NULL);
  kill(server.pid, SIGTERM);
  assert_int_equal(client_reply(used), REPLY_EOF);
  assert_int_equal(client_reply(fresh), REPLY_EOF);
  assert_true(time(NULL) - begun < 10);
  client_close(used);
  client_close(fresh);
  server_stop(&server);
}

/* Everything that was sent before the signal is answered, in order. */
static void test_work_in_flight_is_answered(void** state) {
  enum { CLIENTS = 8 };
  test_server_t server;
  client_t* clients[CLIENTS];
  (void) state;
  server_start(&server, NULL);
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = client_open(server.port);
  }
  for (int i = 0; i < CLIENTS; i++) {
    client_get(clients[i], "/search?q=needle", "first");
    client_login(clients[i], TEST_USER, "correct+horse");
    client_get(clients[i], "/search?q=fox", "last");
  }
  kill(server.pid, SIGTERM);
  for (int i = 0; i < CLIENTS; i++) {
    client_t* c = clients[i];
    assert_int_equal(client_reply(c), 200);
    assert_string_equal(client_header(c, "X-Request-Id"), "first");
    assert_int_equal(client_reply(c), 200);
    assert_int_equal(client_reply(c), 200);
    assert_string_equal(client_header(c, "X-Request-Id"), "last");
    assert_int_equal(c->closes, 1);
    assert_int_equal(client_reply(c), REPLY_EOF);
    client_close(c);
  }
  server_stop(&server);
}

static int connect_errno(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t) port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  int rc = connect(fd, (struct sockaddr*) &address, sizeof address);
  int err = rc == 0 ? 0 : errno;
  close(fd);
  return err;
}

/* A connection with half a request holds the drain back until it completes, and
 * new connections are refused meanwhile. */
static void test_half_a_request_may_complete(void** state) {
  test_server_t server;
  (void) state;
  server_start(&server, NULL);
  client_t* c = client_open(server.port);
  client_puts(c, "GET /search?q=fox HTTP/1.1\r\nHost");
  await_metric(server.port, "http_connections ", 2);
  kill(server.pid, SIGTERM);
  for (int i = 0; i < 500 && connect_errno(server.port) == 0; i++) {
    pause_ms(10);
  }
  assert_int_equal(connect_errno(server.port), ECONNREFUSED);
  pause_ms(300); /* the grace is over now */
  client_puts(c, ": a\r\n\r\n");
  assert_int_equal(client_reply(c), 200);
  assert_int_equal(c->closes, 1);
  client_close(c);
  server_stop(&server);
}

static void test_drain_timeout(void** state) {
  const char* const options[] = {"--drain-timeout-ms=300", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* c = client_open(server.port);
  client_puts(c, "GET /search?q=fox HTTP/1.1\r\nHost");
  await_metric(server.port, "http_connections ", 2);
  server_stop(&server);
  client_close(c);
}

/* The limit and a second signal end also what would be answered. */
static void test_second_signal(void** state) {
  const char* const options[] = {"--auth-threads=1", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* c = client_open(server.port);
  for (int i = 0; i < 12; i++) {
    client_login(c, TEST_USER, "wrong");
  }
  await_metric(server.port, "pool_started_total{pool=\"auth\"", 1);
  kill(server.pid, SIGTERM);
  pause_ms(20); /* so that it is a second signal, not the same one */
  server_stop(&server);
  client_close(c);
}

/* Signals while files are being indexed. The index file is there from before
 * the first job on, so it tells when the server can be asked to end. */
static void test_end_while_indexing(void** state) {
  char users[600];
  char engine[64];
  (void) state;
  snprintf(users, sizeof users, "--users=%s", fixture_users());
  snprintf(engine, sizeof engine, "--engine=%s", test_engine);
  const char* const args[] = {users, engine, "--port=0", "/usr/share", NULL};
  int out;
  pid_t pid = server_spawn(&out, args);
  for (int i = 0; i < 3000 && fixture_leftovers() == 0; i++) {
    pause_ms(10);
  }
  assert_int_equal(fixture_leftovers(), 1);
  kill(pid, SIGTERM);
  assert_int_equal(server_wait(pid, 10), 0);
  assert_int_equal(fixture_leftovers(), 0);
  close(out);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_command_lines),
      cmocka_unit_test(test_bad_users_files),
      cmocka_unit_test(test_bad_places),
      cmocka_unit_test(test_end_when_idle),
      cmocka_unit_test(test_idle_connections_are_closed),
      cmocka_unit_test(test_work_in_flight_is_answered),
      cmocka_unit_test(test_half_a_request_may_complete),
      cmocka_unit_test(test_drain_timeout),
      cmocka_unit_test(test_second_signal),
      cmocka_unit_test(test_end_while_indexing),
  };
  if (fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  fixture_end();
  return rc;
}
