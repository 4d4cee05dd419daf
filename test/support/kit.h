/* The test kit in one include: cmocka with what it needs, libuv, uvpool, and
 * the helpers of this directory.
 *
 * Only the test thread asserts. cmocka keeps its state per thread: an assertion
 * that fails on a worker ends the whole process without a word. Workers record
 * (recorder.h, job.h), the test thread looks at the record. */
#ifndef UVPOOL_TEST_KIT_H
#define UVPOOL_TEST_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <uv.h>
#include <uvpool.h>

#include "gate.h"
#include "helper.h"
#include "job.h"
#include "loop.h"
#include "multi.h"
#include "pool.h"
#include "recorder.h"

/* How long anything may take before a test gives up with a message. It is no
 * assertion on speed: it only has to lie well beyond the slowest machine and
 * below the time limit of the test runner. */
#ifndef KIT_WATCHDOG_MS
#define KIT_WATCHDOG_MS 60000u
#endif

/* Fails, naming both codes, unless `actual` is `expected`. */
#define assert_status(actual, expected)                                        \
  kit_assert_status((actual), (expected), #actual, __FILE__, __LINE__)

void kit_assert_status(int64_t actual,
                       int64_t expected,
                       const char* expression,
                       const char* file,
                       int line);

/* Waits for `condition(arg)` without running a loop; fails after the watchdog
 * time, saying that it waited for `what`. Thread: test. */
void kit_wait_until(int (*condition)(void* arg), void* arg, const char* what);

/* What main of every test program does: runs the tests, or those whose names
 * match the pattern on the command line; --help says so. Returns the number of
 * failures. `tests` must be an array. */
#define kit_run(argc, argv, tests)                                             \
  (kit_options((argc), (argv)) ? 0 : cmocka_run_group_tests(tests, NULL, NULL))

/* Reads the command line; true if that was all there is to do. */
int kit_options(int argc, char** argv);

#define KIT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__SANITIZE_THREAD__)
#define KIT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KIT_TSAN 1
#endif
#endif
#ifndef KIT_TSAN
#define KIT_TSAN 0
#endif

#endif /* UVPOOL_TEST_KIT_H */
