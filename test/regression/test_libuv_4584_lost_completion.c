/* libuv #4584: uv_async_send begins with an unordered look at its own flag, so
 * that a result published just before it may go unnoticed.
 *
 * Here the pool has a flag of its own. The loop in this test sleeps with
 * nothing to wake it but the completions, two at a time, so that the second
 * often meets the loop at work on the first. */
#include "kit.h"

enum { ROUNDS = 20000 };

static int expected;
static int dones;

static void stop_after_both(job_t* job) {
  if (++dones == expected) {
    uv_stop(uvpool_get_loop(uvpool_task_handle(&job->task)));
  }
}

static void submit_second(job_t* job) {
  (void) job_submit(uvpool_task_handle(&job->task), job->arg);
}

/* Both from the loop. */
static void two_at_a_time(void** state) {
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(2, NULL);
  for (int i = 0; i < ROUNDS; i++) {
    jobs_submit(pool, jobs, 2);
    loop_run(*state);
    assert_int_equal(jobs[0].done, i + 1);
    assert_int_equal(jobs[1].done, i + 1);
  }
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* The second from the work of the first: the loop does not know of it. */
static void the_second_from_a_worker(void** state) {
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(2, NULL);
  jobs[0].in_work = submit_second;
  jobs[0].arg = &jobs[1];
  jobs[0].in_done = stop_after_both;
  jobs[1].in_done = stop_after_both;
  expected = 0;
  dones = 0;
  assert_status(uvpool_ref(pool), 0);
  for (int i = 0; i < ROUNDS; i++) {
    expected += 2;
    jobs_submit(pool, jobs, 1);
    (void) loop_run_mode(*state, UV_RUN_DEFAULT);
    assert_int_equal(dones, expected);
  }
  assert_status(uvpool_unref(pool), 0);
  pool_close(*state, pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(two_at_a_time),
      loop_test(the_second_from_a_worker),
  };
  return kit_run(argc, argv, tests);
}
