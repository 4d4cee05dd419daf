/* User code never runs under a lock, so that every callback may call whatever
 * its thread allows; nothing deadlocks and nothing is confused. */
#include "kit.h"

/* Counts the calls that did not return what they must. */
typedef struct calls_s {
  uvpool_t* pool;
  job_t* spare; /* a task that is not in flight */
  int callbacks;
  int wrong;
} calls_t;

static void expect(calls_t* calls, int64_t actual, int64_t expected) {
  calls->wrong += actual != expected;
}

/* What any thread may ask at any time. */
static void ask_figures(calls_t* calls) {
  uvpool_stats_t stats;
  uvpool_t* pool = calls->pool;
  expect(calls, uvpool_stats(pool, &stats), 0);
  calls->wrong += uvpool_workers(pool) < 0;
  calls->wrong += uvpool_busy(pool) < 0;
  calls->wrong += uvpool_idle(pool) < 0;
  calls->wrong += uvpool_waiting(pool) < 0;
  calls->wrong += uvpool_available(pool) < 0;
  calls->wrong += uvpool_capacity(pool) < 1;
  calls->wrong += uvpool_is_closed(pool) < 0;
}

/* What the loop thread may do with an open pool. */
static void use_open_pool(calls_t* calls) {
  calls->callbacks++;
  ask_figures(calls);
  expect(calls, uvpool_tune(calls->pool, 3), 0);
  expect(calls, uvpool_tune(calls->pool, 2), 0);
  expect(calls, uvpool_reboot(calls->pool), 0);
  expect(calls, uvpool_cancel(&calls->spare->task), UV_EINVAL);
  if (calls->spare->done == 0) {
    expect(calls, job_submit(calls->pool, calls->spare), 0);
    expect(calls, job_submit(calls->pool, calls->spare), UV_EALREADY);
  }
}

static calls_t open_calls(uv_loop_t* loop, uvpool_options_t options) {
  calls_t calls = {.spare = jobs_new(1, NULL)};
  calls.pool = pool_open_with(loop, &options);
  uvpool_task_init(&calls.spare->task);
  return calls;
}

static void close_calls(uv_loop_t* loop, calls_t* calls) {
  assert_int_equal(calls->wrong, 0);
  assert_int_equal(calls->callbacks, 1);
  pool_close(loop, calls->pool);
  jobs_free(calls->spare);
}

static void in_done(job_t* job) {
  use_open_pool(job->arg);
}

