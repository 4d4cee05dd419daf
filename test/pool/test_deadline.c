/* Deadlines: what still waits then ends with UV_ETIMEDOUT, whoever is stuck,
 * and is never begun. */
#include <string.h>

#include "kit.h"

#define MS UINT64_C(1000000)
#define DAY (UINT64_C(24) * 3600 * 1000 * MS)

static uint64_t in_ms(uint64_t ms) {
  return uv_hrtime() + ms * MS;
}

/* One worker that stands at the gate; whatever else comes waits. */
typedef struct stuck_s {
  gate_t gate;
  uvpool_t* pool;
  job_t* blocker;
} stuck_t;

static void stick(uv_loop_t* loop, stuck_t* s) {
  gate_init(&s->gate);
  s->pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  s->blocker = jobs_new(1, &s->gate);
  pool_occupy(s->pool, s->blocker, 1);
}

static void unstick(uv_loop_t* loop, stuck_t* s) {
  gate_open(&s->gate);
  loop_run(loop);
  job_assert_ran(s->blocker);
  pool_close(loop, s->pool);
  jobs_free(s->blocker);
  gate_destroy(&s->gate);
}

static void assert_expired(uvpool_t* pool, job_t* jobs, int count) {
  jobs_assert_dropped(jobs, count, UV_ETIMEDOUT);
  assert_int_equal(pool_stats(pool).expired, count);
  assert_int_equal(pool_stats(pool).cancelled, 0);
}

/* ---- It ends ------------------------------------------------------------- */

/* With every worker stuck, and nobody helping: the loop wakes for it alone. */
static void ends_though_all_are_stuck(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t job;
  job_init(&job, 0);
  uint64_t deadline_ns = in_ms(20);
  assert_status(job_submit_deadline(s.pool, &job, deadline_ns), 0);
  while (!job_is_done(&job)) {
    (void) loop_run_mode(*state, UV_RUN_ONCE);
  }
  assert_true(uv_hrtime() >= deadline_ns);
  assert_expired(s.pool, &job, 1);
  assert_int_equal(uvpool_waiting(s.pool), 0);
  unstick(*state, &s);
}

