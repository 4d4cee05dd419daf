/* Slow and many clients: every one of them costs the server a bounded time and
 * a bounded amount of memory. The servers of these tests have short limits. */
#include "test_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static void pause_ms(long ms) {
  nanosleep(&(struct timespec) {0, ms * 1000000L}, NULL);
}

/* One byte every 20 ms keeps no connection open for longer than the limit. */
static void test_slow_request(void** state) {
  const char* const options[] = {"--request-timeout-ms=300", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* c = client_open(server.port);
  client_puts(c, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ");
  struct pollfd p = {.fd = c->fd, .events = POLLIN};
  int bytes = 0;
  while (poll(&p, 1, 20) == 0 && bytes < 1000 && client_puts(c, "a") == 0) {
    bytes++;
  }
  assert_int_equal(client_reply(c), 408);
  assert_int_equal(c->closes, 1);
  assert_true(bytes < 1000);
  client_close(c);
  await_metric(server.port, "http_timeouts_total ", 1);
  server_stop(&server);
}

/* A body that does not come counts too, and so does one behind a good
 * request. */
static void test_slow_body(void** state) {
  const char* const options[] = {"--request-timeout-ms=300", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* c = client_open(server.port);
  client_puts(c,
              "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
              "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na");
  assert_int_equal(client_reply(c), 200);
  assert_int_equal(client_reply(c), 408);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
  server_stop(&server);
}

static void test_idle_connection(void** state) {
  const char* const options[] = {"--idle-timeout-ms=200", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* fresh = client_open(server.port);
  client_t* used = client_open(server.port);
  client_get(used, "/healthz", NULL);
  assert_int_equal(client_reply(used), 200);
  assert_int_equal(client_reply(used), REPLY_EOF);
  assert_int_equal(client_reply(fresh), REPLY_EOF);
  client_close(used);
  client_close(fresh);
  server_stop(&server);
}

/* Four logins in one go; whether all were answered. */
static int try_logins(int port) {
  int answered = 0;
  client_t* c = client_open(port);
  for (int i = 0; i < 4; i++) {
    client_login(c, TEST_USER, "correct+horse");
  }
  while (answered < 4 && client_reply(c) == 200) {
    answered++;
  }
  client_close(c);
  return answered == 4;
}

/* The time that the server itself needs is not the client's. A connection may
 * also idle because this very client was held up before its first request, and
 * be closed rightly: that is why there is more than one try. */
static void test_waiting_is_not_idling(void** state) {
  const char* const options[] = {"--idle-timeout-ms=10",
                                 "--request-timeout-ms=5000",
                                 "--auth-threads=1",
                                 NULL};
  test_server_t server;
  int answered = 0;
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < 20 && !answered; i++) {
    answered = try_logins(server.port);
  }
  assert_true(answered);
  server_stop(&server);
}

/* Asks for much and reads nothing. The server stops reading, then gives up. */
static void test_client_that_does_not_read(void** state) {
  const char* const options[] = {"--write-timeout-ms=300", NULL};
  const char text[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* c = client_open(server.port);
  int size = 4096;
  setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  int gone = 0;
  for (int tries = 0; !gone && tries < 2000; tries++) {
    ssize_t n = 0;
    while (n >= 0) {
      n = send(c->fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    gone = errno == EPIPE || errno == ECONNRESET;
    pause_ms(10);
  }
  assert_int_equal(gone, 1);
  client_close(c);
  await_metric(server.port, "http_timeouts_total ", 1);
  server_stop(&server);
}

static void test_too_many_connections(void** state) {
  enum { MAX = 4 };
  const char* const options[] = {"--max-connections=4", NULL};
  test_server_t server;
  client_t* open[MAX];
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < MAX; i++) {
    open[i] = client_open(server.port);
    client_get(open[i], "/healthz", NULL);
    assert_int_equal(client_reply(open[i]), 200);
  }
  client_t* c = client_open(server.port);
  assert_int_equal(client_reply(c), 503);
  assert_string_equal(client_header(c, "Retry-After"), "1");
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);

  client_get(open[0], "/healthz", NULL);
  assert_int_equal(client_reply(open[0]), 200);
  for (int i = 0; i < MAX; i++) {
    client_close(open[i]);
  }
  await_metric(server.port, "http_connections_refused_total ", 1);
  server_stop(&server);
}

/* Far more at once than are answered, let alone served. */
static void test_flood_of_connections(void** state) {
  enum { FLOOD = 300 };
  const char* const options[] = {"--max-connections=10", NULL};
  static client_t* open[FLOOD];
  test_server_t server;
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < FLOOD; i++) {
    open[i] = client_open(server.port);
  }
  for (int i = 0; i < FLOOD; i++) {
    client_close(open[i]);
  }
  int status = 0;
  for (int i = 0; i < 500 && status != 200; i++) {
    status = request(server.port, "/healthz", NULL, 0);
    pause_ms(10);
  }
  assert_int_equal(status, 200);
  server_stop(&server);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_slow_request),
      cmocka_unit_test(test_slow_body),
      cmocka_unit_test(test_idle_connection),
      cmocka_unit_test(test_waiting_is_not_idling),
      cmocka_unit_test(test_client_that_does_not_read),
      cmocka_unit_test(test_too_many_connections),
      cmocka_unit_test(test_flood_of_connections),
  };
  if (fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  fixture_end();
  return rc;
}
