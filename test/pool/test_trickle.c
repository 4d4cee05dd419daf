/* Few tasks for many warm workers: what is not needed expires, though every
 * task could have been given to another one. With a ring as with a stack. */
#include "kit.h"

enum { WARM = 20, TASKS_PER_SECOND = 50 };

typedef struct trickle_s {
  uvpool_t* pool;
  uv_timer_t timer;
  job_t job;
} trickle_t;

static void on_timer(uv_timer_t* timer) {
  trickle_t* trickle = timer->data;
  if (trickle->job.done > 0 || trickle->job.id < 0) {
    job_init(&trickle->job, 0);
    assert_status(job_submit(trickle->pool, &trickle->job), 0);
  }
}

static int surplus_is_gone(void* arg) {
  trickle_t* trickle = arg;
  return uvpool_workers(trickle->pool) <= 2;
}

static void surplus_expires(void** state, uint32_t flags) {
  trickle_t trickle;
  uvpool_options_t options = pool_options(WARM, UVPOOL_UNLIMITED);
  options.flags = flags;
  options.expiry_ms = 800; /* each is used again in time, in turn */
  trickle.pool = pool_open_with(*state, &options);
  job_init(&trickle.job, -1);
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(WARM, &gate);
  pool_occupy(trickle.pool, jobs, WARM);
  gate_open(&gate);
  assert_int_equal(uvpool_workers(trickle.pool), WARM);
  assert_int_equal(uv_timer_init(*state, &trickle.timer), 0);
  trickle.timer.data = &trickle;
  uv_timer_start(&trickle.timer,
                 on_timer,
                 1000 / TASKS_PER_SECOND,
                 1000 / TASKS_PER_SECOND);
  loop_run_until(*state, surplus_is_gone, &trickle, "the surplus to expire");
  loop_close_handle(*state, (uv_handle_t*) &trickle.timer);
  loop_run(*state);
  jobs_assert_ran(jobs, WARM);
  pool_close(*state, trickle.pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void of_a_stack(void** state) {
  surplus_expires(state, 0);
}

static void of_a_ring(void** state) {
  surplus_expires(state, UVPOOL_PREALLOC);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(of_a_stack),
      loop_test(of_a_ring),
  };
  return kit_run(argc, argv, tests);
}