/* Its room is free again, and a caller that waits for it gets it. */
static void its_room_is_free(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  assert_status(job_submit_deadline(pool, &jobs[1], in_ms(30)), 0);
  caller_t caller;
  caller_start(&caller, pool, &jobs[2], UINT64_MAX);
  assert_status(caller_join(*state, &caller), 0);
  loop_run_until(*state, job_is_done, &jobs[1], "the deadline");
  assert_expired(pool, &jobs[1], 1);
  gate_open(&gate);
  loop_run_until(*state, job_is_done, &jobs[2], "the caller's");
  loop_run(*state);
  job_assert_ran(&jobs[2]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* One in the past is accepted and ends so: on a pool with idle workers, on one
 * without any, and on one that is stuck; never inside the call. */
static void one_in_the_past(void** state) {
  const uint64_t past[] = {1, 2, 1000};
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(7, NULL);
  for (int i = 0; i < 3; i++) {
    assert_status(job_submit_deadline(pool, &jobs[i], past[i]), 0);
    assert_int_equal(jobs[i].done, 0);
  }
  loop_run(*state);
  pool_await_idle(*state, pool, uvpool_workers(pool));
  for (int i = 3; i < 6; i++) {
    assert_status(job_submit_deadline(pool, &jobs[i], uv_hrtime() - 1), 0);
    assert_int_equal(jobs[i].done, 0);
    loop_run(*state);
  }
  assert_expired(pool, jobs, 6);
  assert_int_equal(pool_stats(pool).started, 0);
  pool_close(*state, pool);
  stuck_t s;
  stick(*state, &s);
  assert_status(job_submit_deadline(s.pool, &jobs[6], 1), 0);
  loop_run_until(*state, job_is_done, &jobs[6], "one in the past");
  assert_expired(s.pool, &jobs[6], 1);
  unstick(*state, &s);
  jobs_free(jobs);
}

/* Without room it is refused like any other. */
static void no_room_is_no_room(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  assert_status(job_submit_deadline(pool, &jobs[1], 1), UV_EAGAIN);
  assert_status(job_submit_deadline(pool, &jobs[1], in_ms(1)), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  job_assert_untouched(&jobs[1]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- It is not begun ----------------------------------------------------- */

/* The loop is blocked over the deadline, and then a worker comes: it does not
 * begin the task. */
static void a_worker_that_is_late_does_not_begin(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t* jobs = jobs_new(10, NULL);
  uint64_t deadline_ns = in_ms(10);
  for (int i = 0; i < 10; i++) {
    assert_status(job_submit_deadline(s.pool, &jobs[i], deadline_ns), 0);
  }
  while (uv_hrtime() < deadline_ns + 2 * MS) {
    uv_sleep(1);
  }
  gate_open(&s.gate);
  pool_wait_completed(s.pool, 1);
  while (pool_stats(s.pool).waiting > 0) {
    uv_sleep(1); /* the worker ends them; no loop runs */
  }
  assert_int_equal(pool_stats(s.pool).started, 1);
  loop_run(*state);
  assert_expired(s.pool, jobs, 10);
  unstick(*state, &s);
  jobs_free(jobs);
}

/* Those behind it are not held up. */
static void others_go_on(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t* jobs = jobs_new(9, NULL);
  for (int i = 0; i < 9; i++) {
    uint64_t deadline_ns = i % 3 == 0 ? 1 : i % 3 == 1 ? 0 : in_ms(3600000);
    assert_status(job_submit_deadline(s.pool, &jobs[i], deadline_ns), 0);
  }
  gate_open(&s.gate);
  loop_run(*state);
  for (int i = 0; i < 9; i++) {
    if (i % 3 == 0) {
      job_assert_dropped(&jobs[i], UV_ETIMEDOUT);
    } else {
      job_assert_ran(&jobs[i]);
    }
  }
  assert_int_equal(pool_stats(s.pool).expired, 3);
  unstick(*state, &s);
  jobs_free(jobs);
}

/* What runs at its deadline is left alone. */
static void running_ones_are_left_alone(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(1, &gate);
  jobs[0].result = 7;
  /* Far enough to be begun before; near enough to pass while it runs. */
  uint64_t deadline_ns = in_ms(2000);
  assert_status(job_submit_deadline(pool, jobs, deadline_ns), 0);
  gate_await(&gate, 1);
  while (uv_hrtime() < deadline_ns + 2 * MS) {
    loop_run_for(*state, 5);
  }
  assert_int_equal(jobs[0].done, 0);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(jobs);
  assert_int_equal(jobs[0].cancelled, 0);
  assert_int_equal(pool_stats(pool).expired, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

typedef struct late_s {
  uint64_t deadline_ns;
  uint64_t taken_after_ns; /* when the task before it on this worker ended */
} late_t;

static uint64_t last_end_ns; /* the one worker's */

static void note_end(job_t* job) {
  late_t* late = job->arg;
  late->taken_after_ns = last_end_ns;
  uv_sleep(1);
  last_end_ns = uv_hrtime();
}

/* Random deadlines around now: begun or expired, each exactly once, and none
 * begun by a worker that came a millisecond after. */
static void none_is_begun_late(void** state) {
  enum { COUNT = 60 };
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, NULL);
  late_t late[COUNT];
  memset(late, 0, sizeof(late));
  last_end_ns = uv_hrtime();
  for (int i = 0; i < COUNT; i++) {
    late[i].deadline_ns = uv_hrtime() + (uint64_t) (i * 7919 % 60) * MS;
    jobs[i].arg = &late[i];
    jobs[i].in_work = note_end;
    assert_status(job_submit_deadline(pool, &jobs[i], late[i].deadline_ns), 0);
  }
  loop_run(*state);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(jobs[i].done, 1);
    if (jobs[i].started) {
      job_assert_ran(&jobs[i]);
      assert_true(late[i].taken_after_ns <= late[i].deadline_ns + MS);
    } else {
      job_assert_dropped(&jobs[i], UV_ETIMEDOUT);
    }
  }
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* ---- What is said and refused -------------------------------------------- */

/* More than 20 days away. */
static void einval_too_far(void** state) {
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0);
  const uint64_t far[] = {uv_hrtime() + 20 * DAY + 3600 * 1000 * MS,
                          uv_hrtime() + 25 * DAY,
                          uv_hrtime() + 60 * DAY,
                          UINT64_MAX / 2,
                          UINT64_MAX};
  for (size_t i = 0; i < KIT_COUNT(far); i++) {
    assert_status(job_submit_deadline(pool, &job, far[i]), UV_EINVAL);
  }
  job_assert_untouched(&job);
  assert_int_equal(pool_stats(pool).accepted, 0);
  assert_status(job_submit_deadline(pool, &job, uv_hrtime() + 20 * DAY), 0);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

/* 0 is none. */
static void zero_is_none(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t job;
  job_init(&job, 0);
  assert_status(job_submit_deadline(s.pool, &job, 0), 0);
  loop_run_for(*state, 10);
  assert_int_equal(job.done, 0);
  unstick(*state, &s);
  job_assert_ran(&job);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(ends_though_all_are_stuck),
      loop_test(its_room_is_free),
      loop_test(one_in_the_past),
      loop_test(no_room_is_no_room),
      loop_test(a_worker_that_is_late_does_not_begin),
      loop_test(others_go_on),
      loop_test(running_ones_are_left_alone),
      loop_test(none_is_begun_late),
      loop_test(einval_too_far),
      loop_test(zero_is_none),
  };
  return kit_run(argc, argv, tests);
}
