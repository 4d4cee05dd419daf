/* Bad arguments are refused by every way of submitting; nothing is called and
 * nothing kept. */
#include "kit.h"

static void go_nowhere(void* arg) {
  *(int*) arg = 1;
}

/* uvpool_submit wants a handle, a task, a work and a done. */
static void submit_refuses_null(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_submit(NULL, &job.task, job_work, job_done), UV_EINVAL);
  assert_status(uvpool_submit(pool, NULL, job_work, job_done), UV_EINVAL);
  assert_status(uvpool_submit(pool, &job.task, NULL, job_done), UV_EINVAL);
  assert_status(uvpool_submit(pool, &job.task, job_work, NULL), UV_EINVAL);
  assert_int_equal(uv_loop_alive(*state), 0);
  loop_run(*state);
  job_assert_untouched(&job);
  assert_int_equal(pool_stats(pool).accepted, 0);
  assert_int_equal(pool_stats(pool).refused, 0);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

typedef struct wait_einval_s {
  uvpool_t* pool;
  job_t* job;
  int results[4];
} wait_einval_t;

static void wait_with_null(void* arg) {
  wait_einval_t* w = arg;
  uvpool_task_t* task = &w->job->task;
  w->results[0] = uvpool_submit_wait(NULL, task, job_work, job_done, 0);
  w->results[1] = uvpool_submit_wait(w->pool, NULL, job_work, job_done, 0);
  w->results[2] = uvpool_submit_wait(w->pool, task, NULL, job_done, 0);
  w->results[3] = uvpool_submit_wait(w->pool, task, job_work, NULL, 0);
}

/* uvpool_submit_wait likewise. */
static void submit_wait_refuses_null(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  wait_einval_t w = {.pool = pool, .job = &job};
  helper_t helper;
  helper_start(&helper, wait_with_null, &w);
  helper_join(*state, &helper);
  for (size_t i = 0; i < KIT_COUNT(w.results); i++) {
    assert_status(w.results[i], UV_EINVAL);
  }
  job_assert_untouched(&job);
  pool_close(*state, pool);
}

/* uvpool_go wants a handle and a function; its argument may be NULL. */
static void go_refuses_null(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  int called = 0;
  assert_status(uvpool_go(NULL, go_nowhere, &called), UV_EINVAL);
  assert_status(uvpool_go(pool, NULL, &called), UV_EINVAL);
  loop_run(*state);
  assert_int_equal(called, 0);
  pool_close(*state, pool);
}

/* The calls on a task. */
static void task_calls_refuse_null(void** state) {
  (void) state;
  assert_status(uvpool_cancel(NULL), UV_EINVAL);
  assert_null(uvpool_task_handle(NULL));
  assert_int_equal(uvpool_task_started(NULL), 0);
  assert_int_equal(uvpool_task_is_cancelled(NULL), 0);
}

static void on_release(uvpool_t* pool, int status) {
  (void) pool;
  (void) status;
  fail_msg("called for a refused request");
}

/* The calls on a handle. */
static void handle_calls_refuse_null(void** state) {
  (void) state;
  uvpool_stats_t stats;
  assert_status(uvpool_close(NULL, NULL), UV_EINVAL);
  assert_status(uvpool_release(NULL), UV_EINVAL);
  assert_status(uvpool_release_timeout(NULL, 0, on_release), UV_EINVAL);
  assert_status(uvpool_drain(NULL, 0, on_release), UV_EINVAL);
  assert_status(uvpool_reboot(NULL), UV_EINVAL);
  assert_status(uvpool_tune(NULL, 1), UV_EINVAL);
  assert_status(uvpool_capacity(NULL), UV_EINVAL);
  assert_status(uvpool_workers(NULL), UV_EINVAL);
  assert_status(uvpool_busy(NULL), UV_EINVAL);
  assert_status(uvpool_idle(NULL), UV_EINVAL);
  assert_status(uvpool_waiting(NULL), UV_EINVAL);
  assert_status(uvpool_available(NULL), UV_EINVAL);
  assert_status(uvpool_is_closed(NULL), UV_EINVAL);
  assert_status(uvpool_ref(NULL), UV_EINVAL);
  assert_status(uvpool_unref(NULL), UV_EINVAL);
  assert_status(uvpool_stats(NULL, &stats), UV_EINVAL);
}

/* Release and drain want a callback. */
static void end_calls_want_a_callback(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_release_timeout(pool, 0, NULL), UV_EINVAL);
  assert_status(uvpool_drain(pool, 0, NULL), UV_EINVAL);
  assert_int_equal(uvpool_is_closed(pool), 0);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(submit_refuses_null),
      loop_test(submit_wait_refuses_null),
      loop_test(go_refuses_null),
      cmocka_unit_test(task_calls_refuse_null),
      cmocka_unit_test(handle_calls_refuse_null),
      loop_test(end_calls_want_a_callback),
  };
  return kit_run(argc, argv, tests);
}
