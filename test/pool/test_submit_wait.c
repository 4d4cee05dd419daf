/* uvpool_submit_wait: waits for room, oldest caller first; woken by whatever
 * makes room or ends the hope for it; never on a thread that it would
 * deadlock. */
#include "kit.h"

#include <string.h>

enum { CALLERS = 5 };

/* A pool of one worker, taken by jobs[0], with no waiting room; the other jobs
 * are for callers. */
typedef struct full_s {
  gate_t gate;
  recorder_t recorder;
  uvpool_t* pool;
  job_t* jobs;
  caller_t callers[CALLERS];
} full_t;

static void full_open(full_t* f, uv_loop_t* loop, int max_waiting) {
  gate_init(&f->gate);
  recorder_init(&f->recorder);
  f->pool = pool_open(loop, 1, max_waiting);
  f->jobs = jobs_new(1 + CALLERS, &f->gate);
  for (int i = 0; i <= CALLERS; i++) {
    f->jobs[i].recorder = &f->recorder;
  }
  pool_occupy(f->pool, f->jobs, 1);
}

static void full_close(full_t* f, uv_loop_t* loop) {
  gate_open(&f->gate);
  pool_close(loop, f->pool);
  jobs_free(f->jobs);
  gate_destroy(&f->gate);
}

static void block_callers(full_t* f, uv_loop_t* loop, int count) {
  for (int i = 0; i < count; i++) {
    caller_start_blocked(
        loop, &f->callers[i], f->pool, &f->jobs[1 + i], (unsigned) i + 1);
  }
}

static void join_callers(full_t* f, uv_loop_t* loop, int count, int expected) {
  for (int i = 0; i < count; i++) {
    assert_status(caller_join(loop, &f->callers[i]), expected);
  }
}

static int all_run(void* arg) {
  full_t* f = arg;
  for (int i = 0; i <= CALLERS; i++) {
    if (!job_is_done(&f->jobs[i])) {
      return 0;
    }
  }
  return 1;
}

/* With room it does not wait. */
static void does_not_wait_for_room_that_is_there(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  caller_t caller;
  caller_start(&caller, pool, &job, 0);
  assert_status(caller_join(*state, &caller), 0);
  loop_run_until(*state, job_is_done, &job, "the task");
  job_assert_ran(&job);
  pool_close(*state, pool);
}

/* Blocked callers are served in the order in which they came. */
static void serves_the_oldest_first(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  block_callers(&f, *state, CALLERS);
  assert_int_equal(pool_stats(f.pool).blocked, CALLERS);
  for (unsigned i = 0; i < CALLERS; i++) {
    gate_admit(&f.gate, 1);
    gate_await(&f.gate, i + 2);
    assert_status(caller_join(*state, &f.callers[i]), 0);
  }
  assert_int_equal(pool_stats(f.pool).blocked, 0);
  gate_open(&f.gate);
  loop_run_until(*state, all_run, &f, "the callers' tasks");
  jobs_assert_ran(f.jobs, 1 + CALLERS);
  const char* text = recorder_text(&f.recorder);
  static const char* const order[] = {
      "work:0", "work:1", "work:2", "work:3", "work:4", "work:5"};
  for (size_t i = 0; i < KIT_COUNT(order); i++) {
    text = strstr(text, order[i]);
    assert_non_null(text);
  }
  full_close(&f, *state);
}

/* With waiting room too, tasks of callers run after those that waited. */
static void serves_them_through_the_queue(void** state) {
  full_t f;
  full_open(&f, *state, 2);
  jobs_submit(f.pool, &f.jobs[1], 2);
  caller_start_blocked(*state, &f.callers[0], f.pool, &f.jobs[3], 1);
  caller_start_blocked(*state, &f.callers[1], f.pool, &f.jobs[4], 2);
  gate_admit(&f.gate, 1);
  assert_status(caller_join(*state, &f.callers[0]), 0);
  gate_await(&f.gate, 2);
  assert_int_equal(uvpool_waiting(f.pool), 2);
  assert_int_equal(pool_stats(f.pool).blocked, 1);
  gate_open(&f.gate);
  assert_status(caller_join(*state, &f.callers[1]), 0);
  loop_run_until(*state, job_is_done, &f.jobs[4], "the last caller's task");
  jobs_assert_ran(f.jobs, 5);
  full_close(&f, *state);
}

/* No submit gets in before a blocked caller, not even for room that a cancel
 * has just made: that room is the caller's before the cancel returns. */
static void nobody_overtakes_a_caller(void** state) {
  full_t f;
  full_open(&f, *state, 1);
  jobs_submit(f.pool, &f.jobs[1], 1);
  caller_start_blocked(*state, &f.callers[0], f.pool, &f.jobs[2], 1);
  assert_status(uvpool_cancel(&f.jobs[1].task), 0);
  assert_int_equal(pool_stats(f.pool).blocked, 0);
  assert_int_equal(uvpool_waiting(f.pool), 1);
  assert_status(job_submit(f.pool, &f.jobs[3]), UV_EAGAIN);
  assert_status(caller_join(*state, &f.callers[0]), 0);
  gate_open(&f.gate);
  loop_run_until(*state, job_is_done, &f.jobs[2], "the caller's task");
  job_assert_ran(&f.jobs[0]);
  job_assert_dropped(&f.jobs[1], UV_ECANCELED);
  job_assert_ran(&f.jobs[2]);
  job_assert_untouched(&f.jobs[3]);
  full_close(&f, *state);
}

