/* Opening and closing the multi-pool under test. Thread: test, all. */
#ifndef UVPOOL_TEST_MULTI_H
#define UVPOOL_TEST_MULTI_H

#include <uvpool.h>

#include "job.h"

/* Default options with this capacity and max_waiting for each pool. Asserts
 * success. */
uvpool_multi_t* multi_open(uv_loop_t* loop,
                           int64_t count,
                           uvpool_strategy_t strategy,
                           int64_t capacity,
                           int64_t max_waiting);

/* Closes it and runs the loop until that ends by itself; asserts that the close
 * callback came once, and not inside the call. */
void multi_close(uv_loop_t* loop, uvpool_multi_t* multi);

/* Submits by uvpool_multi_submit. Thread: any. */
int multi_job_submit(uvpool_multi_t* multi, job_t* job);

/* Submits `count` jobs and waits until all stand at their gate. */
void multi_occupy(uvpool_multi_t* multi, job_t* jobs, int count);

/* The index of the pool that has taken the job. */
int64_t multi_index_of(uvpool_multi_t* multi, const job_t* job);

/* The end of a release_timeout or drain; the multi-pool's data must point at
 * it. */
typedef struct multi_end_s {
  int count; /* callbacks so far */
  int status;
  size_t late_count;
  size_t late[16];
} multi_end_t;

void multi_on_release(uvpool_multi_t* multi,
                      int status,
                      const size_t* late,
                      size_t late_count);

/* Was it called? `end` is a multi_end_t*. */
int multi_is_released(void* end);

#endif /* UVPOOL_TEST_MULTI_H */
