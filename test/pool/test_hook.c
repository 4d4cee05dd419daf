/* on_task: of every accepted task one ENQUEUE, at most one START and one END,
 * in this order; of a refused one ENQUEUE and REFUSE. */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "kit.h"

#define MS UINT64_C(1000000)

/* What was told of one task, by any thread. The hook says in which order by
 * itself: each event expects the one before. */
typedef struct trace_s {
  atomic_uint enqueued;
  atomic_uint refused;
  atomic_uint started;
  atomic_uint ended;
  atomic_int status;   /* at the last END or REFUSE */
  atomic_uint strange; /* out of order, or with a status that makes no sense */
} trace_t;

enum { TASKS = 256 };

typedef struct tracer_s {
  trace_t traces[TASKS]; /* by the number in the label */
  atomic_uint unlabelled;
  atomic_uint events[UVPOOL_TASK_END + 1]; /* of all tasks */
} tracer_t;

static tracer_t tracer;
static char labels[TASKS]; /* the address is the number */

static void note(trace_t* t, uvpool_task_event_t event, int status) {
  unsigned flights = atomic_load(&t->enqueued);
  unsigned over = atomic_load(&t->ended) + atomic_load(&t->refused);
  bool strange = status != 0;
  switch (event) {
    case UVPOOL_TASK_ENQUEUE:
      strange = strange || flights != over;
      atomic_fetch_add(&t->enqueued, 1);
      break;
    case UVPOOL_TASK_START:
      strange = strange || flights != over + 1;
      atomic_fetch_add(&t->started, 1);
      break;
    case UVPOOL_TASK_REFUSE:
      strange = status >= 0 || flights != over + 1;
      atomic_store(&t->status, status);
      atomic_fetch_add(&t->refused, 1);
      break;
    default:
      strange = flights != over + 1;
      atomic_store(&t->status, status);
      atomic_fetch_add(&t->ended, 1);
  }
  atomic_fetch_add(&t->strange, strange);
}

static void on_task(void* data,
                    const uvpool_task_t* task,
                    uvpool_task_event_t event,
                    int status) {
  tracer_t* t = data;
  const char* label = uvpool_task_label(task);
  atomic_fetch_add(&t->events[event], 1);
  if (label >= labels && label < labels + TASKS) {
    note(&t->traces[label - labels], event, status);
  } else {
    atomic_fetch_add(&t->unlabelled, 1);
  }
}

static uvpool_options_t traced(int64_t capacity, int64_t max_waiting) {
  memset(&tracer, 0, sizeof(tracer));
  uvpool_options_t options = pool_options(capacity, max_waiting);
  options.on_task = on_task;
  options.on_panic = pool_ignore_panic;
  options.data = &tracer;
  return options;
}

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

/* Of all tasks together. */
static void assert_events(unsigned enqueued,
                          unsigned refused,
                          unsigned started,
                          unsigned ended) {
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_ENQUEUE]), enqueued);
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_REFUSE]), refused);
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_START]), started);
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_END]), ended);
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

/* ---- Each kind of submit ------------------------------------------------- */

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
      loop_test(ordinary_ends),
      loop_test(ends_without_work),
      loop_test(panics_end_too),
      loop_test(expired_when_taken),
      loop_test(refused_after_enqueue),
      loop_test(wrong_ones_are_not_told),
      loop_test(plain_go_and_func),
      loop_test(submit_wait_callers),
      loop_test(held_submits),
      loop_test(multi_pools),
  };
  return kit_run(argc, argv, tests);
}
