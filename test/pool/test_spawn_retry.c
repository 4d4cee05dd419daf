/* Accepted tasks that no thread is left for: the last worker has panicked and
 * none can be started. They are not lost: the pool tries again by
 * itself until one starts or it is released. */
#include "fault_thread.h"
#include "kit.h"

static void need_faults(void) {
  if (!fault_thread_works()) {
    skip();
  }
}

/* A pool whose only worker is about to panic with tasks behind it, and whose
 * next threads will fail. */
static uvpool_t* open_stranded(uv_loop_t* loop,
                               gate_t* gate,
                               job_t* jobs,
                               int count,
                               int failures) {
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.on_panic = pool_ignore_panic;
  uvpool_t* pool = pool_open_with(loop, &options);
  jobs[0].in_work = job_panic;
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], count - 1);
  fault_thread_fail(1, failures);
  gate_open(gate);
  return pool;
}

/* The last worker is gone, tasks wait, threads fail for a while: the pool tries
 * again by itself until one starts. Nobody helps. */
static void accepted_tasks_are_retried(void** state) {
  need_faults();
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(6, &gate);
  uvpool_t* pool = open_stranded(*state, &gate, jobs, 6, 3);
  loop_run(*state);
  assert_status(jobs[0].status, UVPOOL_EPANIC);
  jobs_assert_ran(&jobs[1], 5);
  assert_int_equal(fault_thread_failed(), 3);
  assert_int_equal(pool_stats(pool).spawn_failures, 3);
  pool_close(*state, pool);
  fault_thread_clear();
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* They stay accepted as long as it takes, and the loop stays alive for them. */
static void accepted_tasks_keep_waiting(void** state) {
  need_faults();
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(3, &gate);
  uvpool_t* pool = open_stranded(*state, &gate, jobs, 3, FAULT_THREAD_FOREVER);
  loop_run_until(*state, job_is_done, &jobs[0], "the task that panicked");
  pool_await_workers(*state, pool, 0);
  loop_run_for(*state, 50);
  assert_int_equal(uvpool_waiting(pool), 2);
  assert_int_not_equal(uv_loop_alive(*state), 0);
  assert_int_equal(jobs[1].done, 0);
  fault_thread_clear();
  loop_run(*state);
  jobs_assert_ran(&jobs[1], 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A release ends the retrying and cancels them; so does a close. */
static void the_end_cancels_stranded_tasks(void** state) {
  need_faults();
  for (int close = 0; close < 2; close++) {
    gate_t gate;
    gate_init(&gate);
    job_t* jobs = jobs_new(3, &gate);
    uvpool_t* pool =
        open_stranded(*state, &gate, jobs, 3, FAULT_THREAD_FOREVER);
    loop_run_until(*state, job_is_done, &jobs[0], "the task that panicked");
    assert_status(close ? uvpool_close(pool, NULL) : uvpool_release(pool), 0);
    loop_run(*state);
    jobs_assert_dropped(&jobs[1], 2, UV_ECANCELED);
    if (!close) {
      pool_close(*state, pool);
    }
    fault_thread_clear();
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* A drain goes on retrying. */
static void a_drain_runs_stranded_tasks(void** state) {
  need_faults();
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(3, &gate);
  uvpool_t* pool = open_stranded(*state, &gate, jobs, 3, FAULT_THREAD_FOREVER);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  loop_run_until(*state, job_is_done, &jobs[0], "the task that panicked");
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  loop_run_for(*state, 20);
  assert_int_equal(end.count, 0);
  fault_thread_clear();
  loop_run(*state);
  assert_status(end.status, 0);
  jobs_assert_ran(&jobs[1], 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A caller already blocked when the last worker panics and no other can be
 * started is served once one can; no release needed. */
static void a_blocked_caller_is_not_stranded(void** state) {
  need_faults();
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(1, 0);
  options.on_panic = pool_ignore_panic;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(2, &gate);
  jobs[0].in_work = job_panic;
  pool_occupy(pool, jobs, 1);
  caller_t caller;
  caller_start_blocked(*state, &caller, pool, &jobs[1], 1);
  fault_thread_fail(1, 3);
  gate_open(&gate);
  int rc = caller_join(*state, &caller);
  assert_true(rc == 0 || rc == UV_EAGAIN);
  if (rc == 0) {
    loop_run_until(*state, job_is_done, &jobs[1], "the caller's task");
    job_assert_ran(&jobs[1]);
  } else {
    job_assert_untouched(&jobs[1]);
  }
  fault_thread_clear();
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(accepted_tasks_are_retried),
      loop_test(accepted_tasks_keep_waiting),
      loop_test(the_end_cancels_stranded_tasks),
      loop_test(a_drain_runs_stranded_tasks),
      loop_test(a_blocked_caller_is_not_stranded),
  };
  return kit_run(argc, argv, tests);
}
