/* uvpool_strerror and uvpool_err_name: our own codes and libuv's. */
#include "kit.h"

#include <string.h>

/* Our own codes have the names and texts of the one list. */
static void own_codes(void** state) {
  (void) state;
#define XX(name, number, text)                                                 \
  assert_int_equal(UVPOOL_##name, number);                                     \
  assert_string_equal(uvpool_err_name(UVPOOL_##name), #name);                  \
  assert_string_equal(uvpool_strerror(UVPOOL_##name), text);
  UVPOOL_ERRNO_MAP(XX)
#undef XX
}

/* libuv's fall through. */
static void libuv_codes(void** state) {
  (void) state;
#define XX(name, text)                                                         \
  assert_string_equal(uvpool_err_name(UV_##name), #name);                      \
  assert_string_equal(uvpool_strerror(UV_##name), uv_strerror(UV_##name));
  UV_ERRNO_MAP(XX)
#undef XX
}

/* No own code is one of libuv's, nor positive, nor 0. */
static void own_codes_lie_outside_of_libuvs(void** state) {
  (void) state;
#define OWN(own_name, own_number, own_text)                                    \
  assert_true((own_number) < UVPOOL_ERRNO_LAST);                               \
  UV_ERRNO_MAP(LIBUV)
#define LIBUV(name, text) assert_int_not_equal(UV_##name, UVPOOL_EPANIC);
  UVPOOL_ERRNO_MAP(OWN)
#undef LIBUV
#undef OWN
}

/* A code that nobody knows has some name and some text. libuv leaks a few bytes
 * for each, which are kept here in sight of leak checkers. */
static void unknown_codes(void** state) {
  static const int unknown[] = {-12345, -10002, 1, INT32_MIN, INT32_MAX};
  static const char* kept[2 * KIT_COUNT(unknown)];
  (void) state;
  for (size_t i = 0; i < KIT_COUNT(unknown); i++) {
    kept[2 * i] = uvpool_strerror(unknown[i]);
    kept[2 * i + 1] = uvpool_err_name(unknown[i]);
  }
  for (size_t i = 0; i < KIT_COUNT(kept); i++) {
    assert_non_null(kept[i]);
    assert_true(strlen(kept[i]) > 0);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_codes),
      cmocka_unit_test(libuv_codes),
      cmocka_unit_test(own_codes_lie_outside_of_libuvs),
      cmocka_unit_test(unknown_codes),
  };
  return kit_run(argc, argv, tests);
}
