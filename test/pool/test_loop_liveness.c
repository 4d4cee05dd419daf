/* The loop stays alive while tasks submitted on its thread are outstanding, or
 * a release, drain or close is pending; and not otherwise. */
#include "kit.h"

static void assert_alive(uv_loop_t* loop, int alive) {
  assert_int_equal(uv_loop_alive(loop) != 0, alive);
}

/* An open pool is not alive, with idle workers neither. */
static void an_idle_pool_is_not_alive(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.min_workers = 2;
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_alive(*state, 0);
  loop_run(*state);
  job_t job;
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  pool_await_idle(*state, pool, 2);
  assert_alive(*state, 0);
  assert_int_equal(uv_run(*state, UV_RUN_NOWAIT), 0);
  pool_close(*state, pool);
}

/* A task makes it alive from submit until its done has returned. */
static void a_task_keeps_it_alive(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 4);
  job_t* jobs = jobs_new(3, &gate);
  jobs_submit(pool, jobs, 1);
  assert_alive(*state, 1);
  gate_await(&gate, 1);
  jobs_submit(pool, &jobs[1], 2);
  assert_alive(*state, 1);
  for (int i = 0; i < 3; i++) {
    assert_alive(*state, 1);
    gate_admit(&gate, 1);
    loop_run_until(*state, job_is_done, &jobs[i], "a task");
  }
  assert_alive(*state, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A refused task does not. */
static void a_refused_task_does_not(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  jobs_submit(pool, jobs, 1);
  assert_status(job_submit(pool, &jobs[1]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  assert_alive(*state, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void go_nowhere(void* arg) {
  gate_pass(arg);
}

/* uvpool_go does as long as its function runs, though nobody is told. */
static void go_keeps_it_alive(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_status(uvpool_go(pool, go_nowhere, &gate), 0);
  assert_alive(*state, 1);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(pool_stats(pool).completed, 1);
  assert_alive(*state, 0);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

typedef struct foreign_s {
  uvpool_t* pool;
  job_t* job;
  int result;
} foreign_t;

static void submit_foreign(void* arg) {
  foreign_t* f = arg;
  f->result = job_submit(f->pool, f->job);
}

static void submit_from_another_thread(uv_loop_t* loop,
                                       uvpool_t* pool,
                                       job_t* job) {
  foreign_t foreign = {pool, job, 1};
  helper_t helper;
  helper_start(&helper, submit_foreign, &foreign);
  helper_join(loop, &helper);
  assert_status(foreign.result, 0);
}

/* A task from another thread cannot; its done comes when the loop runs for some
 * other reason. */
static void a_foreign_task_does_not(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  submit_from_another_thread(*state, pool, &job);
  gate_await(&gate, 1);
  assert_alive(*state, 0);
  loop_run(*state);
  assert_int_equal(job.done, 0);
  gate_open(&gate);
  loop_run_until(*state, job_is_done, &job, "the foreign task");
  job_assert_ran(&job);
  assert_alive(*state, 0);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* Foreign tasks do not disturb the account of the loop's own. */
static void foreign_and_own_tasks_mix(void** state) {
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(60, NULL);
  for (int i = 0; i < 60; i += 2) {
    submit_from_another_thread(*state, pool, &jobs[i]);
    jobs_submit(pool, &jobs[i + 1], 1);
    assert_alive(*state, 1);
    loop_run(*state);
    loop_run_until(*state, job_is_done, &jobs[i], "the foreign task");
    assert_alive(*state, 0);
  }
  jobs_assert_ran(jobs, 60);
  pool_close(*state, pool);
  jobs_free(jobs);
}

static void stop_loop(job_t* job) {
  uv_stop(uvpool_get_loop(uvpool_task_handle(&job->task)));
}

/* uvpool_ref keeps it alive for them; once unref'd, it is as before. Both are
 * idempotent. */
static void ref_and_unref(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_status(uvpool_ref(pool), 0);
  assert_status(uvpool_ref(pool), 0);
  assert_alive(*state, 1);
  job_t job;
  job_init(&job, 0);
  job.in_done = stop_loop;
  foreign_t foreign = {pool, &job, 1};
  helper_t helper;
  helper_start(&helper, submit_foreign, &foreign);
  (void) loop_run_mode(*state, UV_RUN_DEFAULT);
  job_assert_ran(&job);
  helper_join(*state, &helper);
  assert_alive(*state, 1);
  assert_status(uvpool_unref(pool), 0);
  assert_alive(*state, 0);
  assert_status(uvpool_unref(pool), 0);
  assert_alive(*state, 0);
  pool_close(*state, pool);
}

/* unref does not take away the life that tasks give, nor ref add to it. */
static void unref_leaves_tasks_their_life(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  jobs_submit(pool, jobs, 1);
  assert_status(uvpool_unref(pool), 0);
  assert_alive(*state, 1);
  assert_status(uvpool_ref(pool), 0);
  assert_status(uvpool_unref(pool), 0);
  assert_alive(*state, 1);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  assert_alive(*state, 0);
  assert_status(uvpool_ref(pool), 0);
  jobs_submit(pool, &jobs[1], 1);
  loop_run_until(*state, job_is_done, &jobs[1], "the task");
  assert_alive(*state, 1);
  assert_status(uvpool_unref(pool), 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A ref'd pool can be closed without an unref. */
static void close_ends_a_ref(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_status(uvpool_ref(pool), 0);
  pool_close(*state, pool);
  assert_alive(*state, 0);
}

typedef struct elsewhere_s {
  uvpool_t* pool;
  int ref;
  int unref;
} elsewhere_t;

static void ref_elsewhere(void* arg) {
  elsewhere_t* e = arg;
  e->ref = uvpool_ref(e->pool);
  e->unref = uvpool_unref(e->pool);
}

/* Both are for the loop thread only. */
static void ref_is_for_the_loop_thread(void** state) {
  elsewhere_t e = {.pool = pool_open(*state, 1, 0)};
  helper_t helper;
  helper_start(&helper, ref_elsewhere, &e);
  helper_join(*state, &helper);
  assert_status(e.ref, UV_EPERM);
  assert_status(e.unref, UV_EPERM);
  assert_alive(*state, 0);
  pool_close(*state, e.pool);
}

/* A pending release and a pending drain keep it alive; a plain release does
 * not. */
static void a_pending_end_keeps_it_alive(void** state) {
  for (int drain = 0; drain < 2; drain++) {
    uvpool_options_t options = pool_options(2, 0);
    options.min_workers = 2;
    uvpool_t* pool = pool_open_with(*state, &options);
    pool_end_t end = {0};
    uvpool_set_data(pool, &end);
    assert_alive(*state, 0);
    if (drain) {
      assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
    } else {
      assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release),
                    0);
    }
    assert_alive(*state, 1);
    loop_run(*state);
    assert_int_equal(end.count, 1);
    assert_alive(*state, 0);
    pool_close(*state, pool);
  }
}

/* uv_loop_close refuses while the pool is open and not after. */
static void loop_close_waits_for_the_pool(void** state) {
  uv_loop_t loop;
  (void) state;
  assert_int_equal(uv_loop_init(&loop), 0);
  uvpool_t* pool = pool_open(&loop, 1, 0);
  assert_status(uv_loop_close(&loop), UV_EBUSY);
  assert_status(uvpool_close(pool, NULL), 0);
  assert_status(uv_loop_close(&loop), UV_EBUSY);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_status(uv_loop_close(&loop), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(an_idle_pool_is_not_alive),
      loop_test(a_task_keeps_it_alive),
      loop_test(a_refused_task_does_not),
      loop_test(go_keeps_it_alive),
      loop_test(a_foreign_task_does_not),
      loop_test(foreign_and_own_tasks_mix),
      loop_test(ref_and_unref),
      loop_test(unref_leaves_tasks_their_life),
      loop_test(close_ends_a_ref),
      loop_test(ref_is_for_the_loop_thread),
      loop_test(a_pending_end_keeps_it_alive),
      loop_test(loop_close_waits_for_the_pool),
  };
  return kit_run(argc, argv, tests);
}