/* A timeout of 0 does not wait at all. */
static void timeout_0(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  caller_start(&f.callers[0], f.pool, &f.jobs[1], 0);
  join_callers(&f, *state, 1, UV_ETIMEDOUT);
  job_assert_untouched(&f.jobs[1]);
  assert_int_equal(pool_stats(f.pool).refused, 1);
  full_close(&f, *state);
}

/* A short timeout ends with UV_ETIMEDOUT, and the task is the caller's
 * again. */
static void timeout_short(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  uint64_t before = uv_hrtime();
  caller_start(&f.callers[0], f.pool, &f.jobs[1], 20);
  join_callers(&f, *state, 1, UV_ETIMEDOUT);
  assert_true(uv_hrtime() - before >= UINT64_C(20000000));
  job_assert_untouched(&f.jobs[1]);
  assert_int_equal(pool_stats(f.pool).blocked, 0);
  assert_int_equal(pool_stats(f.pool).refused, 1);
  assert_status(uvpool_cancel(&f.jobs[1].task), UV_EINVAL);
  caller_start_blocked(*state, &f.callers[0], f.pool, &f.jobs[1], 1);
  gate_open(&f.gate);
  join_callers(&f, *state, 1, 0);
  loop_run_until(*state, job_is_done, &f.jobs[1], "the task");
  job_assert_ran(&f.jobs[1]);
  full_close(&f, *state);
}

/* Enormous timeouts do not wrap around into short ones. */
static void timeout_enormous(void** state) {
  static const uint64_t timeouts[] = {
      UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 1000000, INT64_MAX};
  full_t f;
  full_open(&f, *state, 0);
  for (size_t i = 0; i < KIT_COUNT(timeouts); i++) {
    caller_start(&f.callers[i], f.pool, &f.jobs[1 + i], timeouts[i]);
    pool_await_blocked(*state, f.pool, i + 1);
  }
  loop_run_for(*state, 20);
  assert_int_equal(pool_stats(f.pool).blocked, KIT_COUNT(timeouts));
  gate_open(&f.gate);
  join_callers(&f, *state, KIT_COUNT(timeouts), 0);
  loop_run_until(*state, job_is_done, &f.jobs[4], "the last caller's task");
  full_close(&f, *state);
}

/* The one that gave up in the middle of the line does not hold up those behind
 * it. */
static void a_timeout_in_the_middle_lets_others_pass(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  caller_start_blocked(*state, &f.callers[0], f.pool, &f.jobs[1], 1);
  caller_start(&f.callers[1], f.pool, &f.jobs[2], 20);
  assert_status(caller_join(*state, &f.callers[1]), UV_ETIMEDOUT);
  caller_start_blocked(*state, &f.callers[2], f.pool, &f.jobs[3], 2);
  gate_open(&f.gate);
  assert_status(caller_join(*state, &f.callers[0]), 0);
  assert_status(caller_join(*state, &f.callers[2]), 0);
  loop_run_until(*state, job_is_done, &f.jobs[3], "the last caller's task");
  job_assert_untouched(&f.jobs[2]);
  full_close(&f, *state);
}

/* When the oldest gives up, the next gets the room that comes after. */
static void a_timeout_at_the_head_lets_others_pass(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  caller_start(&f.callers[0], f.pool, &f.jobs[1], 200);
  caller_start(&f.callers[1], f.pool, &f.jobs[2], UINT64_MAX);
  assert_status(caller_join(*state, &f.callers[0]), UV_ETIMEDOUT);
  pool_await_blocked(*state, f.pool, 1);
  gate_open(&f.gate);
  assert_status(caller_join(*state, &f.callers[1]), 0);
  loop_run_until(*state, job_is_done, &f.jobs[2], "the task");
  job_assert_ran(&f.jobs[2]);
  full_close(&f, *state);
}

/* A growing capacity makes room. */
static void woken_by_tune(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  block_callers(&f, *state, 3);
  assert_status(uvpool_tune(f.pool, 3), 0);
  assert_status(caller_join(*state, &f.callers[0]), 0);
  assert_status(caller_join(*state, &f.callers[1]), 0);
  gate_await(&f.gate, 3);
  assert_int_equal(pool_stats(f.pool).blocked, 1);
  gate_open(&f.gate);
  assert_status(caller_join(*state, &f.callers[2]), 0);
  for (int i = 0; i < 4; i++) {
    loop_run_until(*state, job_is_done, &f.jobs[i], "a task");
  }
  jobs_assert_ran(f.jobs, 4);
  full_close(&f, *state);
}

/* Release ends the wait. */
static void woken_by_release(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  block_callers(&f, *state, CALLERS);
  assert_status(uvpool_release(f.pool), 0);
  join_callers(&f, *state, CALLERS, UV_ESHUTDOWN);
  for (int i = 1; i <= CALLERS; i++) {
    job_assert_untouched(&f.jobs[i]);
  }
  full_close(&f, *state);
}

