/* ants #287 (and #212, #263, #264, #323): what purged and kept the time went on
 * after a release, or outlived it for a while.
 *
 * Here, when a release reports its end, no thread is left and no timer runs;
 * after the close nothing is left at all. */
#include "kit.h"

static int threads_at_end;
static int timers_at_end;

static void note_what_is_left(uvpool_t* pool, int status) {
  pool_on_release(pool, status);
  threads_at_end = process_threads();
  timers_at_end = loop_active_timers(uvpool_get_loop(pool));
}

static int few_threads(void* before) {
  return process_threads() <= *(int*) before;
}

/* With idle workers that were about to expire. */
static void nothing_is_left(void** state) {
  int before = process_threads();
  for (int round = 0; round < 20; round++) {
    uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
    options.expiry_ms = 1 + round;
    uvpool_t* pool = pool_open_with(*state, &options);
    pool_end_t end = {0};
    uvpool_set_data(pool, &end);
    job_t* jobs = jobs_new(8, NULL);
    jobs_submit(pool, jobs, 8);
    loop_run(*state);
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, note_what_is_left),
                  0);
    loop_run(*state);
    assert_int_equal(end.count, 1);
    assert_int_equal(timers_at_end, 0);
    if (threads_at_end > before) { /* a joined thread may linger in the list */
      loop_run_until(*state, few_threads, &before, "the threads to be gone");
    }
    pool_close(*state, pool);
    assert_int_equal(loop_handles(*state), 0);
    jobs_free(jobs);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(nothing_is_left),
  };
  return kit_run(argc, argv, tests);
}
