/* A program that closes every handle it finds by uv_walk closes the pool's
 * inner handles too, and nothing tells the pool. That only suspends delivery:
 * uvpool_close is still due and still does all that it promises. */
#include "kit.h"

static int closed;

static void on_close(uvpool_t* pool) {
  (void) pool;
  closed++;
}

static void close_pool(uv_loop_t* loop, uvpool_t* pool) {
  closed = 0;
  assert_status(uvpool_close(pool, on_close), 0);
  assert_int_equal(closed, 0);
  loop_run(loop);
  assert_int_equal(closed, 1);
}

/* An unused pool. */
static void unused(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 0);
  loop_close_all(*state);
  loop_run(*state);
  close_pool(*state, pool);
}

/* The inner handles are still closing when uvpool_close comes. */
static void while_still_closing(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 0);
  loop_close_all(*state);
  close_pool(*state, pool);
}

/* Idle workers with running timers. */
static void with_idle_workers(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.min_workers = 2;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t job;
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  loop_close_all(*state);
  loop_run(*state);
  close_pool(*state, pool);
}

/* Tasks run, wait and are over: each gets its done once, by uvpool_close. */
static void with_tasks(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(5, &gate);
  jobs_submit(pool, jobs, 5);
  gate_admit(&gate, 2);
  gate_await(&gate, 3);
  loop_close_all(*state);
  loop_turn(*state, 3);
  assert_status(uvpool_close(pool, on_close), 0);
  closed = 0;
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(closed, 1);
  jobs_assert_ran(jobs, 3);
  jobs_assert_dropped(&jobs[3], 2, UV_ECANCELED);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* The loop has ended, all works have too, and only then uvpool_close comes. */
static void with_results_that_nobody_could_deliver(void** state) {
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(6, NULL);
  jobs_submit(pool, jobs, 6);
  loop_close_all(*state);
  pool_wait_completed(pool, 6);
  loop_run(*state);
  close_pool(*state, pool);
  jobs_assert_ran(jobs, 6);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(unused),
      loop_test(while_still_closing),
      loop_test(with_idle_workers),
      loop_test(with_tasks),
      loop_test(with_results_that_nobody_could_deliver),
  };
  return kit_run(argc, argv, tests);
}