/* From done. */
static void from_done(void** state) {
  calls_t calls = open_calls(*state, pool_options(2, 8));
  job_t job;
  job_init(&job, 0);
  job.in_done = in_done;
  job.arg = &calls;
  jobs_submit(calls.pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  job_assert_ran(calls.spare);
  close_calls(*state, &calls);
}

static void in_work(job_t* job) {
  calls_t* calls = job->arg;
  calls->callbacks++;
  ask_figures(calls);
  expect(calls, uvpool_tune(calls->pool, 2), 0);
  expect(calls, uvpool_cancel(&job->task), UV_EBUSY);
  expect(calls, job_submit(calls->pool, job), UV_EALREADY);
  expect(calls, uvpool_reboot(calls->pool), UV_EPERM);
  expect(calls, uvpool_close(calls->pool, NULL), UV_EPERM);
  expect(calls, uvpool_ref(calls->pool), UV_EPERM);
}

/* From work; what is for the loop thread says so. */
static void from_work(void** state) {
  calls_t calls = open_calls(*state, pool_options(1, 8));
  job_t job;
  job_init(&job, 0);
  job.in_work = in_work;
  job.arg = &calls;
  jobs_submit(calls.pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  close_calls(*state, &calls);
}

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason) {
  calls_t* calls = uvpool_get_data(pool);
  (void) reason;
  /* Its done has not been entered: it is in flight still. */
  expect(calls, uvpool_cancel(task), UV_EBUSY);
  use_open_pool(calls);
}

/* From on_panic. */
static void from_on_panic(void** state) {
  uvpool_options_t options = pool_options(1, 8);
  options.on_panic = on_panic;
  calls_t calls = open_calls(*state, options);
  uvpool_set_data(calls.pool, &calls);
  job_t job;
  job_init(&job, 0);
  job.in_work = job_panic;
  jobs_submit(calls.pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  job_assert_ran(calls.spare);
  close_calls(*state, &calls);
}

static void on_log(uvpool_t* pool, const char* message) {
  (void) message;
  use_open_pool(uvpool_get_data(pool));
}

/* From on_log. */
static void from_on_log(void** state) {
  uvpool_options_t options = pool_options(1, 8);
  options.on_log = on_log;
  calls_t calls = open_calls(*state, options);
  uvpool_set_data(calls.pool, &calls);
  job_t job;
  job_init(&job, 0);
  job.in_work = job_panic;
  jobs_submit(calls.pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  job_assert_ran(calls.spare);
  close_calls(*state, &calls);
}

static void on_drain(uvpool_t* pool) {
  use_open_pool(uvpool_get_data(pool));
}

/* From on_drain. */
static void from_on_drain(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(1, 0);
  options.on_drain = on_drain;
  calls_t calls = open_calls(*state, options);
  uvpool_set_data(calls.pool, &calls);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(calls.pool, jobs, 1);
  assert_status(job_submit(calls.pool, &jobs[1]), UV_EAGAIN);
  gate_open(&gate);
  loop_run_until(*state, job_is_done, calls.spare, "the task of on_drain");
  loop_run(*state);
  job_assert_ran(calls.spare);
  close_calls(*state, &calls);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void on_release(uvpool_t* pool, int status) {
  calls_t* calls = uvpool_get_data(pool);
  expect(calls, status, 0);
  ask_figures(calls);
  expect(calls, uvpool_release(pool), 0);
  expect(calls, uvpool_tune(pool, 2), UV_ESHUTDOWN);
  expect(calls, job_submit(pool, calls->spare), UV_ESHUTDOWN);
  expect(calls, uvpool_reboot(pool), 0);
  use_open_pool(calls);
}

/* From the release callback. */
static void from_release(void** state) {
  calls_t calls = open_calls(*state, pool_options(1, 8));
  uvpool_set_data(calls.pool, &calls);
  assert_status(uvpool_release_timeout(calls.pool, UINT64_MAX, on_release), 0);
  loop_run(*state);
  job_assert_ran(calls.spare);
  close_calls(*state, &calls);
}

static void on_close(uvpool_t* pool) {
  calls_t* calls = uvpool_get_data(pool);
  calls->callbacks++;
  ask_figures(calls);
  expect(calls, uvpool_is_closed(pool), 1);
  expect(calls, uvpool_close(pool, NULL), UV_EALREADY);
  expect(calls, uvpool_tune(pool, 2), UV_ESHUTDOWN);
  expect(calls, uvpool_reboot(pool), UV_ESHUTDOWN);
  expect(calls, job_submit(pool, calls->spare), UV_ESHUTDOWN);
}

/* From close_cb, in which the handle is still valid. */
static void from_close(void** state) {
  calls_t calls = open_calls(*state, pool_options(1, 8));
  uvpool_set_data(calls.pool, &calls);
  assert_status(uvpool_close(calls.pool, on_close), 0);
  loop_run(*state);
  assert_int_equal(calls.callbacks, 1);
  assert_int_equal(calls.wrong, 0);
  jobs_free(calls.spare);
}

static void stop_hook(void* data, void* worker_data) {
  calls_t* calls = data;
  (void) worker_data;
  calls->callbacks++;
  ask_figures(calls);
  expect(calls, uvpool_release(calls->pool), 0);
}

/* From on_worker_stop, on the worker's thread. */
static void from_worker_stop(void** state) {
  calls_t calls = {.spare = NULL};
  uvpool_options_t options = pool_options(1, 8);
  options.on_worker_stop = stop_hook;
  options.data = &calls;
  calls.pool = pool_open_with(*state, &options);
  job_t job;
  job_init(&job, 0);
  jobs_submit(calls.pool, &job, 1);
  loop_run(*state);
  pool_close(*state, calls.pool);
  assert_int_equal(calls.callbacks, 1);
  assert_int_equal(calls.wrong, 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(from_done),
      loop_test(from_work),
      loop_test(from_on_panic),
      loop_test(from_on_log),
      loop_test(from_on_drain),
      loop_test(from_release),
      loop_test(from_close),
      loop_test(from_worker_stop),
  };
  return kit_run(argc, argv, tests);
}
