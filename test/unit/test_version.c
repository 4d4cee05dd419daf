/* version.c: number and text, of the library and of the headers, agree. */
#include <stdio.h>

#include "kit.h"

/* Headers and library of one build have the same number. */
static void library_matches_headers(void** state) {
  (void) state;
  assert_int_equal(uvpool_version(), UVPOOL_VERSION_HEX);
}

/* The number is made of three bytes: major, minor, patch. */
static void number_has_three_bytes(void** state) {
  (void) state;
  unsigned version = uvpool_version();
  assert_int_equal(version >> 16, UVPOOL_VERSION_MAJOR);
  assert_int_equal((version >> 8) & 0xff, UVPOOL_VERSION_MINOR);
  assert_int_equal(version & 0xff, UVPOOL_VERSION_PATCH);
}

/* The text says what the number says. */
static void text_matches_number(void** state) {
  (void) state;
  char text[32];
  unsigned version = uvpool_version();
  snprintf(text,
           sizeof(text),
           "%u.%u.%u",
           version >> 16,
           (version >> 8) & 0xff,
           version & 0xff);
  assert_string_equal(uvpool_version_string(), text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(library_matches_headers),
      cmocka_unit_test(number_has_three_bytes),
      cmocka_unit_test(text_matches_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
