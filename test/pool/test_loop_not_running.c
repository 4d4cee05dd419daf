/* The loop is stopped, polled, blocked or run late: what is due is delivered
 * when it runs, and nothing is lost. */
#include "kit.h"

enum { COUNT = 200 };

static int all_done(void* arg) {
  job_t* jobs = arg;
  for (int i = 0; i < COUNT; i++) {
    if (jobs[i].done == 0) {
      return 0;
    }
  }
  return 1;
}

/* Everything has completed before the loop runs for the first time. */
static void runs_late(void** state) {
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, NULL);
  jobs_submit(pool, jobs, COUNT);
  pool_wait_completed(pool, COUNT);
  assert_int_equal(jobs[0].done, 0);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

static void stop_loop(job_t* job) {
  uv_stop(uvpool_get_loop(uvpool_task_handle(&job->task)));
}

/* Every done stops the loop; each further run delivers more. */
static void stopped_by_every_done(void** state) {
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].in_done = stop_loop;
  }
  jobs_submit(pool, jobs, COUNT);
  while (!all_done(jobs)) {
    (void) loop_run_mode(*state, UV_RUN_DEFAULT);
  }
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* Stopped with tasks in flight, and run again when they are over. */
static void stopped_in_mid_flight(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 2);
  uv_stop(*state);
  assert_int_not_equal(loop_run_mode(*state, UV_RUN_DEFAULT), 0);
  assert_int_equal(jobs[0].done, 0);
  gate_open(&gate);
  pool_wait_completed(pool, 3);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Only ever polled. */
static void polled(void** state) {
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, NULL);
  jobs_submit(pool, jobs, COUNT);
  pool_wait_completed(pool, COUNT);
  while (loop_run_mode(*state, UV_RUN_NOWAIT) != 0) {
    continue;
  }
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* Run once at a time: each turn waits for something to deliver. */
static void once_at_a_time(void** state) {
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, NULL);
  jobs_submit(pool, jobs, COUNT);
  while (loop_run_mode(*state, UV_RUN_ONCE) != 0) {
    continue;
  }
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* A release is asked for and the loop runs only when all is over. */
static void release_is_told_late(void** state) {
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  job_t* jobs = jobs_new(COUNT, NULL);
  jobs_submit(pool, jobs, COUNT);
  pool_wait_completed(pool, COUNT);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_int_equal(end.count, 0);
  loop_run(*state);
  assert_status(end.status, 0);
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* The pool works without the loop: blocked callers are served by workers
 * alone. */
static void callers_do_not_need_the_loop(void** state) {
  enum { CALLERS = 4 };
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(CALLERS, NULL);
  caller_t callers[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    caller_start(&callers[i], pool, &jobs[i], UINT64_MAX);
  }
  for (int i = 0; i < CALLERS; i++) {
    kit_wait_until(helper_finished, &callers[i].helper, "a blocked caller");
  }
  pool_wait_completed(pool, CALLERS);
  for (int i = 0; i < CALLERS; i++) {
    assert_status(caller_join(*state, &callers[i]), 0);
  }
  for (int i = 0; i < CALLERS; i++) {
    loop_run_until(*state, job_is_done, &jobs[i], "a caller's task");
  }
  jobs_assert_ran(jobs, CALLERS);
  pool_close(*state, pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(runs_late),
      loop_test(stopped_by_every_done),
      loop_test(stopped_in_mid_flight),
      loop_test(polled),
      loop_test(once_at_a_time),
      loop_test(release_is_told_late),
      loop_test(callers_do_not_need_the_loop),
  };
  return kit_run(argc, argv, tests);
}
