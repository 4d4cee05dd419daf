/* on_task: of every accepted task one ENQUEUE, at most one START and one END,
 * in this order; of a refused one ENQUEUE and REFUSE. */
#include <pthread.h>

#include "kit.h"
#include "tracer.h"

#define MS UINT64_C(1000000)

static uvpool_task_options_t labelled(int number) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.label = &labels[number];
  return options;
}

static int submit(uvpool_t* pool, job_t* job) {
  uvpool_task_options_t options = labelled(job->id);
  return job_submit_ex(pool, job, &options);
}

/* One flight: accepted, and begun or not, with this end. */
static void assert_flight(int number, unsigned started, int status) {
  trace_t* t = &tracer.traces[number];
  assert_int_equal(atomic_load(&t->strange), 0);
  assert_int_equal(atomic_load(&t->enqueued), 1);
  assert_int_equal(atomic_load(&t->refused), 0);
  assert_int_equal(atomic_load(&t->started), started);
  assert_int_equal(atomic_load(&t->ended), 1);
  assert_status(atomic_load(&t->status), status);
}

static void assert_refused(int number, int status) {
  trace_t* t = &tracer.traces[number];
  assert_int_equal(atomic_load(&t->strange), 0);
  assert_int_equal(atomic_load(&t->enqueued), 1);
  assert_int_equal(atomic_load(&t->refused), 1);
  assert_int_equal(atomic_load(&t->started), 0);
  assert_int_equal(atomic_load(&t->ended), 0);
  assert_status(atomic_load(&t->status), status);
}

/* END was told before done, and done has the same status. */
static void compare_in_done(job_t* job) {
  trace_t* t = &tracer.traces[job->id];
  if (atomic_load(&t->ended) != 1 || atomic_load(&t->status) != job->status) {
    job->strayed = 1;
  }
}

/* In the work START was told, END was not. */
static void compare_in_work(job_t* job) {
  trace_t* t = &tracer.traces[job->id];
  if (atomic_load(&t->started) != 1 || atomic_load(&t->ended) != 0) {
    atomic_fetch_add(&t->strange, 1);
  }
}

static job_t* new_jobs(int count, gate_t* gate) {
  job_t* jobs = jobs_new(count, gate);
  for (int i = 0; i < count; i++) {
    jobs[i].in_done = compare_in_done;
    jobs[i].in_work = compare_in_work;
  }
  return jobs;
}

/* ---- Each kind of end ---------------------------------------------------- */

/* Works that return, with their own result. */
static void ordinary_ends(void** state) {
  uvpool_options_t options = traced(3, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = new_jobs(TASKS, NULL);
  for (int i = 0; i < TASKS; i++) {
    jobs[i].result = i % 5 - 2;
    assert_status(submit(pool, &jobs[i]), 0);
  }
  loop_run(*state);
  jobs_assert_ran(jobs, TASKS);
  for (int i = 0; i < TASKS; i++) {
    assert_flight(i, 1, i % 5 - 2);
  }
  pool_close(*state, pool);
  assert_events(TASKS, 0, TASKS, TASKS);
  jobs_free(jobs);
}

/* Cancelled, expired, released; and what stands at the gate meanwhile. */
static void ends_without_work(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = traced(1, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = new_jobs(4, NULL);
  jobs[0].gate = &gate;
  assert_status(submit(pool, &jobs[0]), 0);
  gate_await(&gate, 1);
  assert_status(submit(pool, &jobs[1]), 0);
  assert_status(submit(pool, &jobs[2]), 0);
  uvpool_task_options_t expiring = labelled(3);
  expiring.deadline_ns = uv_hrtime() + 5 * MS;
  assert_status(job_submit_ex(pool, &jobs[3], &expiring), 0);
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  assert_flight(1, 0, UV_ECANCELED); /* told before done */
  loop_run_until(*state, job_is_done, &jobs[3], "the deadline");
  assert_flight(3, 0, UV_ETIMEDOUT);
  assert_status(uvpool_release(pool), 0);
  assert_flight(2, 0, UV_ECANCELED);
  gate_open(&gate);
  loop_run(*state);
  assert_flight(0, 1, 0);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(jobs[i].strayed, 0);
    assert_int_equal(jobs[i].done, 1);
  }
  pool_close(*state, pool);
  assert_events(4, 0, 1, 4);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void end_thread(job_t* job) {
  (void) job;
  pthread_exit(NULL);
}

/* A panic is an end like any other, with its own status. */
static void panics_end_too(void** state) {
  uvpool_options_t options = traced(1, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = new_jobs(2, NULL);
  jobs[0].in_work = job_panic;
  jobs[1].in_work = end_thread;
  assert_status(submit(pool, &jobs[0]), 0);
  assert_status(submit(pool, &jobs[1]), 0);
  loop_run(*state);
  for (int i = 0; i < 2; i++) {
    job_assert_panicked(&jobs[i]);
    assert_flight(i, 1, UVPOOL_EPANIC);
  }
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* One that the worker ends at its deadline, in place of beginning it. */
static void expired_when_taken(void** state) {
  uvpool_options_t options = traced(1, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = new_jobs(1, NULL);
  uvpool_task_options_t expired = labelled(0);
  expired.deadline_ns = 1;
  assert_status(job_submit_ex(pool, jobs, &expired), 0);
  loop_run(*state);
  job_assert_dropped(jobs, UV_ETIMEDOUT);
  assert_flight(0, 0, UV_ETIMEDOUT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* ---- Refused ------------------------------------------------------------- */

/* No room, and no pool any more: ENQUEUE, then REFUSE with the error. */
static void refused_after_enqueue(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = traced(1, 0);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = new_jobs(4, &gate);
  assert_status(submit(pool, &jobs[0]), 0);
  gate_await(&gate, 1);
  assert_status(submit(pool, &jobs[1]), UV_EAGAIN);
  assert_refused(1, UV_EAGAIN);
  assert_status(job_submit(pool, &jobs[2]), UV_EAGAIN); /* plain: no label */
  assert_events(3, 2, 1, 0);
  assert_status(uvpool_release(pool), 0);
  assert_status(submit(pool, &jobs[3]), UV_ESHUTDOWN);
  assert_refused(3, UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(*state);
  assert_flight(0, 1, 0);
  pool_close(*state, pool);
  assert_events(4, 3, 1, 1);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* What is wrong in itself is not even enqueued, and a flight that is on hears
 * nothing of a second submit. */
static void wrong_ones_are_not_told(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = traced(1, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = new_jobs(1, &gate);
  uvpool_task_options_t bad = labelled(0);
  bad.task_class = UVPOOL_CLASSES;
  assert_status(job_submit_ex(pool, jobs, &bad), UV_EINVAL);
  assert_status(uvpool_submit(pool, NULL, job_work, job_done), UV_EINVAL);
  assert_events(0, 0, 0, 0);
  assert_status(submit(pool, jobs), 0);
  assert_status(submit(pool, jobs), UV_EALREADY);
  gate_open(&gate);
  loop_run(*state);
  assert_flight(0, 1, 0);
  pool_close(*state, pool);
  assert_events(1, 0, 1, 1);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(ordinary_ends),
      loop_test(ends_without_work),
      loop_test(panics_end_too),
      loop_test(expired_when_taken),
      loop_test(refused_after_enqueue),
      loop_test(wrong_ones_are_not_told),
  };
  return kit_run(argc, argv, tests);
}
