/* Hostile HTTP: what scanners, smugglers and broken clients send.
 *
 * Every input gets an error and the connection's end, or just the end; never a
 * crash, and nothing that stays: the last tests look at the server's
 * figures. */
#include "test_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static test_server_t server;

static int setup(void** state) {
  (void) state;
  server_start(&server, NULL);
  return 0;
}

/* ---- One bad request each ------------------------------------------------ */

#define GET "GET /healthz HTTP/1.1\r\nHost: a\r\n"
#define POST                                                                   \
  "POST /login HTTP/1.1\r\nHost: a\r\n"                                        \
  "Content-Type: application/x-www-form-urlencoded\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

typedef struct {
  int status;
  const char* text;
  size_t len; /* 0: up to the NUL */
} bad_t;

static const bad_t bad[] = {
    /* Two ideas of where the body ends. */
    {400, POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 0},
    {400, POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", 0},
    {400, POST "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", 0},
    {400, POST "Content-Length: 4\r\nContent-Length: 5\r\n\r\n", 0},
    {400, POST "Content-Length: 4, 4\r\n\r\n", 0},
    {400, POST "Content-Length: -1\r\n\r\n", 0},
    {400, POST "Content-Length: +4\r\n\r\n", 0},
    {400, POST "Content-Length: 4x\r\n\r\n", 0},
    {400, POST "Content-Length: 0x4\r\n\r\n", 0},
    {400, POST "Content-Length: 99999999999999999999999\r\n\r\n", 0},
    {400, POST "Content-Length : 4\r\n\r\n", 0},
    {400,
     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     0},
    {501, POST "Transfer-Encoding: gzip\r\n\r\n", 0},
    {501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 0},
    {501, POST "Transfer-Encoding: xchunked\r\n\r\n", 0},
    {400, "POST /login HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 0},

    /* Chunks. */
    {400, CHUNKED "xyz\r\n", 0},
    {400, CHUNKED "-1\r\n", 0},
    {400, CHUNKED "5\r\nabcdeXX\r\n", 0},
    {400, CHUNKED "fffffffffffffffffff\r\n", 0},
    {400, CHUNKED "0x5\r\nabcde\r\n0\r\n\r\n", 0},

    /* Lines. */
    {400, GET "A: b\r\n folded\r\n\r\n", 0},
    {400, GET "A: b\r\n\tfolded\r\n\r\n", 0},
    {400, "GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n", 0},
    {400, " GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET /healthz HTTP/1.1\nHost: a\n\n", 0},
    {400, GET "A: b\rC: d\r\n\r\n", 0},
    {400, GET "A: b\r\r\n\r\n", 0},
    {400, GET "A\x01: b\r\n\r\n", 0},
    {400, GET "A: \x7f\r\n\r\n", 0},
    {400, GET "A b: c\r\n\r\n", 0},
    {400, GET ": no name\r\n\r\n", 0},
    {400, GET "no colon\r\n\r\n", 0},
    {400, GET "A: \0b\r\n\r\n", sizeof(GET "A: \0b\r\n\r\n") - 1},
    {400, "GET /\0 HTTP/1.1\r\n", sizeof("GET /\0 HTTP/1.1\r\n") - 1},
    {400, "GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET /healthz#part HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET\t/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET /heal thz HTTP/1.1\r\nHost: a\r\n\r\n", 0},

    /* Hosts, versions, methods, expectations. */
    {400, "GET /healthz HTTP/1.1\r\n\r\n", 0},
    {400, GET "Host: b\r\n\r\n", 0},
    {505, "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 0},
    {505, "GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", 0},
    {400, "GET /healthz HTTP/11\r\nHost: a\r\n\r\n", 0},
    {400, "GET /healthz FTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET /healthz\r\n\r\n", 0},
    {400, "get /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "HELLO /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {417, GET "Expect: the unexpected\r\n\r\n", 0},

    /* Other protocols. */
    {400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},
    {400, "SSH-2.0-OpenSSH_9.2\r\n", 0},
    {400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
};

static void check_bad(const bad_t* b, size_t i) {
  client_t* c = client_open(server.port);
  client_send(c, b->text, b->len > 0 ? b->len : strlen(b->text));
  int status = client_reply(c);
  /* HTTP/2's preface and odd versions are a parser's choice between the two. */
  if (status == 400 && b->status == 505) {
    status = 505;
  }
  if (status == 505 && b->status == 400) {
    status = 400;
  }
  if (status != b->status) {
    fail_msg("bad request %zu: status %d, not %d: %.60s",
             i,
             status,
             b->status,
             b->text);
  }
  assert_int_equal(c->closes, 1);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
}

static void test_bad_requests(void** state) {
  (void) state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    check_bad(&bad[i], i);
  }
  assert_int_equal(request(server.port, "/healthz", NULL, 0), 200);
}

/* A request that is refused takes those behind it along. */
static void test_nothing_after_a_bad_request(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_puts(c, GET "\r\n" GET "bad line\r\n\r\n" GET "\r\n");
  assert_int_equal(client_reply(c), 200);
  assert_int_equal(client_reply(c), 400);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
}

/* The classic: hidden in a body, a request that only one side sees. */
static void test_smuggled_request(void** state) {
  (void) state;
  client_t* c = client_open(server.port);
  client_puts(c,
              POST
              "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
              "0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(client_reply(c), 400);
  assert_int_equal(client_reply(c), REPLY_EOF);
  client_close(c);
}

/* ---- Sizes --------------------------------------------------------------- */

/* Sends `head`, then `count` times `filler`, then `tail`; the status. */
static int send_long(const char* head,
                     const char* filler,
                     int count,
                     const char* tail) {
  client_t* c = client_open(server.port);
  int sent = client_puts(c, head);
  for (int i = 0; i < count && sent == 0; i++) {
    sent = client_puts(c, filler);
  }
  if (sent == 0) {
    client_puts(c, tail);
  }
  int status = client_reply(c);
  client_close(c);
  return status;
}

static void test_sizes_that_are_refused(void** state) {
  (void) state;
  assert_int_equal(send_long("GET /", "aaaaaaaa", 300, " HTTP/1.1\r\n"), 414);
  assert_int_equal(send_long("GET /", "aaaaaaaa", 100000, ""), 414);
  assert_int_equal(send_long(GET "A: ", "bbbbbbbb", 1200, "\r\n\r\n"), 431);
  assert_int_equal(send_long(GET "A: ", "bbbbbbbb", 100000, ""), 431);
  assert_int_equal(send_long(GET "A:", "        ", 1200, "b\r\n\r\n"), 431);
  assert_int_equal(send_long(GET, "A: b\r\n", 100, "\r\n"), 431);
  assert_int_equal(send_long("", "\r\n", 5000, GET "\r\n"), 431);
  assert_int_equal(send_long(POST "Content-Length: 4097\r\n\r\n", "", 0, ""),
                   413);
  assert_int_equal(
      send_long(POST "Content-Length: 4000000000\r\n\r\n", "", 0, ""), 413);
  assert_int_equal(send_long(CHUNKED, "8\r\naaaaaaaa\r\n", 600, ""), 413);
  assert_int_equal(send_long(CHUNKED "5;", "extension", 3000, ""), 413);
  assert_int_equal(send_long(CHUNKED "0\r\n", "A: b\r\n", 3000, ""), 413);
}

static void test_sizes_that_just_fit(void** state) {
  (void) state;
  assert_int_equal(send_long("GET /healthz?",
                             "aaaaaaaa",
                             250,
                             " HTTP/1.1\r\nHost: a\r\n\r\n"),
                   200);
  assert_int_equal(send_long(GET "A: ", "bbbbbbbb", 1000, "\r\n\r\n"), 200);
  assert_int_equal(send_long(GET, "A: b\r\n", 63, "\r\n"), 200);
  assert_int_equal(
      send_long(POST "Content-Length: 4096\r\n\r\n", "aaaaaaaa", 512, ""), 400);
}

/* ---- Encodings ----------------------------------------------------------- */

static void test_bad_encodings(void** state) {
  static const char* const targets[] = {
      "/%",
      "/%2",
      "/%zz",
      "/%00",
      "/health%0",
      "/search?q=%",
      "/search?q=%1",
      "/search?q=%xy",
      "/search?q=%00",
      "/search?q=a%00b",
      "/search?q=ok&other=%",
      "/search?%zz=1&q=ok",
      "/search?q=a&q=b",
      "/search?q=1&limit=%",
  };
  (void) state;
  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
    if (request(server.port, targets[i], NULL, 0) != 400) {
      fail_msg("%s is not refused", targets[i]);
    }
  }
}

/* ---- Ends in the wrong place --------------------------------------------- */

static void test_truncated_anywhere(void** state) {
  static const char text[] =
      POST "Content-Length: 33\r\n\r\nuser=alice&password=correct+horse";
  (void) state;
  for (size_t n = 0; n < sizeof text - 1; n++) {
    client_t* c = client_open(server.port);
    client_send(c, text, n);
    client_close(c);
  }
  await_metric_down(server.port, "http_connections ", 1);
}

static void test_reset_instead_of_close(void** state) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  (void) state;
  for (int i = 0; i < 20; i++) {
    client_t* c = client_open(server.port);
    for (int k = 0; k < 5; k++) {
      client_get(c, "/search?q=needle", NULL);
    }
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    client_close(c);
  }
  await_metric_down(server.port, "http_connections ", 1);
}

/* ---- Mutations ----------------------------------------------------------- */

static uint64_t seed;

static unsigned next_random(unsigned below) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned) (seed >> 33) % below;
}

/* Changes a few bytes, takes a piece out, or doubles one. */
static size_t mutate(char* text, size_t len) {
  for (unsigned n = 1 + next_random(4); n > 0; n--) {
    size_t at = next_random((unsigned) len);
    size_t piece = next_random((unsigned) (len - at));
    switch (next_random(4)) {
      case 0:
        text[at] = (char) next_random(256);
        break;
      case 1:
        text[at] = "\r\n \t:;%\"'\\"[next_random(10)];
        break;
      case 2:
        if (len - piece < 2) {
          break;
        }
        memmove(text + at, text + at + piece, len - at - piece);
        len -= piece;
        break;
      default:
        if (len + piece > 2000) {
          break;
        }
        memmove(text + at + piece, text + at, len - at);
        len += piece;
    }
  }
  return len;
}

/* Whatever comes back is HTTP, and then the connection can be closed. */
static void send_mutated(const char* text) {
  char buf[4096];
  size_t len = strlen(text);
  memcpy(buf, text, len);
  len = mutate(buf, len);
  client_t* c = client_open(server.port);
  client_send(c, buf, len);
  shutdown(c->fd, SHUT_WR);
  int status;
  while ((status = client_reply(c)) > 0) {
    assert_true(status >= 100 && status < 600);
  }
  assert_int_not_equal(status, REPLY_TIMEOUT);
  client_close(c);
}

static void test_mutated_requests(void** state) {
  static const char* const texts[] = {
      GET "X-Request-Id: abc\r\nAccept: */*\r\n\r\n",
      "GET /search?q=needle+%41&limit=3 HTTP/1.1\r\nHost: a\r\n\r\n",
      POST "Content-Length: 21\r\n\r\nuser=bob&password=abc" GET "\r\n",
      CHUNKED "8\r\nuser=bob\r\nd\r\n&password=abc\r\n0\r\nA: b\r\n\r\n",
      GET "\r\n" GET "Connection: close\r\n\r\n",
  };
  (void) state;
  const char* given = getenv("SEARCH_SERVER_TEST_SEED");
  seed = given == NULL ? (uint64_t) time(NULL)
                       : (uint64_t) strtoull(given, NULL, 10);
  print_message("SEARCH_SERVER_TEST_SEED=%llu\n", (unsigned long long) seed);
  for (int i = 0; i < 400; i++) {
    send_mutated(texts[i % 5]);
  }
  assert_int_equal(request(server.port, "/healthz", NULL, 0), 200);
  await_metric_down(server.port, "http_connections ", 1);
}

/* The last test, since cmocka does not count a group's teardown that fails:
 * whatever went before, nothing has leaked and the server ends well. */
static void test_end(void** state) {
  (void) state;
  server_stop(&server);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_requests),
      cmocka_unit_test(test_nothing_after_a_bad_request),
      cmocka_unit_test(test_smuggled_request),
      cmocka_unit_test(test_sizes_that_are_refused),
      cmocka_unit_test(test_sizes_that_just_fit),
      cmocka_unit_test(test_bad_encodings),
      cmocka_unit_test(test_truncated_anywhere),
      cmocka_unit_test(test_reset_instead_of_close),
      cmocka_unit_test(test_mutated_requests),
      cmocka_unit_test(test_end),
  };
  if (fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, setup, NULL);
  fixture_end();
  return rc;
}
