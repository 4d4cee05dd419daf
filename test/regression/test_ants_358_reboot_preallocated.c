/* ants #358 (and #360): the release of a preallocated pool cut its ring of
 * workers to nothing, and the first task after a reboot crashed.
 *
 * Here a preallocated pool lives as often as any other. */
#include "kit.h"

enum { COUNT = 1000 };

static atomic_int sum;

static void add_id(job_t* job) {
  atomic_fetch_add(&sum, job->id);
}

static void check_sum(uv_loop_t* loop, uvpool_t* pool) {
  atomic_store(&sum, 0);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].in_work = add_id;
  }
  jobs_submit(pool, jobs, COUNT);
  loop_run(loop);
  jobs_assert_ran(jobs, COUNT);
  assert_int_equal(atomic_load(&sum), 499500);
  jobs_free(jobs);
}

/* The sum of 0 to 999, before and after each of several reboots. */
static void sums_before_and_after_reboot(void** state) {
  uvpool_options_t options = pool_options(10, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_PREALLOC;
  uvpool_t* pool = pool_open_with(*state, &options);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  for (int life = 1; life <= 5; life++) {
    check_sum(*state, pool);
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
    loop_run(*state);
    assert_int_equal(end.count, life);
    assert_status(uvpool_reboot(pool), 0);
  }
  check_sum(*state, pool);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(sums_before_and_after_reboot),
  };
  return kit_run(argc, argv, tests);
}
