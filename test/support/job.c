/* Jobs note; they assert nothing while they run. A done callback on a wrong
 * thread, or inside a call of the library made by this kit, is remembered as
 * `strayed` and fails the test when it asks how the job ended. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local int inside_call;

void job_enter_call(void) {
  inside_call++;
}

void job_leave_call(void) {
  inside_call--;
}

int job_is_in_call(void) {
  return inside_call > 0;
}

void job_init(job_t* job, int id) {
  memset(job, 0, sizeof(*job));
  memset(&job->task, 0xa5, sizeof(job->task));
  job->task.data = job;
  job->id = id;
  job->loop_thread = uv_thread_self();
  atomic_init(&job->worked, 0);
}

job_t* jobs_new(int count, gate_t* gate) {
  job_t* jobs = calloc((size_t) count, sizeof(*jobs));
  assert_non_null(jobs);
  for (int i = 0; i < count; i++) {
    job_init(&jobs[i], i);
    jobs[i].gate = gate;
  }
  return jobs;
}

void jobs_free(job_t* jobs) {
  free(jobs);
}

int job_work(uvpool_task_t* task) {
  job_t* job = task->data;
  atomic_fetch_add_explicit(&job->worked, 1, memory_order_relaxed);
  if (job->gauge != NULL) {
    gauge_enter(job->gauge);
  }
  if (job->recorder != NULL) {
    recorder_note(job->recorder, "work", job->id);
  }
  if (job->gate != NULL) {
    gate_pass(job->gate);
  }
  job->cancelled = uvpool_task_is_cancelled(task);
  if (job->in_work != NULL) {
    job->in_work(job);
  }
  if (job->gauge != NULL) {
    gauge_leave(job->gauge);
  }
  return job->result;
}

void job_done(uvpool_task_t* task, int status) {
  job_t* job = task->data;
  uv_thread_t self = uv_thread_self();
  if (!uv_thread_equal(&self, &job->loop_thread) || job_is_in_call()) {
    job->strayed = 1;
  }
  job->done++;
  job->status = status;
  job->started = uvpool_task_started(task);
  if (job->recorder != NULL) {
    recorder_note(job->recorder, "done", job->id);
  }
  if (job->in_done != NULL) {
    job->in_done(job);
  }
}

void job_panic(job_t* job) {
  (void) job;
  uvpool_panic("on purpose");
}

int job_submit(uvpool_t* pool, job_t* job) {
  job_enter_call();
  int rc = uvpool_submit(pool, &job->task, job_work, job_done);
  job_leave_call();
  return rc;
}

int job_submit_wait(uvpool_t* pool, job_t* job, uint64_t timeout_ms) {
  job_enter_call();
  int rc = uvpool_submit_wait(pool, &job->task, job_work, job_done, timeout_ms);
  job_leave_call();
  return rc;
}

int job_submit_ex(uvpool_t* pool,
                  job_t* job,
                  const uvpool_task_options_t* options) {
  job_enter_call();
  int rc = uvpool_submit_ex(pool, &job->task, job_work, job_done, options);
  job_leave_call();
  return rc;
}

int job_submit_class(uvpool_t* pool, job_t* job, int32_t task_class) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.task_class = task_class;
  return job_submit_ex(pool, job, &options);
}

int job_submit_priority(uvpool_t* pool, job_t* job, int32_t priority) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.priority = priority;
  return job_submit_ex(pool, job, &options);
}

int job_submit_deadline(uvpool_t* pool, job_t* job, uint64_t deadline_ns) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.deadline_ns = deadline_ns;
  return job_submit_ex(pool, job, &options);
}

void jobs_submit_class(uvpool_t* pool,
                       job_t* jobs,
                       int count,
                       int32_t task_class) {
  for (int i = 0; i < count; i++) {
    assert_status(job_submit_class(pool, &jobs[i], task_class), 0);
  }
}

void jobs_submit(uvpool_t* pool, job_t* jobs, int count) {
  for (int i = 0; i < count; i++) {
    assert_status(job_submit(pool, &jobs[i]), 0);
  }
}

static void assert_ended(job_t* job, int worked, int started, int status) {
  assert_int_equal(job->strayed, 0);
  assert_int_equal(job->done, 1);
  assert_int_equal(atomic_load(&job->worked), worked);
  assert_int_equal(job->started, started);
  assert_status(job->status, status);
}

void job_assert_ran(job_t* job) {
  assert_ended(job, 1, 1, job->result);
}

void job_assert_dropped(job_t* job, int status) {
  assert_ended(job, 0, 0, status);
}

void job_assert_panicked(job_t* job) {
  assert_ended(job, 1, 1, UVPOOL_EPANIC);
}

void job_assert_untouched(job_t* job) {
  assert_int_equal(job->done, 0);
  assert_int_equal(atomic_load(&job->worked), 0);
}

void jobs_assert_ran(job_t* jobs, int count) {
  for (int i = 0; i < count; i++) {
    job_assert_ran(&jobs[i]);
  }
}

void jobs_assert_dropped(job_t* jobs, int count, int status) {
  for (int i = 0; i < count; i++) {
    job_assert_dropped(&jobs[i], status);
  }
}

int job_is_done(void* job) {
  return ((job_t*) job)->done > 0;
}
