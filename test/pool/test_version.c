/* The version of the linked library is that of its headers. */
#include "kit.h"

#include <stdio.h>

/* As a number. */
static void number(void** state) {
  (void) state;
  assert_int_equal(uvpool_version(), UVPOOL_VERSION_HEX);
  assert_int_equal(uvpool_version() >> 16, UVPOOL_VERSION_MAJOR);
  assert_int_equal((uvpool_version() >> 8) & 0xff, UVPOOL_VERSION_MINOR);
  assert_int_equal(uvpool_version() & 0xff, UVPOOL_VERSION_PATCH);
}

/* As text. */
static void text(void** state) {
  char expected[64];
  (void) state;
  snprintf(expected,
           sizeof(expected),
           "%d.%d.%d",
           UVPOOL_VERSION_MAJOR,
           UVPOOL_VERSION_MINOR,
           UVPOOL_VERSION_PATCH);
  assert_string_equal(uvpool_version_string(), expected);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(number),
      cmocka_unit_test(text),
  };
  return kit_run(argc, argv, tests);
}
