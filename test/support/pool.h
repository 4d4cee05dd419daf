/* Opening, watching and closing the pool under test. Thread: test, all. */
#ifndef UVPOOL_TEST_POOL_H
#define UVPOOL_TEST_POOL_H

#include <uv.h>
#include <uvpool.h>

#include "job.h"

/* Default options with this capacity and max_waiting. */
uvpool_options_t pool_options(int64_t capacity, int64_t max_waiting);

/* A pool with such options, or with these. Asserts success. */
uvpool_t* pool_open(uv_loop_t* loop, int64_t capacity, int64_t max_waiting);
uvpool_t* pool_open_with(uv_loop_t* loop, const uvpool_options_t* options);

/* Closes the handle and runs the loop until it ends by itself; asserts that the
 * close callback came once, and not inside the call. */
void pool_close(uv_loop_t* loop, uvpool_t* pool);

/* A snapshot; asserts that the sum rule holds. */
uvpool_stats_t pool_stats(uvpool_t* pool);

/* Submits `count` jobs and waits until all stand at their gate. */
void pool_occupy(uvpool_t* pool, job_t* jobs, int count);

/* Makes the pool have `count` workers, all parked. It must have no task, room
 * for so many, and not purge. */
void pool_warm(uv_loop_t* loop, uvpool_t* pool, int count);

/* An on_panic for tests in which panics are no surprise. */
void pool_ignore_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason);

/* Runs the loop until so many callers are inside uvpool_submit_wait; until so
 * many worker threads live; until so many are parked. */
void pool_await_blocked(uv_loop_t* loop, uvpool_t* pool, uint64_t count);
void pool_await_workers(uv_loop_t* loop, uvpool_t* pool, int64_t count);
void pool_await_idle(uv_loop_t* loop, uvpool_t* pool, int64_t count);

/* Waits, without running the loop, until so many works have returned. */
void pool_wait_completed(uvpool_t* pool, uint64_t count);

/* The end of a uvpool_release_timeout or uvpool_drain, as seen by the callback
 * below; the handle's data must point at it. */
typedef struct pool_end_s {
  int count; /* callbacks so far */
  int status;
  recorder_t* recorder; /* hears "release" with the status; may be NULL */
} pool_end_t;

void pool_on_release(uvpool_t* pool, int status);

/* Was the callback called? `end` is a pool_end_t*. */
int pool_is_released(void* end);

#endif /* UVPOOL_TEST_POOL_H */
