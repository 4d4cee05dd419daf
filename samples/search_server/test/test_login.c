/* POST /login: right, wrong, too many, and clients that do not wait. */
#include "test_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_uvpool(void) {
  return strcmp(test_engine, "uvpool") == 0;
}

static int login(int port, const char* user, const char* password) {
  client_t* c = client_open(port);
  client_login(c, user, password);
  int status = client_reply(c);
  if (status == 401) {
    assert_non_null(client_header(c, "WWW-Authenticate"));
  }
  client_close(c);
  return status;
}

static void test_right_and_wrong(void** state) {
  test_server_t server;
  (void) state;
  server_start(&server, NULL);
  assert_int_equal(login(server.port, "alice", "correct+horse"), 200);
  assert_int_equal(login(server.port, "alice", "correct%20horse"), 200);
  assert_int_equal(login(server.port, "%61lice", "correct+horse"), 200);
  assert_int_equal(login(server.port, "alice", "correct+horses"), 401);
  assert_int_equal(login(server.port, "alice", "wrong"), 401);
  assert_int_equal(login(server.port, "Alice", "correct+horse"), 401);
  assert_int_equal(login(server.port, "nobody", "correct+horse"), 401);
  assert_int_equal(login(server.port, "alice%3a", "%f0%9f%90%b4"), 401);
  server_stop(&server);
}

static int post(int port, const char* type, const char* body) {
  char text[8192];
  client_t* c = client_open(port);
  snprintf(text,
           sizeof text,
           "POST /login HTTP/1.1\r\nHost: a\r\n%s%s%sContent-Length: %zu\r\n"
           "\r\n%s",
           type == NULL ? "" : "Content-Type: ",
           type == NULL ? "" : type,
           type == NULL ? "" : "\r\n",
           strlen(body),
           body);
  client_puts(c, text);
  int status = client_reply(c);
  client_close(c);
  return status;
}

static void test_bad_forms(void** state) {
  static const char form[] = "application/x-www-form-urlencoded";
  static const char* const bodies[] = {
      "",
      "&&&",
      "user=alice",
      "password=x",
      "user=&password=x",
      "user=alice&password=",
      "user=alice&user=bob&password=x",
      "user=alice&password=%",
      "user=alice&password=%zz",
      "user=alice&password=%00",
      "user=alice%00&password=x",
      "user=alice&password=x&more=%1",
      "{\"user\":\"alice\",\"password\":\"x\"}",
  };
  test_server_t server;
  char big[1024];
  (void) state;
  server_start(&server, NULL);
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    if (post(server.port, form, bodies[i]) != 400) {
      fail_msg("the body is not refused: %s", bodies[i]);
    }
  }
  snprintf(big, sizeof big, "user=alice&password=%0300d", 0);
  assert_int_equal(post(server.port, form, big), 400);
  snprintf(big, sizeof big, "user=%0100d&password=x", 0);
  assert_int_equal(post(server.port, form, big), 400);
  assert_int_equal(post(server.port, NULL, "user=a&password=b"), 415);
  assert_int_equal(post(server.port, "text/plain", "user=a&password=b"), 415);
  assert_int_equal(post(server.port, "application/json", "{}"), 415);
  assert_int_equal(post(server.port,
                        "application/x-www-form-urlencoded; charset=utf-8",
                        "user=a&password=b"),
                   401);
  server_stop(&server);
}

/* One runs, two wait, the others are told so at once: with uvpool. With libuv's
 * pool everything waits, and everybody is answered in the end. */
static void test_more_than_there_is_room_for(void** state) {
  enum { CLIENTS = 20 };
  const char* const options[] = {"--auth-threads=1", "--auth-waiting=2", NULL};
  test_server_t server;
  client_t* clients[CLIENTS];
  int served = 0;
  int refused = 0;
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = client_open(server.port);
  }
  for (int i = 0; i < CLIENTS; i++) {
    client_login(clients[i], TEST_USER, "correct+horse");
  }
  for (int i = 0; i < CLIENTS; i++) {
    int status = client_reply(clients[i]);
    served += status == 200;
    refused += status == 503;
    if (status == 503) {
      assert_string_equal(client_header(clients[i], "Retry-After"), "1");
    }
    assert_int_equal(clients[i]->closes, 0);
  }
  assert_int_equal(served + refused, CLIENTS);
  if (is_uvpool()) {
    assert_in_range(refused, 1, CLIENTS - 3);
    assert_int_equal(metric(server.port, "pool_refused_total{pool=\"auth\""),
                     refused);
  } else {
    assert_int_equal(refused, 0);
  }
  /* A refused client may ask again on the same connection. */
  for (int i = 0; i < CLIENTS; i++) {
    client_get(clients[i], "/healthz", NULL);
    assert_int_equal(client_reply(clients[i]), 200);
    client_close(clients[i]);
  }
  server_stop(&server);
}

/* Ten log in, nine leave: those that wait must not be verified. */
static void test_disconnect_cancels(void** state) {
  enum { CLIENTS = 10 };
  const char* const options[] = {"--auth-threads=1", NULL};
  test_server_t server;
  client_t* clients[CLIENTS];
  (void) state;
  server_start(&server, options);
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = client_open(server.port);
    client_login(clients[i], TEST_USER, "correct+horse");
  }
  await_metric(server.port, "pool_started_total{pool=\"auth\"", 1);
  for (int i = 1; i < CLIENTS; i++) {
    client_close(clients[i]);
  }
  await_metric(server.port, "pool_cancelled_total{pool=\"auth\"", 1);
  await_metric_down(server.port, "pool_waiting{pool=\"auth\"", 0);
  assert_int_equal(client_reply(clients[0]), 200);
  client_close(clients[0]);
  await_metric_down(server.port, "http_connections ", 1);
  assert_true(metric(server.port, "http_disconnects_total ") >= 1);
  long accepted = metric(server.port, "pool_accepted_total{pool=\"auth\"");
  long cancelled = metric(server.port, "pool_cancelled_total{pool=\"auth\"");
  await_metric(
      server.port, "pool_completed_total{pool=\"auth\"", accepted - cancelled);
  server_stop(&server);
}

/* The same, of one connection with several requests on the way. */
static void test_disconnect_cancels_a_pipeline(void** state) {
  const char* const options[] = {"--auth-threads=1", NULL};
  test_server_t server;
  (void) state;
  server_start(&server, options);
  client_t* c = client_open(server.port);
  for (int i = 0; i < 10; i++) {
    client_login(c, TEST_USER, "wrong");
    client_get(c, "/search?q=needle", NULL);
  }
  await_metric(server.port, "pool_started_total{pool=\"auth\"", 1);
  client_close(c);
  await_metric(server.port, "pool_cancelled_total{pool=\"auth\"", 1);
  await_metric_down(server.port, "http_connections ", 1);
  server_stop(&server);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_right_and_wrong),
      cmocka_unit_test(test_bad_forms),
      cmocka_unit_test(test_more_than_there_is_room_for),
      cmocka_unit_test(test_disconnect_cancels),
      cmocka_unit_test(test_disconnect_cancels_a_pipeline),
  };
  /* So that uv_queue_work has as many threads as the auth lane: one. */
  if (setenv("UV_THREADPOOL_SIZE", "1", 1) != 0 ||
      fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  fixture_end();
  return rc;
}
