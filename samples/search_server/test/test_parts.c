/* The parts that decide what is safe, without a server: encodings, quoting, and
 * above all the parser, which must come to the same result however its input is
 * cut into pieces. */
#include "test_support.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "fts_query.h"
#include "http_parse.h"
#include "json.h"
#include "json_check.h"
#include "response.h"
#include "strbuf.h"
#include "urlcode.h"
#include "users.h"

static uint64_t seed;

static unsigned next_random(unsigned below) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned) (seed >> 33) % below;
}

/* ---- Texts --------------------------------------------------------------- */

static void test_strbuf_is_bounded(void** state) {
  strbuf_t s;
  (void) state;
  strbuf_init(&s, 1000);
  for (int i = 0; i < 100; i++) {
    strbuf_puts(&s, "0123456789");
  }
  assert_int_equal(s.len, 1000);
  assert_int_equal(strbuf_failed(&s), 0);
  strbuf_puts(&s, "x");
  assert_int_equal(strbuf_failed(&s), 1);
  strbuf_truncate(&s, 990);
  assert_int_equal(strbuf_failed(&s), 0);
  strbuf_printf(&s, "%s", "0123456789");
  assert_int_equal(s.len, 1000);
  assert_int_equal(strbuf_failed(&s), 0);
  strbuf_free(&s);
}

static void expect_json(const char* text, size_t len, const char* json) {
  strbuf_t s;
  strbuf_init(&s, 10000);
  json_string(&s, text, len);
  strbuf_append(&s, "", 1);
  assert_string_equal(s.data, json);
  strbuf_free(&s);
}

