/* ants #210 (and #205): a caller blocked for a worker was not woken by a higher
 * capacity; the cure stored and signalled without the lock, and could miss a
 * caller that was just about to sleep.
 *
 * Here the capacity changes under the lock that callers sleep by. */
#include "kit.h"

enum { ROUNDS = 300 };

static void tune_to_2(void* pool) {
  (void) uvpool_tune(pool, 2);
}

/* The capacity grows at the moment at which a caller blocks. Nothing else ever
 * makes room: the first worker is held throughout. */
static void tune_meets_a_caller(void** state) {
  for (int round = 0; round < ROUNDS; round++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = pool_open(*state, 1, 0);
    job_t* jobs = jobs_new(2, &gate);
    pool_occupy(pool, jobs, 1);
    caller_t caller;
    helper_t tuner;
    caller_start(&caller, pool, &jobs[1], UINT64_MAX);
    helper_start(&tuner, tune_to_2, pool);
    helper_join(*state, &tuner);
    assert_status(caller_join(*state, &caller), 0);
    gate_await(&gate, 2);
    gate_open(&gate);
    loop_run_until(*state, job_is_done, &jobs[1], "the caller's task");
    loop_run(*state);
    jobs_assert_ran(jobs, 2);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(tune_meets_a_caller),
  };
  return kit_run(argc, argv, tests);
}
