/* ants #202: callers blocked for a worker were not woken by a release.
 * ants #297: when they were, they reported overload, not the closed pool.
 *
 * Here every blocked caller leaves with UV_ESHUTDOWN, also one that was just
 * about to block, and its task is never touched. */
#include "kit.h"

enum { CALLERS = 3, ROUNDS = 150 };

/* Callers block at the moment of the release; the only worker is held. */
static void release_meets_callers(void** state) {
  for (int round = 0; round < ROUNDS; round++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = pool_open(*state, 1, 0);
    job_t* jobs = jobs_new(1 + CALLERS, &gate);
    caller_t callers[CALLERS];
    pool_occupy(pool, jobs, 1);
    for (int i = 0; i < CALLERS; i++) {
      caller_start(&callers[i], pool, &jobs[1 + i], UINT64_MAX);
    }
    assert_status(uvpool_release(pool), 0);
    for (int i = 0; i < CALLERS; i++) {
      assert_status(caller_join(*state, &callers[i]), UV_ESHUTDOWN);
      job_assert_untouched(&jobs[1 + i]);
    }
    gate_open(&gate);
    loop_run(*state);
    job_assert_ran(&jobs[0]);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(release_meets_callers),
  };
  return kit_run(argc, argv, tests);
}
