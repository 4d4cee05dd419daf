/* uvpool_cancel: what waits leaves the queue and is told so later; what runs
 * goes on and can see the wish. */
#include "kit.h"

/* A pool of one worker that is held by jobs[0]; the others wait. */
typedef struct queue_s {
  gate_t gate;
  uvpool_t* pool;
  job_t* jobs;
  int count;
} queue_t;

static void queue_open(queue_t* q, uv_loop_t* loop, int count) {
  gate_init(&q->gate);
  q->count = count;
  q->pool = pool_open(loop, 1, count - 1);
  q->jobs = jobs_new(count, &q->gate);
  pool_occupy(q->pool, q->jobs, 1);
  jobs_submit(q->pool, &q->jobs[1], count - 1);
}

static void queue_close(queue_t* q, uv_loop_t* loop) {
  gate_open(&q->gate);
  pool_close(loop, q->pool);
  jobs_free(q->jobs);
  gate_destroy(&q->gate);
}

static int cancel(job_t* job) {
  job_enter_call();
  int rc = uvpool_cancel(&job->task);
  job_leave_call();
  return rc;
}

/* Waiting: 0, done(UV_ECANCELED) once and later, the work never runs. */
static void waiting(void** state) {
  queue_t q;
  queue_open(&q, *state, 2);
  assert_status(cancel(&q.jobs[1]), 0);
  assert_int_equal(q.jobs[1].done, 0);
  assert_int_equal(uvpool_waiting(q.pool), 0);
  loop_run_until(*state, job_is_done, &q.jobs[1], "the cancelled task");
  job_assert_dropped(&q.jobs[1], UV_ECANCELED);
  assert_int_equal(q.jobs[0].done, 0);
  gate_open(&q.gate);
  loop_run(*state);
  jobs_assert_ran(q.jobs, 1);
  job_assert_dropped(&q.jobs[1], UV_ECANCELED);
  assert_int_equal(pool_stats(q.pool).cancelled, 1);
  queue_close(&q, *state);
}

/* The loop is kept alive for the done of a cancelled task and ends after it. */
static void keeps_the_loop_alive_for_done(void** state) {
  queue_t q;
  queue_open(&q, *state, 2);
  assert_status(cancel(&q.jobs[1]), 0);
  gate_open(&q.gate);
  loop_run(*state);
  job_assert_dropped(&q.jobs[1], UV_ECANCELED);
  queue_close(&q, *state);
}

static void look(job_t* job) {
  *(int*) job->arg = uvpool_task_is_cancelled(&job->task);
}

/* Running: UV_EBUSY each time; the work sees the wish, and its own result is
 * the status. */
static void running(void** state) {
  queue_t q;
  int seen = 0;
  queue_open(&q, *state, 1);
  q.jobs[0].in_work = look;
  q.jobs[0].arg = &seen;
  q.jobs[0].result = 7;
  assert_status(cancel(&q.jobs[0]), UV_EBUSY);
  assert_status(cancel(&q.jobs[0]), UV_EBUSY);
  gate_open(&q.gate);
  loop_run(*state);
  job_assert_ran(&q.jobs[0]);
  assert_int_equal(q.jobs[0].cancelled, 1);
  assert_int_equal(seen, 1);
  assert_int_equal(pool_stats(q.pool).cancelled, 0);
  queue_close(&q, *state);
}

/* Nobody asked: the work sees no wish. */
static void not_wished(void** state) {
  queue_t q;
  int seen = 1;
  queue_open(&q, *state, 1);
  q.jobs[0].in_work = look;
  q.jobs[0].arg = &seen;
  gate_open(&q.gate);
  loop_run(*state);
  assert_int_equal(seen, 0);
  queue_close(&q, *state);
}

/* The work is over, done is yet to come: UV_EBUSY. */
static void has_run(void** state) {
  queue_t q;
  queue_open(&q, *state, 1);
  gate_open(&q.gate);
  pool_wait_completed(q.pool, 1);
  assert_status(cancel(&q.jobs[0]), UV_EBUSY);
  loop_run(*state);
  job_assert_ran(&q.jobs[0]);
  queue_close(&q, *state);
}

static void cancel_in_done(job_t* job) {
  *(int*) job->arg = cancel(job);
}

/* In its done and after it a task is not in flight: UV_EINVAL. */
static void over(void** state) {
  queue_t q;
  int result = 0;
  queue_open(&q, *state, 1);
  q.jobs[0].in_done = cancel_in_done;
  q.jobs[0].arg = &result;
  gate_open(&q.gate);
  loop_run(*state);
  assert_status(result, UV_EINVAL);
  assert_status(cancel(&q.jobs[0]), UV_EINVAL);
  job_assert_ran(&q.jobs[0]);
  queue_close(&q, *state);
}

/* Never submitted: UV_EINVAL, initialised or not. */
static void never_submitted(void** state) {
  (void) state;
  job_t job;
  job_init(&job, 0);
  assert_status(cancel(&job), UV_EINVAL);
  uvpool_task_init(&job.task);
  assert_status(cancel(&job), UV_EINVAL);
  job_assert_untouched(&job);
}

/* Cancelled twice: the second is as true as the first, and done comes once. */
static void twice(void** state) {
  queue_t q;
  queue_open(&q, *state, 2);
  assert_status(cancel(&q.jobs[1]), 0);
  assert_status(cancel(&q.jobs[1]), 0);
  assert_int_equal(pool_stats(q.pool).cancelled, 1);
  gate_open(&q.gate);
  loop_run(*state);
  job_assert_dropped(&q.jobs[1], UV_ECANCELED);
  assert_status(cancel(&q.jobs[1]), UV_EINVAL);
  queue_close(&q, *state);
}

