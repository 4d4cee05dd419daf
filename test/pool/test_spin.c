/* spin_us: polling changes when things happen, and nothing else. */
#include "kit.h"

enum { SPIN_US = 200 };

static uvpool_t* open_spinning(uv_loop_t* loop) {
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.spin_us = SPIN_US;
  return pool_open_with(loop, &options);
}

/* ---- The loop's other business ------------------------------------------- */

/* Loop thread: one task that is submitted again by its own done, for ever,
 * until a timer has fired often enough. */
static uvpool_t* pool;
static int fired;

enum { ENOUGH = 20 };

static int no_work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void again(uvpool_task_t* task, int status) {
  assert_int_equal(status, 0);
  if (fired < ENOUGH) {
    assert_status(uvpool_submit(pool, task, no_work, again), 0);
  }
}

static void on_timer(uv_timer_t* timer) {
  if (++fired == ENOUGH) {
    uv_close((uv_handle_t*) timer, NULL);
  }
}

/* Round trips that never give the loop a reason to sleep leave it its
 * timers. */
static void the_loop_has_its_turns(void** state) {
  uv_timer_t timer;
  uvpool_task_t task;
  fired = 0;
  pool = open_spinning(*state);
  assert_int_equal(uv_timer_init(*state, &timer), 0);
  assert_int_equal(uv_timer_start(&timer, on_timer, 1, 1), 0);
  assert_status(uvpool_submit(pool, &task, no_work, again), 0);
  loop_run(*state);
  assert_int_equal(fired, ENOUGH);
  pool_close(*state, pool);
}

/* ---- Nothing is lost ----------------------------------------------------- */

/* Round trips with pauses around the time of polling: before, while and after
 * somebody polls. */
static void no_completion_is_missed(void** state) {
  enum { ROUNDS = 3000 };
  pool = open_spinning(*state);
  job_t* job = jobs_new(1, NULL);
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t until_ns = uv_hrtime() + (uint64_t) (i % 7) * SPIN_US * 1000u / 4;
    assert_status(job_submit(pool, job), 0);
    loop_run(*state);
    while (uv_hrtime() < until_ns) {
    }
  }
  assert_int_equal(pool_stats(pool).completed, ROUNDS);
  pool_close(*state, pool);
  jobs_free(job);
}

/* A drain, whose tasks and threads end while its loop polls, comes to its
 * end. */
static void the_end_is_not_missed(void** state) {
  for (int i = 0; i < 100; i++) {
    pool_end_t end = {0};
    pool = open_spinning(*state);
    uvpool_set_data(pool, &end);
    job_t* jobs = jobs_new(10, NULL);
    jobs_submit(pool, jobs, 10);
    assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
    loop_run(*state);
    assert_status(end.status, 0);
    assert_int_equal(end.count, 1);
    jobs_assert_ran(jobs, 10);
    pool_close(*state, pool);
    jobs_free(jobs);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_loop_has_its_turns),
      loop_test(no_completion_is_missed),
      loop_test(the_end_is_not_missed),
  };
  return kit_run(argc, argv, tests);
}
