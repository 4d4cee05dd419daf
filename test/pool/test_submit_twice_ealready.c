/* A task in flight that is submitted again: UV_EALREADY, and the first flight
 * is unharmed. */
#include "kit.h"

typedef struct twice_s {
  gate_t gate;
  uvpool_t* pool;
  job_t* jobs; /* 0 runs, 1 waits */
} twice_t;

static void twice_open(twice_t* t, uv_loop_t* loop, int initialised) {
  gate_init(&t->gate);
  t->pool = pool_open(loop, 1, 8);
  t->jobs = jobs_new(2, &t->gate);
  for (int i = 0; i < 2 && initialised; i++) {
    uvpool_task_init(&t->jobs[i].task);
  }
  pool_occupy(t->pool, t->jobs, 1);
  jobs_submit(t->pool, &t->jobs[1], 1);
}

static void twice_close(twice_t* t, uv_loop_t* loop) {
  gate_open(&t->gate);
  loop_run(loop);
  jobs_assert_ran(t->jobs, 2);
  assert_int_equal(pool_stats(t->pool).accepted, 2);
  pool_close(loop, t->pool);
  jobs_free(t->jobs);
  gate_destroy(&t->gate);
}

static void check_twice(uv_loop_t* loop, int initialised) {
  twice_t t;
  twice_open(&t, loop, initialised);
  for (int i = 0; i < 2; i++) {
    assert_status(job_submit(t.pool, &t.jobs[i]), UV_EALREADY);
    assert_ptr_equal(t.jobs[i].task.data, &t.jobs[i]);
  }
  assert_int_equal(uvpool_waiting(t.pool), 1);
  twice_close(&t, loop);
}

/* Waiting or running, with memory of any content. */
static void refuses_uninitialised_tasks(void** state) {
  check_twice(*state, 0);
}

/* Waiting or running, after uvpool_task_init. */
static void refuses_initialised_tasks(void** state) {
  check_twice(*state, 1);
}

/* A task whose work is over but whose done has not come is still in flight. */
static void refuses_before_done(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  job_t job;
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  pool_wait_completed(pool, 1);
  assert_status(job_submit(pool, &job), UV_EALREADY);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

/* A cancelled task is in flight until its done. */
static void refuses_cancelled_before_done(void** state) {
  twice_t t;
  twice_open(&t, *state, 1);
  assert_status(uvpool_cancel(&t.jobs[1].task), 0);
  assert_status(job_submit(t.pool, &t.jobs[1]), UV_EALREADY);
  gate_open(&t.gate);
  loop_run(*state);
  job_assert_ran(&t.jobs[0]);
  job_assert_dropped(&t.jobs[1], UV_ECANCELED);
  pool_close(*state, t.pool);
  jobs_free(t.jobs);
  gate_destroy(&t.gate);
}

/* In flight on one pool, submitted to another: refused there too. */
static void refuses_on_another_pool(void** state) {
  twice_t t;
  twice_open(&t, *state, 1);
  uvpool_t* other = pool_open(*state, 1, 8);
  for (int i = 0; i < 2; i++) {
    assert_status(job_submit(other, &t.jobs[i]), UV_EALREADY);
  }
  assert_int_equal(pool_stats(other).accepted, 0);
  twice_close(&t, *state);
  pool_close(*state, other);
}

/* The blocking submit refuses too, at once, also when there is no room. */
static void submit_wait_refuses(void** state) {
  twice_t t;
  twice_open(&t, *state, 1);
  caller_t caller;
  caller_start(&caller, t.pool, &t.jobs[1], UINT64_MAX);
  assert_status(caller_join(*state, &caller), UV_EALREADY);
  twice_close(&t, *state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(refuses_uninitialised_tasks),
      loop_test(refuses_initialised_tasks),
      loop_test(refuses_before_done),
      loop_test(refuses_cancelled_before_done),
      loop_test(refuses_on_another_pool),
      loop_test(submit_wait_refuses),
  };
  return kit_run(argc, argv, tests);
}