/* Many, from a callback of the loop, in any order: none runs, all are told. */
static void many(void** state) {
  enum { COUNT = 101 };
  queue_t q;
  queue_open(&q, *state, COUNT);
  for (int i = 0; i < COUNT - 1; i++) { /* 37 and 100 have no common divisor */
    assert_status(cancel(&q.jobs[1 + (i * 37) % (COUNT - 1)]), 0);
  }
  assert_int_equal(uvpool_waiting(q.pool), 0);
  gate_open(&q.gate);
  loop_run(*state);
  job_assert_ran(&q.jobs[0]);
  jobs_assert_dropped(&q.jobs[1], COUNT - 1, UV_ECANCELED);
  queue_close(&q, *state);
}

/* The first, one in the middle and the last: the rest runs, in order. */
static void some(void** state) {
  recorder_t recorder;
  recorder_init(&recorder);
  queue_t q;
  queue_open(&q, *state, 8);
  for (int i = 1; i < 8; i++) {
    q.jobs[i].recorder = &recorder;
  }
  assert_status(cancel(&q.jobs[1]), 0);
  assert_status(cancel(&q.jobs[4]), 0);
  assert_status(cancel(&q.jobs[7]), 0);
  assert_int_equal(uvpool_waiting(q.pool), 4);
  loop_run_until(*state, job_is_done, &q.jobs[7], "the cancelled tasks");
  gate_open(&q.gate);
  pool_wait_completed(q.pool, 5);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder),
                      "done:1 done:4 done:7 work:2 work:3 work:5 work:6 "
                      "done:2 done:3 done:5 done:6");
  queue_close(&q, *state);
}

/* The room of a cancelled task is free when the call returns. */
static void frees_room(void** state) {
  queue_t q;
  queue_open(&q, *state, 3);
  job_t job;
  job_init(&job, 0);
  assert_status(job_submit(q.pool, &job), UV_EAGAIN);
  assert_status(cancel(&q.jobs[1]), 0);
  assert_status(job_submit(q.pool, &job), 0);
  gate_open(&q.gate);
  loop_run(*state);
  job_assert_ran(&job);
  job_assert_dropped(&q.jobs[1], UV_ECANCELED);
  job_assert_ran(&q.jobs[2]);
  queue_close(&q, *state);
}

typedef struct canceller_s {
  job_t* job;
  int result;
} canceller_t;

static void cancel_elsewhere(void* arg) {
  canceller_t* c = arg;
  c->result = cancel(c->job);
}

/* From another thread, which here knows that done cannot come meanwhile; done
 * comes on the loop all the same. */
static void from_another_thread(void** state) {
  queue_t q;
  queue_open(&q, *state, 2);
  canceller_t c = {&q.jobs[1], 1};
  helper_t helper;
  helper_start(&helper, cancel_elsewhere, &c);
  kit_wait_until(helper_finished, &helper, "the cancelling thread");
  helper_join(*state, &helper);
  assert_status(c.result, 0);
  gate_open(&q.gate);
  loop_run(*state);
  job_assert_dropped(&q.jobs[1], UV_ECANCELED);
  queue_close(&q, *state);
}

static void cancel_other(job_t* job) {
  canceller_t* c = job->arg;
  c->result = cancel(c->job);
}

/* From the work of another task on the same pool. */
static void from_work(void** state) {
  queue_t q;
  queue_open(&q, *state, 2);
  canceller_t c = {&q.jobs[1], 1};
  q.jobs[0].in_work = cancel_other;
  q.jobs[0].arg = &c;
  gate_open(&q.gate);
  loop_run(*state);
  assert_status(c.result, 0);
  job_assert_ran(&q.jobs[0]);
  job_assert_dropped(&q.jobs[1], UV_ECANCELED);
  queue_close(&q, *state);
}

/* From the done of another task. */
static void from_done(void** state) {
  queue_t q;
  queue_open(&q, *state, 3);
  canceller_t c = {&q.jobs[2], 1};
  q.jobs[1].in_done = cancel_other;
  q.jobs[1].arg = &c;
  assert_status(cancel(&q.jobs[1]), 0);
  loop_run_until(*state, job_is_done, &q.jobs[2], "the second cancelled task");
  assert_status(c.result, 0);
  job_assert_dropped(&q.jobs[2], UV_ECANCELED);
  queue_close(&q, *state);
}

/* Racing with the worker that may take it: either the work runs and done has
 * its result, or it never runs and done has UV_ECANCELED. */
static void races_with_the_start(void** state) {
  enum { ROUNDS = 3000 };
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  uint64_t cancelled = 0;
  for (int i = 0; i < ROUNDS; i++) {
    job_t job;
    job_init(&job, i);
    jobs_submit(pool, &job, 1);
    for (volatile int spin = 0; spin < i % 300; spin++) {
      continue;
    }
    int rc = cancel(&job);
    loop_run(*state);
    if (rc == 0) {
      job_assert_dropped(&job, UV_ECANCELED);
    } else {
      job_assert_ran(&job);
    }
    assert_true(rc == 0 || rc == UV_EBUSY);
    cancelled += rc == 0;
  }
  assert_int_equal(pool_stats(pool).cancelled, cancelled);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(waiting),
      loop_test(keeps_the_loop_alive_for_done),
      loop_test(running),
      loop_test(not_wished),
      loop_test(has_run),
      loop_test(over),
      cmocka_unit_test(never_submitted),
      loop_test(twice),
      loop_test(many),
      loop_test(some),
      loop_test(frees_room),
      loop_test(from_another_thread),
      loop_test(from_work),
      loop_test(from_done),
      loop_test(races_with_the_start),
  };
  return kit_run(argc, argv, tests);
}
