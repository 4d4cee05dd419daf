/* A thread of the test: it runs one function and is joined within bounds. */
#ifndef UVPOOL_TEST_HELPER_H
#define UVPOOL_TEST_HELPER_H

#include <stdatomic.h>
#include <uv.h>
#include <uvpool.h>

#include "job.h"

typedef struct helper_s {
  uv_thread_t thread;
  void (*run)(void* arg);
  void* arg;
  atomic_int finished; /* set by the thread at its very end */
} helper_t;

/* Starts `run(arg)` on a new thread. Thread: test. */
void helper_start(helper_t* helper, void (*run)(void* arg), void* arg);

/* Has the function returned? `helper` is a helper_t*. */
int helper_finished(void* helper);

/* Runs the loop until the function has returned, then joins; fails the test
 * after the watchdog time. Thread: test. */
void helper_join(uv_loop_t* loop, helper_t* helper);

/* A thread that is inside uvpool_submit_wait with one job. */
typedef struct caller_s {
  helper_t helper;
  uvpool_t* pool;
  job_t* job;
  uint64_t timeout_ms;
  int result; /* read after caller_join */
} caller_t;

void caller_start(caller_t* caller,
                  uvpool_t* pool,
                  job_t* job,
                  uint64_t timeout_ms);

/* As above, and returns once the caller is seen blocked as the `nth`. */
void caller_start_blocked(uv_loop_t* loop,
                          caller_t* caller,
                          uvpool_t* pool,
                          job_t* job,
                          unsigned nth);

/* Joins it and returns what uvpool_submit_wait returned. */
int caller_join(uv_loop_t* loop, caller_t* caller);

#endif /* UVPOOL_TEST_HELPER_H */