/* Drain ends it too: it takes no new work. */
static void woken_by_drain(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  pool_end_t end = {0};
  uvpool_set_data(f.pool, &end);
  block_callers(&f, *state, 2);
  assert_status(uvpool_drain(f.pool, UINT64_MAX, pool_on_release), 0);
  join_callers(&f, *state, 2, UV_ESHUTDOWN);
  gate_open(&f.gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  job_assert_untouched(&f.jobs[1]);
  full_close(&f, *state);
}

/* Close ends it, and waits for the callers to be out. */
static void woken_by_close(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  block_callers(&f, *state, CALLERS);
  assert_status(uvpool_close(f.pool, NULL), 0);
  gate_open(&f.gate);
  join_callers(&f, *state, CALLERS, UV_ESHUTDOWN);
  loop_run(*state);
  job_assert_ran(&f.jobs[0]);
  for (int i = 1; i <= CALLERS; i++) {
    job_assert_untouched(&f.jobs[i]);
  }
  jobs_free(f.jobs);
  gate_destroy(&f.gate);
}

/* After a release it does not even begin to wait. */
static void refused_after_release(void** state) {
  full_t f;
  full_open(&f, *state, 0);
  assert_status(uvpool_release(f.pool), 0);
  caller_start(&f.callers[0], f.pool, &f.jobs[1], UINT64_MAX);
  join_callers(&f, *state, 1, UV_ESHUTDOWN);
  full_close(&f, *state);
}

/* On the loop thread it would deadlock: UV_EPERM, also when there is room. */
static void eperm_on_the_loop_thread(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 4);
  job_t job;
  job_init(&job, 0);
  assert_status(job_submit_wait(pool, &job, UINT64_MAX), UV_EPERM);
  assert_status(job_submit_wait(pool, &job, 0), UV_EPERM);
  loop_run(*state);
  job_assert_untouched(&job);
  pool_close(*state, pool);
}

typedef struct nested_s {
  uvpool_t* pool;
  job_t* inner;
  int result; /* written in work, read after done */
} nested_t;

static void submit_wait_inner(job_t* job) {
  nested_t* nested = job->arg;
  nested->result = job_submit_wait(nested->pool, nested->inner, UINT64_MAX);
}

/* On a worker of the pool likewise. */
static void eperm_on_a_worker(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 4);
  job_t* jobs = jobs_new(2, NULL);
  nested_t nested = {pool, &jobs[1], 1};
  jobs[0].in_work = submit_wait_inner;
  jobs[0].arg = &nested;
  jobs_submit(pool, jobs, 1);
  loop_run(*state);
  assert_status(nested.result, UV_EPERM);
  job_assert_untouched(&jobs[1]);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* A worker of another pool is a thread like any other. */
static void works_on_a_worker_of_another_pool(void** state) {
  uvpool_t* outer = pool_open(*state, 1, 4);
  uvpool_t* inner = pool_open(*state, 1, 4);
  job_t* jobs = jobs_new(2, NULL);
  nested_t nested = {inner, &jobs[1], 1};
  jobs[0].in_work = submit_wait_inner;
  jobs[0].arg = &nested;
  jobs_submit(outer, jobs, 1);
  loop_run_until(*state, job_is_done, &jobs[1], "the inner task");
  loop_run(*state);
  assert_status(nested.result, 0);
  jobs_assert_ran(jobs, 2);
  pool_close(*state, outer);
  pool_close(*state, inner);
  jobs_free(jobs);
}

/* With nobody alive yet, a blocked caller's room comes from the first thread:
 * it needs no other submit to get going. */
static void needs_no_live_worker(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 0);
  job_t* jobs = jobs_new(2, NULL);
  caller_t callers[2];
  for (int i = 0; i < 2; i++) {
    caller_start(&callers[i], pool, &jobs[i], UINT64_MAX);
  }
  for (int i = 0; i < 2; i++) {
    assert_status(caller_join(*state, &callers[i]), 0);
  }
  for (int i = 0; i < 2; i++) {
    loop_run_until(*state, job_is_done, &jobs[i], "a caller's task");
  }
  jobs_assert_ran(jobs, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(does_not_wait_for_room_that_is_there),
      loop_test(serves_the_oldest_first),
      loop_test(serves_them_through_the_queue),
      loop_test(nobody_overtakes_a_caller),
      loop_test(timeout_0),
      loop_test(timeout_short),
      loop_test(timeout_enormous),
      loop_test(a_timeout_in_the_middle_lets_others_pass),
      loop_test(a_timeout_at_the_head_lets_others_pass),
      loop_test(woken_by_tune),
      loop_test(woken_by_release),
      loop_test(woken_by_drain),
      loop_test(woken_by_close),
      loop_test(refused_after_release),
      loop_test(eperm_on_the_loop_thread),
      loop_test(eperm_on_a_worker),
      loop_test(works_on_a_worker_of_another_pool),
      loop_test(needs_no_live_worker),
  };
  return kit_run(argc, argv, tests);
}
