/* uvpool_drain: like a release that is waited for, but what waits is run. */
#include "kit.h"

#include <string.h>

/* A pool of one worker held by jobs[0], with the others waiting. */
typedef struct drained_s {
  gate_t gate;
  recorder_t recorder;
  pool_end_t end;
  uvpool_t* pool;
  job_t* jobs;
  int count;
} drained_t;

static void drained_open(drained_t* d, uv_loop_t* loop, int count) {
  gate_init(&d->gate);
  recorder_init(&d->recorder);
  d->end = (pool_end_t) {.recorder = &d->recorder};
  d->count = count;
  d->pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  uvpool_set_data(d->pool, &d->end);
  d->jobs = jobs_new(count, &d->gate);
  for (int i = 0; i < count; i++) {
    d->jobs[i].recorder = &d->recorder;
  }
  pool_occupy(d->pool, d->jobs, 1);
  jobs_submit(d->pool, &d->jobs[1], count - 1);
}

static void drained_close(drained_t* d, uv_loop_t* loop) {
  gate_open(&d->gate);
  pool_close(loop, d->pool);
  jobs_free(d->jobs);
  gate_destroy(&d->gate);
}

/* All that waits is run, then the callback gets 0, then nothing. */
static void runs_what_waits(void** state) {
  drained_t d;
  drained_open(&d, *state, 6);
  assert_status(uvpool_drain(d.pool, UINT64_MAX, pool_on_release), 0);
  assert_int_equal(uvpool_is_closed(d.pool), 1);
  assert_int_equal(uvpool_waiting(d.pool), 5);
  gate_open(&d.gate);
  loop_run(*state);
  jobs_assert_ran(d.jobs, 6);
  assert_int_equal(d.end.count, 1);
  assert_status(d.end.status, 0);
  assert_int_equal(recorder_count(&d.recorder, "done"), 6);
  const char* text = recorder_text(&d.recorder);
  assert_string_equal(text + strlen(text) - 9, "release:0");
  assert_int_equal(uvpool_workers(d.pool), 0);
  drained_close(&d, *state);
}

/* New work is refused from the first moment on, also from done and work. */
static void takes_no_new_work(void** state) {
  drained_t d;
  drained_open(&d, *state, 2);
  job_t job;
  job_init(&job, 99);
  assert_status(uvpool_drain(d.pool, UINT64_MAX, pool_on_release), 0);
  assert_status(job_submit(d.pool, &job), UV_ESHUTDOWN);
  assert_status(uvpool_tune(d.pool, 2), UV_ESHUTDOWN);
  assert_status(uvpool_reboot(d.pool), UV_EBUSY);
  gate_open(&d.gate);
  loop_run(*state);
  jobs_assert_ran(d.jobs, 2);
  job_assert_untouched(&job);
  assert_status(job_submit(d.pool, &job), UV_ESHUTDOWN);
  drained_close(&d, *state);
}

/* More workers than one: what waits when the drain begins starts new ones. */
static void uses_all_workers(void** state) {
  gate_t gate;
  gate_init(&gate);
  pool_end_t end = {0};
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  uvpool_set_data(pool, &end);
  job_t* jobs = jobs_new(8, &gate);
  jobs_submit(pool, jobs, 8);
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  gate_await(&gate, 4);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 8);
  assert_status(end.status, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* What waits may still be cancelled. */
static void cancel_still_works(void** state) {
  drained_t d;
  drained_open(&d, *state, 3);
  assert_status(uvpool_drain(d.pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_cancel(&d.jobs[1].task), 0);
  gate_open(&d.gate);
  loop_run(*state);
  job_assert_ran(&d.jobs[0]);
  job_assert_dropped(&d.jobs[1], UV_ECANCELED);
  job_assert_ran(&d.jobs[2]);
  assert_status(d.end.status, 0);
  drained_close(&d, *state);
}

/* A pool with nothing to do is drained at once, but not inside the call. */
static void of_an_empty_pool(void** state) {
  pool_end_t end = {0};
  uvpool_t* pool = pool_open(*state, 2, 0);
  uvpool_set_data(pool, &end);
  assert_status(uvpool_drain(pool, 0, pool_on_release), 0);
  assert_int_equal(end.count, 0);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  pool_close(*state, pool);
}

/* A released pool: it only waits for the rest. */
static void after_release(void** state) {
  drained_t d;
  drained_open(&d, *state, 3);
  assert_status(uvpool_release(d.pool), 0);
  assert_status(uvpool_drain(d.pool, UINT64_MAX, pool_on_release), 0);
  gate_open(&d.gate);
  loop_run(*state);
  job_assert_ran(&d.jobs[0]);
  jobs_assert_dropped(&d.jobs[1], 2, UV_ECANCELED);
  assert_int_equal(d.end.count, 1);
  assert_status(d.end.status, 0);
  drained_close(&d, *state);
}

/* While one is pending, another is refused. */
static void one_at_a_time(void** state) {
  drained_t d;
  drained_open(&d, *state, 2);
  assert_status(uvpool_drain(d.pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_drain(d.pool, 0, pool_on_release), UV_EALREADY);
  assert_status(uvpool_release_timeout(d.pool, 0, pool_on_release),
                UV_EALREADY);
  assert_int_equal(uvpool_waiting(d.pool), 1);
  gate_open(&d.gate);
  loop_run(*state);
  jobs_assert_ran(d.jobs, 2);
  assert_int_equal(d.end.count, 1);
  drained_close(&d, *state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(runs_what_waits),
      loop_test(takes_no_new_work),
      loop_test(uses_all_workers),
      loop_test(cancel_still_works),
      loop_test(of_an_empty_pool),
      loop_test(after_release),
      loop_test(one_at_a_time),
  };
  return kit_run(argc, argv, tests);
}