static void test_json_strings(void** state) {
  (void) state;
  expect_json("", 0, "\"\"");
  expect_json("a\"b\\c/\n\t", 8, "\"a\\\"b\\\\c/\\n\\t\"");
  expect_json("\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"");
  expect_json("\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9",
              9,
              "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9\"");
  /* Cut short, overlong, a surrogate, beyond Unicode, a lonely tail. */
  expect_json("\xc3", 1, "\"\\ufffd\"");
  expect_json("\xf0\x9f\x92", 3, "\"\\ufffd\\ufffd\\ufffd\"");
  expect_json("\xc0\xaf", 2, "\"\\ufffd\\ufffd\"");
  expect_json("\xe0\x80\xaf", 3, "\"\\ufffd\\ufffd\\ufffd\"");
  expect_json("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");
  expect_json("\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
  expect_json("a\x80z", 3, "\"a\\ufffdz\"");
}

static void test_json_of_any_bytes(void** state) {
  char text[64];
  (void) state;
  for (int i = 0; i < 20000; i++) {
    strbuf_t s;
    size_t len = next_random(sizeof text);
    for (size_t k = 0; k < len; k++) {
      text[k] = (char) next_random(256);
    }
    strbuf_init(&s, 10000);
    json_string(&s, text, len);
    strbuf_append(&s, "", 1);
    assert_true(json_is_valid(s.data));
    strbuf_free(&s);
  }
}

static void test_paths(void** state) {
  char out[16];
  (void) state;
  assert_int_equal(url_decode_path("/a%20b+c", 8, out, sizeof out), 6);
  assert_string_equal(out, "/a b+c");
  assert_int_equal(url_decode_path("/%2", 3, out, sizeof out), UV_EINVAL);
  assert_int_equal(url_decode_path("/%", 2, out, sizeof out), UV_EINVAL);
  assert_int_equal(url_decode_path("/%g0", 4, out, sizeof out), UV_EINVAL);
  assert_int_equal(url_decode_path("/%00", 4, out, sizeof out), UV_EINVAL);
  assert_int_equal(url_decode_path("/\0", 2, out, sizeof out), UV_EINVAL);
  assert_int_equal(url_decode_path("0123456789abcde", 15, out, sizeof out), 15);
  assert_int_equal(url_decode_path("0123456789abcdef", 16, out, sizeof out),
                   UV_ENOBUFS);
}

static int get(const char* form, const char* name, char* out, size_t size) {
  return form_get(form, strlen(form), name, out, size);
}

static void test_forms(void** state) {
  char out[8];
  (void) state;
  assert_int_equal(get("a=1&b=x+%41&c", "b", out, sizeof out), 3);
  assert_string_equal(out, "x A");
  assert_int_equal(get("a=1&b=", "b", out, sizeof out), 0);
  assert_int_equal(get("", "a", out, sizeof out), UV_ENOENT);
  assert_int_equal(get("a", "a", out, sizeof out), UV_ENOENT);
  assert_int_equal(get("aa=1&ba=2", "a", out, sizeof out), UV_ENOENT);
  assert_int_equal(get("a=1&a=1", "a", out, sizeof out), UV_EINVAL);
  assert_int_equal(get("a=1&b=%", "a", out, sizeof out), UV_EINVAL);
  assert_int_equal(get("a=1234567", "a", out, sizeof out), 7);
  assert_int_equal(get("a=12345678", "a", out, sizeof out), UV_ENOBUFS);
  assert_int_equal(form_get("a=1\0&b=2", 8, "b", out, sizeof out), UV_EINVAL);
}

static void test_fts_queries(void** state) {
  char out[FTS_QUERY_MAX];
  char text[QUERY_MAX + 2];
  (void) state;
  assert_int_equal(fts_query("a", out), 1);
  assert_string_equal(out, "\"a\"");
  assert_int_equal(fts_query(" say \"hi\" OR * ", out), 4);
  assert_string_equal(out, "\"say\" \"\"\"hi\"\"\" \"OR\" \"*\"");
  assert_int_equal(fts_query(" \t\r\n", out), 0);
  assert_int_equal(fts_query("1 2 3 4 5 6 7 8 9 a b c d e f g", out), 16);
  assert_int_equal(fts_query("1 2 3 4 5 6 7 8 9 a b c d e f g h", out),
                   UV_E2BIG);

  /* The longest result there can be just fits. */
  memset(text, '"', sizeof text);
  for (int i = 1; i < 32; i += 2) {
    text[i] = ' ';
  }
  text[31] = '"';
  text[QUERY_MAX] = '\0';
  assert_int_equal(fts_query(text, out), 16);
  assert_true(strlen(out) < FTS_QUERY_MAX);
  text[QUERY_MAX] = '"';
  text[QUERY_MAX + 1] = '\0';
  assert_int_equal(fts_query(text, out), UV_E2BIG);
}

static void test_response_head(void** state) {
  response_t r = {.status = 503, .type = "text/plain", .extra = "A: b\r\n"};
  (void) state;
  strbuf_init(&r.body, 100);
  strbuf_puts(&r.body, "12345");
  response_write_head(&r, "id-1", 1);
  r.head[r.head_len] = '\0';
  assert_ptr_equal(strstr(r.head, "HTTP/1.1 503 Service Unavailable\r\nDate: "),
                   r.head);
  assert_non_null(strstr(r.head, "\r\nContent-Length: 5\r\n"));
  assert_non_null(strstr(r.head, "\r\nA: b\r\n"));
  assert_non_null(strstr(r.head, "\r\nX-Request-Id: id-1\r\n"));
  assert_non_null(strstr(r.head, "\r\nConnection: close\r\n\r\n"));
  strbuf_free(&r.body);
  assert_int_equal(response_status_at(response_status_index(404)), 404);
  assert_int_equal(response_status_at(response_status_index(999)), 500);
}

/* ---- Users --------------------------------------------------------------- */

static void test_users(void** state) {
  (void) state;
  users_t* users = users_load(fixture_users());
  assert_non_null(users);
  const char* alice = users_hash(users, TEST_USER);
  const char* nobody = users_hash(users, "nobody");
  assert_string_not_equal(alice, nobody);
  assert_ptr_equal(users_hash(users, "someone else"), nobody);
  assert_ptr_equal(users_hash(users, ""), nobody);
  /* What nobody's password is verified against costs as much as alice's. */
  for (int i = 0; i < 2; i++) {
    assert_int_equal(crypto_pwhash_str_needs_rehash(
                         i == 0 ? alice : nobody, 2, 64 * 1024 * 1024),
                     0);
  }
  assert_int_equal(users_verify(alice, TEST_PASSWORD, strlen(TEST_PASSWORD)),
                   1);
  assert_int_equal(users_verify(alice, "wrong", 5), 0);
  assert_int_equal(users_verify(nobody, TEST_PASSWORD, strlen(TEST_PASSWORD)),
                   0);
  users_free(users);
}

/* ---- The parser ---------------------------------------------------------- */

enum { TRACE_MAX = 4096 };

/* What came out: a line for each message, and how it ended. */
typedef struct {
  char text[TRACE_MAX];
  size_t len;
} trace_t;

static void trace_message(trace_t* t, const http_parse_t* p) {
  const http_request_t* r = &p->request;
  int n = snprintf(t->text + t->len,
                   sizeof t->text - t->len,
                   "%d %d %d %.40s %zu [%s] [%s]\n",
                   (int) r->method,
                   r->keep_alive,
                   r->is_1_0,
                   r->target,
                   r->body_len,
                   r->content_type,
                   r->request_id);
  if (n > 0 && t->len + (size_t) n < sizeof t->text) {
    t->len += (size_t) n;
  }
}

/* Parses everything, at most `step` bytes at a time. */
static void parse_all(const char* text, size_t len, size_t step, trace_t* t) {
  static http_parse_t p;
  http_result_t rc = HTTP_MORE;
  size_t at = 0;
  *t = (trace_t) {.len = 0};
  http_parse_init(&p);
  while (at < len && rc != HTTP_BAD) {
    size_t used = 0;
    size_t n = len - at < step ? len - at : step;
    rc = http_parse(&p, text + at, n, &used);
    at += used;
    if (rc == HTTP_MORE) {
      assert_int_equal(used, n);
    }
    if (rc == HTTP_MESSAGE) {
      trace_message(t, &p);
      http_parse_reset(&p);
    }
  }
  size_t room = sizeof t->text - t->len;
  if (rc == HTTP_BAD) {
    snprintf(t->text + t->len, room, "bad %d\n", p.status);
  } else {
    snprintf(t->text + t->len, room, "started %d\n", http_parse_started(&p));
  }
}

static const char* const samples[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nHEAD /x?y=%41 HTTP/1.0\r\nX-Request-Id: q-1 \r\nEmpty:\r\n\r\n",
    "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: x/y\r\n"
    "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
};

enum { SAMPLES = sizeof samples / sizeof samples[0] };

static void test_parse_does_not_depend_on_the_cut(void** state) {
  trace_t whole;
  trace_t cut;
  (void) state;
  for (size_t i = 0; i < SAMPLES; i++) {
    size_t len = strlen(samples[i]);
    parse_all(samples[i], len, len, &whole);
    for (size_t step = 1; step < len; step++) {
      parse_all(samples[i], len, step, &cut);
      assert_string_equal(whole.text, cut.text);
    }
  }
}

static void test_parse_results(void** state) {
  trace_t t;
  (void) state;
  parse_all(samples[1], strlen(samples[1]), 1000, &t);
  assert_string_equal(t.text,
                      "0 1 0 /a 0 [] []\n0 1 0 /b 0 [] []\nstarted 0\n");
  parse_all(samples[2], strlen(samples[2]), 1000, &t);
  assert_string_equal(t.text, "1 0 1 /x?y=%41 0 [] [q-1]\nstarted 0\n");
  parse_all(samples[3], strlen(samples[3]), 1000, &t);
  assert_string_equal(t.text,
                      "2 1 0 /login 5 [x/y] []\n0 1 0 / 0 [] []\nstarted 0\n");
  parse_all(samples[4], strlen(samples[4]), 1000, &t);
  assert_string_equal(t.text, "2 1 0 / 6 [] []\nstarted 1\n");
  parse_all(samples[5], strlen(samples[5]), 1000, &t);
  assert_string_equal(t.text, "bad 400\n");
  parse_all(samples[6], strlen(samples[6]), 1000, &t);
  assert_string_equal(t.text, "bad 400\n");
}

/* Damaged at random, and cut at random: still one result. (A status may differ
 * where one piece shows two things wrong at once; that it is bad may not.) */
static void test_parse_damaged(void** state) {
  char text[512];
  trace_t whole;
  trace_t cut;
  (void) state;
  for (int i = 0; i < 50000; i++) {
    const char* sample = samples[next_random(SAMPLES)];
    size_t len = strlen(sample);
    memcpy(text, sample, len);
    for (unsigned n = 1 + next_random(3); n > 0; n--) {
      text[next_random((unsigned) len)] =
          next_random(2) ? (char) next_random(256)
                         : "\r\n \t:;,0aA"[next_random(10)];
    }
    parse_all(text, len, len, &whole);
    parse_all(text, len, 1 + next_random(9), &cut);
    char* bad_whole = strstr(whole.text, "bad ");
    char* bad_cut = strstr(cut.text, "bad ");
    assert_int_equal(bad_whole != NULL, bad_cut != NULL);
    if (bad_whole != NULL && bad_cut != NULL) {
      *bad_whole = *bad_cut = '\0';
    }
    assert_string_equal(whole.text, cut.text);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strbuf_is_bounded),
      cmocka_unit_test(test_json_strings),
      cmocka_unit_test(test_json_of_any_bytes),
      cmocka_unit_test(test_paths),
      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_fts_queries),
      cmocka_unit_test(test_response_head),
      cmocka_unit_test(test_users),
      cmocka_unit_test(test_parse_does_not_depend_on_the_cut),
      cmocka_unit_test(test_parse_results),
      cmocka_unit_test(test_parse_damaged),
  };
  const char* given = getenv("SEARCH_SERVER_TEST_SEED");
  seed = given == NULL ? (uint64_t) time(NULL)
                       : (uint64_t) strtoull(given, NULL, 10);
  print_message("SEARCH_SERVER_TEST_SEED=%llu\n", (unsigned long long) seed);
  if (sodium_init() < 0 || fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  fixture_end();
  return rc;
}
