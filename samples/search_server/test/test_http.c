/* Ordinary HTTP: what a browser, a proxy and a health check send. */
#include "test_support.h"

#include <stdio.h>
#include <string.h>

static test_server_t server;

static int setup(void** state) {
  (void) state;
  server_start(&server, NULL);
  return 0;
}

static void test_healthz(void** state) {
  char body[256];
  (void) state;
  assert_int_equal(request(server.port, "/healthz", body, sizeof body), 200);
  assert_string_equal(body, "{\"status\":\"ok\"}\n");
}

static void test_unknown_path(void** state) {
  (void) state;
  assert_int_equal(request(server.port, "/", NULL, 0), 404);
  assert_int_equal(request(server.port, "/searchx?q=a", NULL, 0), 404);
  assert_int_equal(request(server.port, "/search/", NULL, 0), 404);
}

static void expect_405(const char* line, const char* allow) {
  char text[256];
  client_t* c = client_open(server.port);
  snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: test\r\n\r\n", line);
  client_puts(c, text);
  assert_int_equal(client_reply(c), 405);
  assert_string_equal(client_header(c, "Allow"), allow);
  client_close(c);
}

static void test_method_not_allowed(void** state) {
  (void) state;
  expect_405("DELETE /search?q=a", "GET, HEAD");
  expect_405("POST /healthz", "GET, HEAD");
  expect_405("GET /login", "POST");
  expect_405("OPTIONS /metrics", "GET, HEAD");
}

static void test_head_has_no_body(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_puts(c, "HEAD /healthz HTTP/1.1\r\nHost: test\r\n\r\n");
  assert_int_equal(client_reply_to(c, 0), 200);
  assert_string_equal(client_header(c, "Content-Length"), "16");
  client_get(c, "/healthz", NULL);
  assert_int_equal(client_reply(c), 200);
  client_close(c);
}

static void test_keep_alive(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  for (int i = 0; i < 20; i++) {
    client_get(c, "/healthz", NULL);
    assert_int_equal(client_reply(c), 200);
    assert_int_equal(c->closes, 0);
  }
  client_close(c);
}

static void expect_close(const char* text, int status) {
  client_t* c = client_open(server.port);
  client_puts(c, text);
  assert_int_equal(client_reply(c), status);
  assert_int_equal(c->closes, 1);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
}

static void test_close_when_asked(void** state) {
  (void) state;
  expect_close("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
               200);
  expect_close("GET /healthz HTTP/1.0\r\n\r\n", 200);
}

