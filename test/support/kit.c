/* Assertions and waits of the kit that need no loop. */
#include "kit.h"

#include <stdio.h>
#include <string.h>

static const char* status_name(int64_t status) {
  if (status == 0) {
    return "0";
  }
  if (status > 0 || status < INT32_MIN) {
    return "a number";
  }
  return uvpool_err_name((int) status);
}

void kit_assert_status(int64_t actual,
                       int64_t expected,
                       const char* expression,
                       const char* file,
                       int line) {
  if (actual == expected) {
    return;
  }
  print_error("%s is %lld (%s), not %lld (%s)\n",
              expression,
              (long long) actual,
              status_name(actual),
              (long long) expected,
              status_name(expected));
  _fail(file, line);
}

void kit_wait_until(int (*condition)(void* arg), void* arg, const char* what) {
  uint64_t deadline = uv_hrtime() + KIT_WATCHDOG_MS * UINT64_C(1000000);
  while (!condition(arg)) {
    if (uv_hrtime() > deadline) {
      fail_msg("waited in vain for %s", what);
    }
    uv_sleep(1);
  }
}

int kit_options(int argc, char** argv) {
  if (argc < 2) {
    return 0;
  }
  if (strcmp(argv[1], "--help") == 0) {
    printf(
        "usage: %s [pattern]\n"
        "Runs its tests, or those whose names match the pattern, in which\n"
        "* stands for any text and ? for any character.\n",
        argv[0]);
    return 1;
  }
  cmocka_set_test_filter(argv[1]);
  return 0;
}
