/* GET /search: what is found, what is not, and what cannot be done with it. */
#include "test_support.h"

#include <stdio.h>
#include <string.h>

#include "json_check.h"

static test_server_t server;
static char body[CLIENT_BUFFER];

static int setup(void** state) {
  (void) state;
  server_start(&server, NULL);
  return 0;
}

/* Searches for `q`, percent-encoded, with further parameters; the status. */
static int search(const char* q, const char* more) {
  char target[2048] = "/search?q=";
  size_t n = strlen(target);
  for (; *q != '\0' && n < 1800; q++) {
    n += (size_t) snprintf(
        target + n, sizeof target - n, "%%%02x", (unsigned) (unsigned char) *q);
  }
  snprintf(target + n, sizeof target - n, "%s", more);
  int status = request(server.port, target, body, sizeof body);
  if (!json_is_valid(body)) {
    fail_msg("not JSON: %s", body);
  }
  return status;
}

static int count_results(void) {
  int count = 0;
  for (const char* p = body; (p = strstr(p, "{\"path\":")) != NULL; p++) {
    count++;
  }
  return count;
}

static int found(const char* q) {
  assert_int_equal(search(q, ""), 200);
  return count_results();
}

static void test_found(void** state) {
  (void) state;
  assert_int_equal(found("fox"), 1);
  assert_non_null(strstr(body, "/plain.txt\""));
  assert_non_null(strstr(body, "quick brown fox"));
  assert_non_null(strstr(body, "\"query\":\"fox\""));
  assert_non_null(strstr(body, "\"count\":1}"));
  assert_int_equal(found("FOX lazy"), 1);
  assert_int_equal(found("fox needle"), 0);
  assert_int_equal(found("deepword"), 1);
  assert_int_equal(found("caf\xc3\xa9"), 1);
}

static void test_not_indexed(void** state) {
  (void) state;
  assert_int_equal(found("binaryword"), 0);
  assert_int_equal(found("hugeword"), 0);
  assert_int_equal(found("hiddenword"), 0);
  assert_int_equal(found("root"), 0); /* of /etc/passwd, behind a link */
}

/* Names and contents with quotes, backslashes, control characters and bytes
 * that are not UTF-8 come out as JSON; json_is_valid has looked at each
 * answer. */
static void test_names_that_break_json(void** state) {
  (void) state;
  assert_int_equal(found("needle"), 5);
  assert_non_null(strstr(body, "quote\\\"back\\\\slash.txt"));
  assert_non_null(strstr(body, "new\\nline\\ttab\\u0001.txt"));
  assert_non_null(strstr(body, "not-utf8-\\ufffd"));
  assert_non_null(strstr(body, "utf8-\xc3\xa9\xe2\x82\xac.txt"));
}

static void test_query_syntax_is_text(void** state) {
  static const char* const queries[] = {
      "\"",
      "\"\"",
      "\"needle",
      "needle\"",
      "AND",
      "OR",
      "NOT needle",
      "needle OR fox",
      "NEAR(needle fox)",
      "NEAR(needle, 5)",
      "needle*",
      "*",
      "^needle",
      "path:needle",
      "body : needle",
      "{path body} : x",
      "-needle",
      "needle + fox",
      "(",
      ")",
      "(needle",
      "'",
      "'; DROP TABLE docs; --",
      "\" UNION SELECT sql FROM sqlite_master --",
      "docs MATCH 'x'",
      "?1",
      "@x",
      "%",
      "\\",
      "\t\n\r needle",
      "caf\xe9",
      "\xff\xfe",
      "\xf0\x9f\x92\xa9",
      ";",
      ",",
      ".",
      "<script>",
      "rank",
      "NULL",
  };
  (void) state;
  for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
    if (search(queries[i], "") != 200) {
      fail_msg("query %zu is answered: %s", i, body);
    }
  }
  assert_int_equal(found("needle"), 5);
}

static void test_operators_do_not_operate(void** state) {
  (void) state;
  assert_int_equal(found("needle OR fox"), 0);
  assert_int_equal(found("need*"), 0);
  assert_int_equal(found("NOT fox"), 0);
}

static void test_limit(void** state) {
  (void) state;
  assert_int_equal(search("needle", "&limit=2"), 200);
  assert_int_equal(count_results(), 2);
  assert_int_equal(search("needle", "&limit=0"), 400);
  assert_int_equal(search("needle", "&limit=-1"), 400);
  assert_int_equal(search("needle", "&limit=+1"), 400);
  assert_int_equal(search("needle", "&limit=2x"), 400);
  assert_int_equal(search("needle", "&limit="), 400);
  assert_int_equal(search("needle", "&limit=11"), 400);
  assert_int_equal(search("needle", "&limit=99999999999999999999"), 400);
}

static void test_bad_queries(void** state) {
  char many[64] = "";
  char long_query[400];
  (void) state;
  assert_int_equal(request(server.port, "/search", NULL, 0), 400);
  assert_int_equal(request(server.port, "/search?", NULL, 0), 400);
  assert_int_equal(request(server.port, "/search?Q=a", NULL, 0), 400);
  assert_int_equal(search("", ""), 400);
  assert_int_equal(search("  \t ", ""), 400);
  for (int i = 0; i < 17; i++) {
    strcat(many, "a ");
  }
  assert_int_equal(search(many, ""), 400);
  memset(long_query, 'a', sizeof long_query);
  long_query[257] = '\0';
  assert_int_equal(search(long_query, ""), 400);
  long_query[256] = '\0';
  assert_int_equal(search(long_query, ""), 200);
}

/* Quotes double in the query for SQLite: the longest text of the most terms. */
static void test_longest_query(void** state) {
  char q[257];
  (void) state;
  memset(q, '"', 256);
  for (int i = 1; i < 16; i++) {
    q[i * 16] = ' ';
  }
  q[256] = '\0';
  assert_int_equal(search(q, ""), 200);
}

/* The last test, since cmocka does not count a group's teardown that fails:
 * whatever went before, nothing has leaked and the server ends well. */
static void test_end(void** state) {
  (void) state;
  server_stop(&server);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_found),
      cmocka_unit_test(test_not_indexed),
      cmocka_unit_test(test_names_that_break_json),
      cmocka_unit_test(test_query_syntax_is_text),
      cmocka_unit_test(test_operators_do_not_operate),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_bad_queries),
      cmocka_unit_test(test_longest_query),
      cmocka_unit_test(test_end),
  };
  if (fixture_init(argc, argv) != 0) {
    return 1;
  }
  int rc = cmocka_run_group_tests(tests, setup, NULL);
  fixture_end();
  return rc;
}
