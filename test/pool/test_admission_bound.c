/* Admission: a task is admitted if and only if fewer wait than
 * max_waiting plus the workers that are not busy. Never one more, never one
 * less, however fast the workers are. */
#include "kit.h"

/* With every work held at the gate, exactly capacity + max_waiting of `offered`
 * tasks are admitted; the others get nothing. */
static void check_bound(uv_loop_t* loop, int capacity, int max_waiting) {
  gate_t gate;
  gate_init(&gate);
  int admitted = capacity + max_waiting;
  int offered = admitted + 5;
  uvpool_t* pool = pool_open(loop, capacity, max_waiting);
  job_t* jobs = jobs_new(offered, &gate);
  jobs_submit(pool, jobs, admitted);
  for (int i = admitted; i < offered; i++) {
    assert_status(job_submit(pool, &jobs[i]), UV_EAGAIN);
  }
  gate_await(&gate, (unsigned) capacity);
  assert_status(job_submit(pool, &jobs[admitted]), UV_EAGAIN);
  assert_int_equal(uvpool_waiting(pool), max_waiting);
  assert_int_equal(pool_stats(pool).refused, 6);
  gate_open(&gate);
  loop_run(loop);
  jobs_assert_ran(jobs, admitted);
  for (int i = admitted; i < offered; i++) {
    job_assert_untouched(&jobs[i]);
  }
  pool_close(loop, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* No waiting room: refused whenever no worker is free. */
static void bound_0(void** state) {
  check_bound(*state, 1, 0);
  check_bound(*state, 3, 0);
}

/* Some waiting room. */
static void bound_n(void** state) {
  check_bound(*state, 1, 1);
  check_bound(*state, 2, 7);
  check_bound(*state, 8, 100);
}

/* The default bound is 65536. */
static void bound_of_the_defaults(void** state) {
  gate_t gate;
  gate_init(&gate);
  enum { ADMITTED = 4 + 65536 };
  uvpool_t* pool = pool_open_with(*state, NULL);
  job_t* jobs = jobs_new(ADMITTED + 1, &gate);
  jobs_submit(pool, jobs, ADMITTED);
  assert_status(job_submit(pool, &jobs[ADMITTED]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, ADMITTED);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* UVPOOL_UNLIMITED and the largest number never refuse. */
static void unlimited_never_refuses(void** state) {
  static const int64_t bounds[] = {UVPOOL_UNLIMITED, INT64_MAX};
  enum { COUNT = 70000 };
  for (size_t i = 0; i < KIT_COUNT(bounds); i++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = pool_open(*state, 2, bounds[i]);
    job_t* jobs = jobs_new(COUNT, &gate);
    jobs_submit(pool, jobs, COUNT);
    gate_open(&gate);
    loop_run(*state);
    jobs_assert_ran(jobs, COUNT);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* Room comes back when a work returns, and no more room than that. */
static void room_returns_with_each_task(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  job_t* jobs = jobs_new(5, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 1);
  for (int i = 2; i < 5; i++) {
    assert_status(job_submit(pool, &jobs[i]), UV_EAGAIN);
    gate_admit(&gate, 1);
    gate_await(&gate, (unsigned) i);
    loop_run_until(*state, job_is_done, &jobs[i - 2], "the oldest task");
    jobs_submit(pool, &jobs[i], 1);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 5);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void submit_next(job_t* job) {
  job_t* next = job->arg; /* belongs to a worker from here on */
  job->result = job_submit(uvpool_task_handle(&job->task), next);
}

/* In its done a task counts no more: with max_waiting 0 and every worker taken
 * but its own, a submit from there succeeds. */
static void done_implies_room(void** state) {
  enum { ROUNDS = 500 };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, 0);
  job_t* jobs = jobs_new(ROUNDS + 1, NULL);
  jobs[ROUNDS].gate = &gate;
  pool_occupy(pool, &jobs[ROUNDS], 1);
  for (int i = 0; i + 1 < ROUNDS; i++) {
    jobs[i].in_done = submit_next;
    jobs[i].arg = &jobs[i + 1];
  }
  jobs_submit(pool, jobs, 1);
  loop_run_until(*state, job_is_done, &jobs[ROUNDS - 1], "the last of a chain");
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, ROUNDS + 1);
  for (int i = 0; i < ROUNDS; i++) {
    assert_status(jobs[i].result, 0);
  }
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* The same holds in the done of a task that panicked: its worker is gone, but
 * its room is there. */
static void done_of_a_panic_implies_room(void** state) {
  uvpool_options_t options = pool_options(1, 0);
  options.on_panic = pool_ignore_panic;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(2, NULL);
  jobs[0].in_work = job_panic;
  jobs[0].in_done = submit_next;
  jobs[0].arg = &jobs[1];
  jobs_submit(pool, jobs, 1);
  loop_run(*state);
  assert_status(jobs[0].status, UVPOOL_EPANIC);
  assert_status(jobs[1].result, 0);
  job_assert_ran(&jobs[1]);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* The same in the done of a cancelled task. */
static void done_of_a_cancelled_implies_room(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 1);
  jobs[1].in_done = submit_next;
  jobs[1].arg = &jobs[2];
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  loop_run_until(*state, job_is_done, &jobs[1], "the cancelled task");
  assert_status(jobs[2].result, 0);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[2]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A refused task is forgotten: it may be submitted again at once. */
static void refused_task_is_free(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  for (int i = 0; i < 10; i++) {
    assert_status(job_submit(pool, &jobs[1]), UV_EAGAIN);
  }
  assert_status(uvpool_cancel(&jobs[1].task), UV_EINVAL);
  gate_open(&gate);
  loop_run(*state);
  job_assert_untouched(&jobs[1]);
  jobs_submit(pool, &jobs[1], 1);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(bound_0),
      loop_test(bound_n),
      loop_test(bound_of_the_defaults),
      loop_test(unlimited_never_refuses),
      loop_test(room_returns_with_each_task),
      loop_test(done_implies_room),
      loop_test(done_of_a_panic_implies_room),
      loop_test(done_of_a_cancelled_implies_room),
      loop_test(refused_task_is_free),
  };
  return kit_run(argc, argv, tests);
}
