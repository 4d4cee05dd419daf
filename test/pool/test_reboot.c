/* uvpool_reboot: a fully released pool opens again, as it was. */
#include "kit.h"

static void release_and_wait(uv_loop_t* loop, uvpool_t* pool) {
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  loop_run(loop);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
}

static int reboots(void* pool) {
  return uvpool_reboot(pool) == 0;
}

static void run_some(uv_loop_t* loop, uvpool_t* pool, int count) {
  if (count == 0) {
    return;
  }
  job_t* jobs = jobs_new(count, NULL);
  jobs_submit(pool, jobs, count);
  loop_run(loop);
  jobs_assert_ran(jobs, count);
  jobs_free(jobs);
}

/* On an open pool it returns 0 and does nothing. */
static void of_an_open_pool(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 1);
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_busy(pool), 1);
  assert_int_equal(uvpool_waiting(pool), 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A pool that never did anything is fully released at once. */
static void of_an_unused_pool(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 8);
  assert_status(uvpool_release(pool), 0);
  assert_int_equal(uvpool_is_closed(pool), 1);
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_is_closed(pool), 0);
  run_some(*state, pool, 4);
  pool_close(*state, pool);
}

/* Capacity, bound and figures are those from before. */
static void keeps_capacity_and_options(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, 1);
  run_some(*state, pool, 1);
  release_and_wait(*state, pool);
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_capacity(pool), 2);
  assert_int_equal(uvpool_workers(pool), 0);
  job_t* jobs = jobs_new(4, &gate);
  jobs_submit(pool, jobs, 3);
  assert_status(job_submit(pool, &jobs[3]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  assert_int_equal(pool_stats(pool).accepted, 4);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A tuned capacity stays tuned. */
static void keeps_a_tuned_capacity(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 8);
  assert_status(uvpool_tune(pool, 5), 0);
  release_and_wait(*state, pool);
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_capacity(pool), 5);
  pool_close(*state, pool);
}

/* UV_EBUSY while a worker is still there; once it is gone and its done has
 * been, 0, though nobody waited by callback. */
static void ebusy_while_a_worker_is_there(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  assert_status(uvpool_release(pool), 0);
  assert_status(uvpool_reboot(pool), UV_EBUSY);
  assert_status(uvpool_reboot(pool), UV_EBUSY);
  assert_int_equal(uvpool_is_closed(pool), 1);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&job);
  loop_run_until(*state, reboots, pool, "the reboot to succeed");
  run_some(*state, pool, 1);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* UV_EBUSY while a done is still to come. */
static void ebusy_while_a_done_is_to_come(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 1);
  assert_status(uvpool_release(pool), 0);
  gate_open(&gate);
  pool_wait_completed(pool, 1);
  assert_status(uvpool_reboot(pool), UV_EBUSY);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  job_assert_dropped(&jobs[1], UV_ECANCELED);
  loop_run_until(*state, reboots, pool, "the reboot to succeed");
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A second reboot finds an open pool. */
static void twice(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  run_some(*state, pool, 1);
  release_and_wait(*state, pool);
  assert_status(uvpool_reboot(pool), 0);
  assert_status(uvpool_reboot(pool), 0);
  run_some(*state, pool, 3);
  pool_close(*state, pool);
}

/* After a release that timed out: UV_EBUSY, then 0 after one that did not. */
static void after_a_timeout(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  assert_status(uvpool_release_timeout(pool, 0, pool_on_release), 0);
  loop_run_until(*state, pool_is_released, &end, "the timeout");
  assert_status(end.status, UV_ETIMEDOUT);
  assert_status(uvpool_reboot(pool), UV_EBUSY);
  gate_open(&gate);
  release_and_wait(*state, pool);
  assert_status(uvpool_reboot(pool), 0);
  run_some(*state, pool, 1);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

static int reboot_result;

static void reboot_in_callback(uvpool_t* pool, int status) {
  pool_on_release(pool, status);
  reboot_result = uvpool_reboot(pool);
}

/* From inside the release callback the pool may be opened at once. */
static void from_the_release_callback(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 8);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  run_some(*state, pool, 4);
  for (int i = 0; i < 5; i++) {
    reboot_result = 1;
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, reboot_in_callback),
                  0);
    loop_run(*state);
    assert_int_equal(end.count, i + 1);
    assert_status(end.status, 0);
    assert_status(reboot_result, 0);
    run_some(*state, pool, 4);
  }
  pool_close(*state, pool);
}

/* Many lives, with any number of workers, also preallocated. */
static void many_times_in_a_row(void** state) {
  static const uint32_t flags[] = {
      0, UVPOOL_NO_PURGE, UVPOOL_PREALLOC, UVPOOL_PREALLOC | UVPOOL_NO_PURGE};
  for (size_t i = 0; i < KIT_COUNT(flags); i++) {
    uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
    options.flags = flags[i];
    uvpool_t* pool = pool_open_with(*state, &options);
    for (int life = 0; life < 60; life++) {
      run_some(*state, pool, life % 7);
      release_and_wait(*state, pool);
      assert_int_equal(uvpool_workers(pool), 0);
      assert_status(uvpool_reboot(pool), 0);
    }
    run_some(*state, pool, 20);
    pool_close(*state, pool);
  }
}

/* After a drain. */
static void after_a_drain(void** state) {
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  job_t* jobs = jobs_new(10, NULL);
  jobs_submit(pool, jobs, 10);
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  loop_run(*state);
  jobs_assert_ran(jobs, 10);
  assert_status(end.status, 0);
  assert_status(uvpool_reboot(pool), 0);
  run_some(*state, pool, 10);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* The workers to be kept are started again. */
static void starts_min_workers_again(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.min_workers = 2;
  uvpool_t* pool = pool_open_with(*state, &options);
  release_and_wait(*state, pool);
  assert_int_equal(uvpool_workers(pool), 0);
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_workers(pool), 2);
  run_some(*state, pool, 1);
  pool_close(*state, pool);
}

/* On a closing handle: UV_ESHUTDOWN. */
static void eshutdown_when_closing(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_status(uvpool_close(pool, NULL), 0);
  assert_status(uvpool_reboot(pool), UV_ESHUTDOWN);
  loop_run(*state);
}

typedef struct elsewhere_s {
  uvpool_t* pool;
  int result;
} elsewhere_t;

static void reboot_elsewhere(void* arg) {
  elsewhere_t* e = arg;
  e->result = uvpool_reboot(e->pool);
}

/* Only on the loop thread. */
static void eperm_on_another_thread(void** state) {
  elsewhere_t e = {pool_open(*state, 1, 0), 1};
  assert_status(uvpool_release(e.pool), 0);
  helper_t helper;
  helper_start(&helper, reboot_elsewhere, &e);
  helper_join(*state, &helper);
  assert_status(e.result, UV_EPERM);
  assert_int_equal(uvpool_is_closed(e.pool), 1);
  pool_close(*state, e.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(of_an_open_pool),
      loop_test(of_an_unused_pool),
      loop_test(keeps_capacity_and_options),
      loop_test(keeps_a_tuned_capacity),
      loop_test(ebusy_while_a_worker_is_there),
      loop_test(ebusy_while_a_done_is_to_come),
      loop_test(twice),
      loop_test(after_a_timeout),
      loop_test(from_the_release_callback),
      loop_test(many_times_in_a_row),
      loop_test(after_a_drain),
      loop_test(starts_min_workers_again),
      loop_test(eshutdown_when_closing),
      loop_test(eperm_on_another_thread),
  };
  return kit_run(argc, argv, tests);
}
