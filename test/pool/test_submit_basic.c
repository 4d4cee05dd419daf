/* uvpool_submit: the work runs once on a worker, its result comes back once on
 * the loop, and the loop then ends by itself. */
#include "kit.h"

#include <stdlib.h>

/* One task: work and done once each, its data left alone, the loop ends. */
static void runs_work_and_done_once(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  assert_ptr_equal(job.task.data, &job);
  pool_close(*state, pool);
}

/* What the work returns is the status, whatever it is; uvpool_task_started
 * tells it from the library's own. */
static void delivers_the_result(void** state) {
  static const int results[] = {
      0, 1, -1, UV_ECANCELED, UVPOOL_EPANIC, INT32_MAX, INT32_MIN};
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(KIT_COUNT(results), NULL);
  for (size_t i = 0; i < KIT_COUNT(results); i++) {
    jobs[i].result = results[i];
  }
  jobs_submit(pool, jobs, KIT_COUNT(results));
  loop_run(*state);
  jobs_assert_ran(jobs, KIT_COUNT(results));
  jobs_free(jobs);
  pool_close(*state, pool);
}

static void note_thread(job_t* job) {
  *(uv_thread_t*) job->arg = uv_thread_self();
}

/* The work does not run on the loop thread. */
static void works_on_another_thread(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  uv_thread_t self = uv_thread_self();
  uv_thread_t worker = self;
  job_t job;
  job_init(&job, 0);
  job.in_work = note_thread;
  job.arg = &worker;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_false(uv_thread_equal(&self, &worker));
  pool_close(*state, pool);
}

/* done waits for the loop to run, however long the work has been over. */
static void done_never_comes_before_the_loop(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  pool_wait_completed(pool, 1);
  assert_int_equal(job.done, 0);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

static void check_handle(job_t* job) {
  if (uvpool_task_handle(&job->task) == job->arg) {
    atomic_fetch_add(&job->worked, 100);
  }
}

/* uvpool_task_handle names the handle in work and in done. */
static void task_knows_its_handle(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.arg = pool;
  job.in_work = check_handle;
  job.in_done = check_handle;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_int_equal(atomic_load(&job.worked), 201);
  pool_close(*state, pool);
}

static int trivial_work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void free_task(uvpool_task_t* task, int status) {
  *(int*) task->data += status == 0;
  free(task);
}

/* A task may be freed inside its own done. */
static void task_may_be_freed_in_done(void** state) {
  enum { COUNT = 100 };
  uvpool_t* pool = pool_open(*state, 2, COUNT);
  int done = 0;
  for (int i = 0; i < COUNT; i++) {
    uvpool_task_t* task = malloc(sizeof(*task));
    assert_non_null(task);
    task->data = &done;
    assert_status(uvpool_submit(pool, task, trivial_work, free_task), 0);
  }
  loop_run(*state);
  assert_int_equal(done, COUNT);
  pool_close(*state, pool);
}

/* No thread exists before the first task, and one task starts one. */
static void starts_threads_on_demand(void** state) {
  uvpool_t* pool = pool_open(*state, 4, 0);
  int before = process_threads();
  assert_int_equal(uvpool_workers(pool), 0);
  assert_int_equal(pool_stats(pool).workers_started, 0);
  job_t job;
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_int_equal(uvpool_workers(pool), 1);
  assert_int_equal(pool_stats(pool).workers_started, 1);
  if (before >= 0) {
    assert_int_equal(process_threads(), before + 1);
  }
  pool_close(*state, pool);
}

/* A worker is kept for the next task: one at a time needs one thread. */
static void reuses_an_idle_worker(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  for (int i = 0; i < 50; i++) {
    job_t job;
    job_init(&job, i);
    jobs_submit(pool, &job, 1);
    loop_run(*state);
    job_assert_ran(&job);
    pool_await_idle(*state, pool, 1);
  }
  assert_int_equal(pool_stats(pool).workers_started, 1);
  pool_close(*state, pool);
}

static void submit_other(job_t* job) {
  job_t* other = job->arg;
  job->result = job_submit(uvpool_task_handle(&job->task), other);
}

/* A task may submit another from inside its work, on the same pool. */
static void may_submit_from_work(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 1);
  job_t* jobs = jobs_new(2, NULL);
  jobs[0].in_work = submit_other;
  jobs[0].arg = &jobs[1];
  jobs_submit(pool, jobs, 1);
  loop_run_until(*state, job_is_done, &jobs[1], "the task of a task");
  jobs_assert_ran(jobs, 2);
  assert_status(jobs[0].result, 0);
  jobs_free(jobs);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(runs_work_and_done_once),
      loop_test(delivers_the_result),
      loop_test(works_on_another_thread),
      loop_test(done_never_comes_before_the_loop),
      loop_test(task_knows_its_handle),
      loop_test(task_may_be_freed_in_done),
      loop_test(starts_threads_on_demand),
      loop_test(reuses_an_idle_worker),
      loop_test(may_submit_from_work),
  };
  return kit_run(argc, argv, tests);
}
