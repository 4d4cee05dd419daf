/* ants #113: a worker that had just finished saw the pool open, and parked
 * itself after the release had gone through the idle ones: it slept for ever,
 * and whoever waited for the release too.
 *
 * Here a worker looks and parks under the same lock that the release takes. */
#include "kit.h"

enum { WORKERS = 4, ROUNDS = 200 };

static void release_elsewhere(void* pool) {
  (void) uvpool_release(pool);
}

/* Workers finish at the moment of a release from another thread. */
static void works_end_as_the_pool_is_released(void** state) {
  for (int round = 0; round < ROUNDS; round++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_options_t options = pool_options(WORKERS, UVPOOL_UNLIMITED);
    options.flags = UVPOOL_NO_PURGE;
    uvpool_t* pool = pool_open_with(*state, &options);
    pool_end_t end = {0};
    uvpool_set_data(pool, &end);
    job_t* jobs = jobs_new(WORKERS, &gate);
    pool_occupy(pool, jobs, WORKERS);
    helper_t helper;
    helper_start(&helper, release_elsewhere, pool);
    gate_open(&gate);
    helper_join(*state, &helper);
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
    loop_run(*state);
    assert_status(end.status, 0);
    assert_int_equal(uvpool_workers(pool), 0);
    jobs_assert_ran(jobs, WORKERS);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(works_end_as_the_pool_is_released),
  };
  return kit_run(argc, argv, tests);
}