static void test_http_1_0_keep_alive(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  for (int i = 0; i < 3; i++) {
    client_puts(c, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_int_equal(client_reply(c), 200);
    assert_string_equal(client_header(c, "Connection"), "keep-alive");
  }
  client_close(c);
}

static void test_request_after_close_is_not_answered(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_puts(c,
              "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
              "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(client_reply(c), 200);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
}

/* Targets that take no, some and much time, and one that is wrong. */
static void test_pipeline_of_100_in_order(void** state) {
  static const char* const targets[] = {
      "/search?q=needle", "/healthz", "/nope", "/search?q=fox", "/metrics"};
  static const int statuses[] = {200, 200, 404, 200, 200};
  char id[16];
  (void) state;
  client_t* c = client_open(server.port);
  for (int i = 0; i < 100; i++) {
    snprintf(id, sizeof id, "id-%d", i);
    assert_int_equal(client_get(c, targets[i % 5], id), 0);
  }
  for (int i = 0; i < 100; i++) {
    snprintf(id, sizeof id, "id-%d", i);
    assert_int_equal(client_reply(c), statuses[i % 5]);
    assert_string_equal(client_header(c, "X-Request-Id"), id);
  }
  client_close(c);
}

static void test_pipeline_slow_before_fast(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_login(c, TEST_USER, TEST_PASSWORD);
  client_get(c, "/healthz", NULL);
  client_login(c, TEST_USER, "wrong");
  client_get(c, "/nope", NULL);
  assert_int_equal(client_reply(c), 200);
  assert_string_equal(c->body, "{\"login\":\"ok\"}\n");
  assert_int_equal(client_reply(c), 200);
  assert_int_equal(client_reply(c), 401);
  assert_int_equal(client_reply(c), 404);
  client_close(c);
}

static void test_bytewise(void** state) {
  static const char text[] =
      "\r\nGET /search?q=fox HTTP/1.1\r\nHost: test\r\nX-Empty:\r\n"
      "X-Request-Id: bytewise\r\n\r\n";
  (void) state;
  client_t* c = client_open(server.port);
  for (size_t i = 0; i + 1 < sizeof text; i++) {
    assert_int_equal(client_send(c, text + i, 1), 0);
  }
  assert_int_equal(client_reply(c), 200);
  assert_string_equal(client_header(c, "X-Request-Id"), "bytewise");
  client_close(c);
}

static void expect_no_id(const char* id) {
  client_t* c = client_open(server.port);
  client_get(c, "/healthz", id);
  assert_int_equal(client_reply(c), 200);
  assert_null(client_header(c, "X-Request-Id"));
  client_close(c);
}

static void test_odd_request_ids_are_not_echoed(void** state) {
  char long_id[80];
  (void) state;
  memset(long_id, 'x', sizeof long_id - 1);
  long_id[sizeof long_id - 1] = '\0';
  expect_no_id("two words");
  expect_no_id("\"quoted\"");
  expect_no_id("caf\xc3\xa9");
  expect_no_id(long_id);
  expect_no_id(NULL);
}

static void test_target_forms(void** state) {
  (void) state;
  assert_int_equal(request(server.port, "/%68ealthz", NULL, 0), 200);
  assert_int_equal(request(server.port, "/healthz?any=thing", NULL, 0), 200);
  assert_int_equal(request(server.port, "http://other/healthz", NULL, 0), 200);
  assert_int_equal(request(server.port, "http://other?q=a", NULL, 0), 404);
}

static void test_chunked_body(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_puts(c,
              "POST /login HTTP/1.1\r\nHost: test\r\n"
              "Content-Type: application/x-www-form-urlencoded\r\n"
              "Transfer-Encoding: chunked\r\n\r\n"
              "a;name=value\r\nuser=alice\r\n"
              "17\r\n&password=correct+horse\r\n"
              "0\r\nX-Trailer: yes\r\n\r\n"
              "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n");
  assert_int_equal(client_reply(c), 200);
  assert_string_equal(c->body, "{\"login\":\"ok\"}\n");
  assert_int_equal(client_reply(c), 200);
  client_close(c);
}

static void test_expect_continue(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_puts(c,
              "POST /login HTTP/1.1\r\nHost: test\r\n"
              "Content-Type: application/x-www-form-urlencoded\r\n"
              "Expect: 100-continue\r\nContent-Length: 33\r\n\r\n");
  assert_int_equal(client_reply_to(c, 0), 100);
  client_puts(c, "user=alice&password=correct+horse");
  assert_int_equal(client_reply(c), 200);
  client_close(c);
}

static void test_upgrade_is_ignored(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_puts(c,
              "GET /healthz HTTP/1.1\r\nHost: test\r\n"
              "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  assert_int_equal(client_reply(c), 200);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
}

static void test_metrics(void** state) {
  char body[32768];
  (void) state;
  assert_int_equal(request(server.port, "/metrics", body, sizeof body), 200);
  assert_non_null(strstr(body, "# TYPE http_responses_total counter\n"));
  assert_non_null(strstr(body, "\npool_accepted_total{pool=\"db\""));
  assert_non_null(strstr(body, "\npool_waiting{pool=\"auth\""));
  long before = metric(server.port, "pool_completed_total{pool=\"db\"");
  assert_int_equal(request(server.port, "/search?q=fox", NULL, 0), 200);
  await_metric(server.port, "pool_completed_total{pool=\"db\"", before + 1);
}

/* The last test, since cmocka does not count a group's teardown that fails:
 * whatever went before, nothing has leaked and the server ends well. */
static void test_end(void** state) {
  (void) state;
  server_stop(&server);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_healthz),
      cmocka_unit_test(test_unknown_path),
      cmocka_unit_test(test_method_not_allowed),
      cmocka_unit_test(test_head_has_no_body),
      cmocka_unit_test(test_keep_alive),
      cmocka_unit_test(test_close_when_asked),
      cmocka_unit_test(test_http_1_0_keep_alive),
      cmocka_unit_test(test_request_after_close_is_not_answered),
      cmocka_unit_test(test_pipeline_of_100_in_order),
      cmocka_unit_test(test_pipeline_slow_before_fast),
      cmocka_unit_test(test_bytewise),
      cmocka_unit_test(test_odd_request_ids_are_not_echoed),
      cmocka_unit_test(test_target_forms),
      cmocka_unit_test(test_chunked_body),
      cmocka_unit_test(test_expect_continue),
      cmocka_unit_test(test_upgrade_is_ignored),
      cmocka_unit_test(test_metrics),
      cmocka_unit_test(test_end),
  };
  if (fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, setup, NULL);
  fixture_end();
  return rc;
}
