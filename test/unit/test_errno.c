/* errno.c: names and texts of our own codes, and libuv's for all others. */
#include <stdlib.h>
#include <string.h>

#include "kit.h"

typedef struct code_s {
  int number;
  const char* name;
  const char* text;
} code_t;

static const code_t own_codes[] = {
#define XX(name, number, text) {UVPOOL_##name, #name, text},
    UVPOOL_ERRNO_MAP(XX)
#undef XX
};

static const code_t libuv_codes[] = {
#define XX(name, text) {UV_##name, #name, text},
    UV_ERRNO_MAP(XX)
#undef XX
};

/* Each code of the list has its name and its text. */
static void own_codes_have_names_and_texts(void** state) {
  (void) state;
  for (size_t i = 0; i < KIT_COUNT(own_codes); i++) {
    assert_string_equal(uvpool_err_name(own_codes[i].number),
                        own_codes[i].name);
    assert_string_equal(uvpool_strerror(own_codes[i].number),
                        own_codes[i].text);
  }
}

/* The numbers are part of the ABI. */
static void numbers_are_fixed(void** state) {
  (void) state;
  assert_int_equal(UVPOOL_EPANIC, -10001);
  assert_string_equal(uvpool_err_name(-10001), "EPANIC");
}

/* Every code of libuv keeps the name and the text that libuv gives it. */
static void libuv_codes_fall_through(void** state) {
  (void) state;
  for (size_t i = 0; i < KIT_COUNT(libuv_codes); i++) {
    assert_string_equal(uvpool_err_name(libuv_codes[i].number),
                        libuv_codes[i].name);
    assert_string_equal(uvpool_strerror(libuv_codes[i].number),
                        libuv_codes[i].text);
  }
}

/* A status can always be told apart: no code of libuv is one of ours. */
static void ranges_are_apart(void** state) {
  (void) state;
  for (size_t i = 0; i < KIT_COUNT(libuv_codes); i++) {
    assert_true(libuv_codes[i].number > UVPOOL_ERRNO_LAST);
  }
  for (size_t i = 0; i < KIT_COUNT(own_codes); i++) {
    assert_true(own_codes[i].number < UVPOOL_ERRNO_LAST);
  }
}

/* A code that nobody knows still has a text. libuv formats it into memory that
 * it never frees; the test does. */
static void unknown_codes_have_a_text(void** state) {
  (void) state;
  const char* name = uvpool_err_name(-123456);
  const char* text = uvpool_strerror(-123456);
  assert_non_null(strstr(name, "-123456"));
  assert_non_null(strstr(text, "-123456"));
  free((void*) name);
  free((void*) text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_codes_have_names_and_texts),
      cmocka_unit_test(numbers_are_fixed),
      cmocka_unit_test(libuv_codes_fall_through),
      cmocka_unit_test(ranges_are_apart),
      cmocka_unit_test(unknown_codes_have_a_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
