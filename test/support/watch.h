/* A watchdog over progress: the loop runs on the test thread for as long as
 * there is work, and the test fails if for a second nothing is completed.
 *
 * It sits on a thread of its own and leaves the loop alone while all is well: a
 * timer on the loop would wake it again and again, and so hide a wake-up that
 * the library has lost. */
#ifndef UVPOOL_TEST_WATCH_H
#define UVPOOL_TEST_WATCH_H

#include <stdatomic.h>
#include <uv.h>
#include <uvpool.h>

/* Must outlive a failing test: static memory, zero before its first use. */
typedef struct watch_s {
  /* Set by the test before watch_run, constant during it. */
  uvpool_t* pool;            /* whose figures are told when it stalls */
  int (*is_over)(void* arg); /* is nothing pending any more? any thread */
  void* arg;                 /* for is_over */
  const char* what;          /* that is waited for */

  atomic_long progress; /* whoever completes something adds to it */

  atomic_int stalled; /* watching thread */
  uv_async_t stop;    /* test thread; the watching thread sends it once */
} watch_t;

/* Runs the loop until is_over(arg), with the pool ref'd, so that it need not
 * end by itself before; then until it does. Fails if there is no progress for a
 * second. Thread: test. */
void watch_run(uv_loop_t* loop, watch_t* watch);

#endif /* UVPOOL_TEST_WATCH_H */
