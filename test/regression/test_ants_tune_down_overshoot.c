/* ants, up to 2.11: after a lower capacity idle workers stayed and were still
 * handed out, so that ten idle workers tuned to two ran ten tasks at once.
 *
 * Here idle workers beyond the capacity leave at once, and a task starts only
 * while fewer are busy than the capacity. */
#include "kit.h"

enum { WIDE = 10, NARROW = 2 };

/* Ten idle workers, tuned to two, with ten tasks at once. */
static void ten_idle_workers_tuned_to_two(void** state) {
  for (int round = 0; round < 20; round++) {
    gate_t gate;
    gate_init(&gate);
    gauge_t gauge;
    gauge_init(&gauge);
    uvpool_options_t options = pool_options(WIDE, UVPOOL_UNLIMITED);
    options.flags = UVPOOL_NO_PURGE;
    uvpool_t* pool = pool_open_with(*state, &options);
    job_t* jobs = jobs_new(2 * WIDE, &gate);
    pool_occupy(pool, jobs, WIDE);
    gate_open(&gate);
    loop_run(*state);
    pool_await_idle(*state, pool, WIDE);
    assert_status(uvpool_tune(pool, NARROW), 0);
    for (int i = WIDE; i < 2 * WIDE; i++) {
      jobs[i].gauge = &gauge;
    }
    jobs_submit(pool, &jobs[WIDE], WIDE);
    loop_run(*state);
    jobs_assert_ran(jobs, 2 * WIDE);
    assert_true(gauge_most(&gauge) <= NARROW);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(ten_idle_workers_tuned_to_two),
  };
  return kit_run(argc, argv, tests);
}
