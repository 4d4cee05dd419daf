/* on_drain: after a refused submit, one call on the loop when there is room
 * again. */
#include "kit.h"

typedef struct drains_s {
  int count;
  int strayed;     /* on another thread */
  int64_t waiting; /* in the last call */
  uv_thread_t loop_thread;
  job_t* next; /* submitted from the call; NULL: none */
  int result;  /* of that submit */
} drains_t;

static void on_drain(uvpool_t* pool) {
  drains_t* drains = uvpool_get_data(pool);
  uv_thread_t self = uv_thread_self();
  drains->count++;
  drains->strayed += !uv_thread_equal(&self, &drains->loop_thread);
  drains->waiting = uvpool_waiting(pool);
  if (drains->next != NULL) {
    drains->result = job_submit(pool, drains->next);
  }
  drains->next = NULL;
}

static int has_drained(void* drains) {
  return ((drains_t*) drains)->count > 0;
}

static uvpool_t* open_draining(uv_loop_t* loop,
                               drains_t* drains,
                               int64_t capacity,
                               int64_t max_waiting) {
  *drains = (drains_t) {.loop_thread = uv_thread_self(), .result = 1};
  uvpool_options_t options = pool_options(capacity, max_waiting);
  options.on_drain = on_drain;
  options.data = drains;
  return pool_open_with(loop, &options);
}

/* Called when waiting has fallen to half of max_waiting, and not before. */
static void called_at_half(void** state) {
  gate_t gate;
  gate_init(&gate);
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 1, 4);
  job_t* jobs = jobs_new(6, &gate);
  jobs_submit(pool, jobs, 5);
  assert_status(job_submit(pool, &jobs[5]), UV_EAGAIN);
  gate_await(&gate, 1);
  gate_admit(&gate, 1);
  gate_await(&gate, 2);
  loop_run_until(*state, job_is_done, &jobs[0], "the first task");
  loop_turn(*state, 5);
  assert_int_equal(uvpool_waiting(pool), 3);
  assert_int_equal(drains.count, 0);
  gate_admit(&gate, 1);
  loop_run_until(*state, has_drained, &drains, "on_drain");
  assert_int_equal(drains.count, 1);
  assert_int_equal(drains.waiting, 2);
  assert_int_equal(drains.strayed, 0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(drains.count, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Without a refusal it is never called. */
static void not_called_without_refusal(void** state) {
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 2, 100);
  job_t* jobs = jobs_new(100, NULL);
  jobs_submit(pool, jobs, 100);
  loop_run(*state);
  pool_await_idle(*state, pool, uvpool_workers(pool));
  assert_int_equal(drains.count, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* Once for many refusals, and once more after a new one. */
static void once_per_refusal_or_more(void** state) {
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 1, 2);
  for (int round = 1; round <= 5; round++) {
    gate_t gate;
    gate_init(&gate);
    job_t* jobs = jobs_new(13, &gate);
    jobs_submit(pool, jobs, 3);
    for (int i = 3; i < 13; i++) {
      assert_status(job_submit(pool, &jobs[i]), UV_EAGAIN);
    }
    gate_open(&gate);
    loop_run(*state);
    loop_turn(*state, 3);
    assert_int_equal(drains.count, round);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
  pool_close(*state, pool);
}

/* Without waiting room it is called when a worker is free, not before: a submit
 * from the call succeeds. */
static void with_max_waiting_0(void** state) {
  gate_t gate;
  gate_init(&gate);
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 1, 0);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  assert_status(job_submit(pool, &jobs[1]), UV_EAGAIN);
  drains.next = &jobs[2];
  loop_turn(*state, 10);
  assert_int_equal(drains.count, 0);
  gate_open(&gate);
  loop_run_until(*state, has_drained, &drains, "on_drain");
  assert_status(drains.result, 0);
  loop_run_until(*state, job_is_done, &jobs[2], "the task of on_drain");
  job_assert_ran(&jobs[2]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Room made by a cancel counts. */
static void after_a_cancel(void** state) {
  gate_t gate;
  gate_init(&gate);
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 1, 2);
  job_t* jobs = jobs_new(4, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 2);
  assert_status(job_submit(pool, &jobs[3]), UV_EAGAIN);
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  assert_int_equal(drains.count, 0);
  loop_run_until(*state, has_drained, &drains, "on_drain");
  assert_int_equal(drains.waiting, 1);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(drains.count, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Room made by tune counts. */
static void after_a_tune(void** state) {
  gate_t gate;
  gate_init(&gate);
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 1, 2);
  job_t* jobs = jobs_new(4, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 2);
  assert_status(job_submit(pool, &jobs[3]), UV_EAGAIN);
  assert_status(uvpool_tune(pool, 3), 0);
  assert_int_equal(drains.count, 0);
  loop_run_until(*state, has_drained, &drains, "on_drain");
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(drains.count, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

typedef struct offerer_s {
  uvpool_t* pool;
  job_t* job;
  int result;
} offerer_t;

static void offer(void* arg) {
  offerer_t* o = arg;
  o->result = job_submit(o->pool, o->job);
}

/* A refusal on another thread counts, and the call still comes on the loop. */
static void refused_on_another_thread(void** state) {
  gate_t gate;
  gate_init(&gate);
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  offerer_t o = {pool, &jobs[1], 0};
  helper_t helper;
  helper_start(&helper, offer, &o);
  helper_join(*state, &helper);
  assert_status(o.result, UV_EAGAIN);
  gate_open(&gate);
  loop_run_until(*state, has_drained, &drains, "on_drain");
  assert_int_equal(drains.strayed, 0);
  loop_run(*state);
  assert_int_equal(drains.count, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A released pool has no room to tell of. */
static void not_called_after_release(void** state) {
  gate_t gate;
  gate_init(&gate);
  drains_t drains;
  uvpool_t* pool = open_draining(*state, &drains, 1, 2);
  job_t* jobs = jobs_new(4, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 2);
  assert_status(job_submit(pool, &jobs[3]), UV_EAGAIN);
  assert_status(uvpool_release(pool), 0);
  gate_open(&gate);
  loop_run(*state);
  pool_await_workers(*state, pool, 0);
  assert_int_equal(drains.count, 0);
  pool_close(*state, pool);
  assert_int_equal(drains.count, 0);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void close_in_drain(uvpool_t* pool) {
  drains_t* drains = uvpool_get_data(pool);
  drains->count++;
  assert_status(uvpool_close(pool, NULL), 0);
}

/* The handle may be closed inside the call. */
static void may_close(void** state) {
  gate_t gate;
  gate_init(&gate);
  drains_t drains = {0};
  uvpool_options_t options = pool_options(1, 2);
  options.on_drain = close_in_drain;
  options.data = &drains;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(4, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 2);
  assert_status(job_submit(pool, &jobs[3]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(drains.count, 1);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(jobs[i].done, 1);
  }
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(called_at_half),
      loop_test(not_called_without_refusal),
      loop_test(once_per_refusal_or_more),
      loop_test(with_max_waiting_0),
      loop_test(after_a_cancel),
      loop_test(after_a_tune),
      loop_test(refused_on_another_thread),
      loop_test(not_called_after_release),
      loop_test(may_close),
  };
  return kit_run(argc, argv, tests);
}
