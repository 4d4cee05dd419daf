/* on_task, of every kind of submit: plain, go, func, multi, submit_wait, and
 * from done callbacks. */
#include "kit.h"
#include "tracer.h"

static void nothing(void* arg) {
  (void) arg;
}

static int func_nothing(void* arg) {
  (void) arg;
  return 0;
}

/* Plain, go and func tasks; those of func and go are the pool's own. */
static void plain_go_and_func(void** state) {
  enum { COUNT = 20 };
  uvpool_options_t options = traced(2, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  uvpool_func_t* func = NULL;
  assert_status(uvpool_func_create(*state, func_nothing, &options, &func), 0);
  job_t* jobs = jobs_new(COUNT, NULL);
  jobs_submit(pool, jobs, COUNT);
  for (int i = 0; i < COUNT; i++) {
    assert_status(uvpool_go(pool, nothing, NULL), 0);
    assert_status(uvpool_func_invoke(func, NULL), 0);
  }
  loop_run(*state);
  assert_events(3 * COUNT, 0, 3 * COUNT, 3 * COUNT);
  assert_status(uvpool_func_close(func, NULL), 0);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* Callers of submit_wait: one ENQUEUE, however long they wait; a REFUSE if it
 * was in vain. */
static void submit_wait_callers(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = traced(1, 0);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  caller_t caller;
  caller_start(&caller, pool, &jobs[1], 5);
  assert_status(caller_join(*state, &caller), UV_ETIMEDOUT);
  assert_events(2, 1, 1, 0);
  caller_start_blocked(*state, &caller, pool, &jobs[2], 1);
  assert_events(3, 1, 1, 0);
  gate_open(&gate);
  assert_status(caller_join(*state, &caller), 0);
  loop_run_until(*state, job_is_done, &jobs[2], "the caller's task");
  assert_events(3, 1, 2, 2);
  loop_run(*state);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void submit_next(job_t* job) {
  if (job->arg != NULL) {
    (void) job_submit(uvpool_task_handle(&job->task), job->arg);
    job_t* next = job->arg;
    if (next->id % 10 == 0) {
      (void) uvpool_cancel(&next->task);
    }
  }
}

/* Submitted from done, where they are held, and some cancelled at once. */
static void held_submits(void** state) {
  enum { COUNT = 100 };
  uvpool_options_t options = traced(2, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(2 * COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].in_done = submit_next;
    jobs[i].arg = &jobs[COUNT + i];
  }
  jobs_submit(pool, jobs, COUNT);
  loop_run(*state);
  unsigned started = (unsigned) pool_stats(pool).started;
  assert_events(2 * COUNT, 0, started, 2 * COUNT);
  for (int i = 0; i < 2 * COUNT; i++) {
    assert_int_equal(jobs[i].done, 1);
  }
  pool_close(*state, pool);
  jobs_free(jobs);
}

typedef struct multi_caller_s {
  uvpool_multi_t* multi;
  job_t* job;
  uint64_t timeout_ms;
  int result;
} multi_caller_t;

static void multi_wait(void* arg) {
  multi_caller_t* c = arg;
  c->result = uvpool_multi_submit_wait(
      c->multi, &c->job->task, job_work, job_done, c->timeout_ms);
}

/* A multi-pool that asks one pool after the other: an accepted task was
 * enqueued once, and a refused one refused once. */
static void multi_pools(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = traced(1, 0);
  uvpool_multi_t* multi = NULL;
  assert_status(
      uvpool_multi_create(*state, 3, UVPOOL_ROUND_ROBIN, &options, &multi), 0);
  job_t* jobs = jobs_new(4, &gate);
  for (unsigned i = 0; i < 3; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
    gate_await(&gate, i + 1);
  }
  assert_events(3, 0, 3, 0);
  assert_status(multi_job_submit(multi, &jobs[3]), UV_EAGAIN);
  assert_events(4, 1, 3, 0);
  multi_caller_t waits = {multi, &jobs[3], 5, 0};
  helper_t helper;
  helper_start(&helper, multi_wait, &waits);
  helper_join(*state, &helper);
  assert_status(waits.result, UV_ETIMEDOUT);
  assert_events(5, 2, 3, 0);
  waits.timeout_ms = UINT64_MAX;
  helper_start(&helper, multi_wait, &waits);
  gate_open(&gate);
  helper_join(*state, &helper);
  assert_status(waits.result, 0);
  loop_run_until(*state, job_is_done, &jobs[3], "the caller's task");
  loop_run(*state);
  assert_events(6, 2, 4, 4);
  jobs_assert_ran(jobs, 4);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(plain_go_and_func),
      loop_test(submit_wait_callers),
      loop_test(held_submits),
      loop_test(multi_pools),
  };
  return kit_run(argc, argv, tests);
}
