/* Deadlines and the loop: who wakes it, what keeps it alive, how many timers
 * are left, and how deadlines end when the pool does. */
#include <stdlib.h>

#include "dice.h"
#include "kit.h"

#define MS UINT64_C(1000000)

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
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE; /* no other timers */
  s->pool = pool_open_with(loop, &options);
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

static void turn_until_done(uv_loop_t* loop, job_t* job) {
  while (!job_is_done(job)) {
    (void) loop_run_mode(loop, UV_RUN_ONCE);
  }
}

/* ---- Who wakes the loop -------------------------------------------------- */

typedef struct submitter_s {
  uvpool_t* pool;
  job_t* job;
  uint64_t delay_ms;
  uint64_t deadline_ms;
  int result;
} submitter_t;

static void submit_later(void* arg) {
  submitter_t* s = arg;
  uv_sleep((unsigned) s->delay_ms);
  s->result = job_submit_deadline(s->pool, s->job, in_ms(s->deadline_ms));
}

/* Submitted by another thread while the loop sleeps: the loop has to be woken
 * to set the timer, and again by that. Nobody helps. */
static void from_another_thread(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t* jobs = jobs_new(2, NULL);
  for (int i = 0; i < 2; i++) {
    submitter_t submitter = {s.pool, &jobs[i], 20, 20, -1};
    helper_t helper;
    helper_start(&helper, submit_later, &submitter);
    turn_until_done(*state, &jobs[i]);
    helper_join(*state, &helper);
    assert_status(submitter.result, 0);
    job_assert_dropped(&jobs[i], UV_ETIMEDOUT);
  }
  unstick(*state, &s);
  jobs_free(jobs);
}

/* An earlier one after a later one, also from another thread: the timer is set
 * anew. */
static void an_earlier_after_a_later(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t* jobs = jobs_new(3, NULL);
  assert_status(job_submit_deadline(s.pool, &jobs[0], in_ms(3600000)), 0);
  loop_turn(*state, 2);
  assert_status(job_submit_deadline(s.pool, &jobs[1], in_ms(10)), 0);
  turn_until_done(*state, &jobs[1]);
  submitter_t submitter = {s.pool, &jobs[2], 10, 10, -1};
  helper_t helper;
  helper_start(&helper, submit_later, &submitter);
  turn_until_done(*state, &jobs[2]);
  helper_join(*state, &helper);
  jobs_assert_dropped(&jobs[1], 2, UV_ETIMEDOUT);
  assert_int_equal(jobs[0].done, 0);
  unstick(*state, &s);
  job_assert_ran(&jobs[0]);
  jobs_free(jobs);
}

/* The soonest is taken before: the next one is not forgotten. */
static void the_next_after_one_that_was_taken(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  assert_status(job_submit_deadline(pool, &jobs[1], in_ms(1000)), 0);
  assert_status(job_submit_deadline(pool, &jobs[2], in_ms(1200)), 0);
  gate_admit(&gate, 1);
  turn_until_done(*state, &jobs[0]);
  turn_until_done(*state, &jobs[2]); /* 1 stands at the gate, or expired too */
  job_assert_dropped(&jobs[2], UV_ETIMEDOUT);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(jobs[1].done, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Cancelled before its deadline: once, and with UV_ECANCELED. */
static void cancel_before_it(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t* jobs = jobs_new(3, NULL);
  for (uint64_t i = 0; i < 3; i++) {
    assert_status(job_submit_deadline(s.pool, &jobs[i], in_ms(20 + 10 * i)), 0);
  }
  assert_status(uvpool_cancel(&jobs[0].task), 0);
  assert_status(uvpool_cancel(&jobs[2].task), 0);
  turn_until_done(*state, &jobs[1]);
  loop_run_for(*state, 30);
  job_assert_dropped(&jobs[0], UV_ECANCELED);
  job_assert_dropped(&jobs[1], UV_ETIMEDOUT);
  job_assert_dropped(&jobs[2], UV_ECANCELED);
  assert_int_equal(pool_stats(s.pool).cancelled, 2);
  assert_int_equal(pool_stats(s.pool).expired, 1);
  unstick(*state, &s);
  jobs_free(jobs);
}

/* ---- Timers -------------------------------------------------------------- */

static int no_timers(void* loop) {
  return loop_active_timers(loop) == 0;
}

/* With nothing left that has a deadline, no timer is left after it has fired
 * once more; and such a timer does not keep the loop alive. */
static void no_timer_is_left(void** state) {
  stuck_t s;
  stick(*state, &s);
  assert_int_equal(loop_active_timers(*state), 0);
  job_t* jobs = jobs_new(2, NULL);
  assert_status(job_submit_deadline(s.pool, &jobs[0], in_ms(5)), 0);
  turn_until_done(*state, &jobs[0]);
  loop_run_until(*state, no_timers, *state, "the timer to stop");
  assert_status(job_submit_deadline(s.pool, &jobs[1], in_ms(30)), 0);
  loop_turn(*state, 2);
  assert_int_equal(loop_active_timers(*state), 1);
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  loop_run_until(*state, no_timers, *state, "the timer to fire for nothing");
  unstick(*state, &s);
  jobs_free(jobs);
}

/* A timer that is left for an hour holds nobody up once its task has run. */
static void a_timer_does_not_hold_the_loop(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t job;
  job_init(&job, 0);
  assert_status(job_submit_deadline(s.pool, &job, in_ms(3600000)), 0);
  loop_turn(*state, 2);
  gate_open(&s.gate);
  loop_run(*state);
  job_assert_ran(&job);
  unstick(*state, &s);
}

/* A task that waits for its deadline keeps the loop alive. */
static void the_task_holds_the_loop(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t job;
  job_init(&job, 0);
  assert_status(job_submit_deadline(s.pool, &job, in_ms(20)), 0);
  while (!job_is_done(&job)) {
    assert_true(uv_loop_alive(*state));
    (void) loop_run_mode(*state, UV_RUN_ONCE);
  }
  job_assert_dropped(&job, UV_ETIMEDOUT);
  unstick(*state, &s);
}

/* ---- Many ---------------------------------------------------------------- */

static void many(uv_loop_t* loop, uint64_t spread_ms) {
  const int count = dice_rounds(KIT_TSAN ? 20000 : 100000);
  dice_t dice = dice_new();
  stuck_t s;
  stick(loop, &s);
  job_t* jobs = jobs_new(count, NULL);
  uint64_t base_ns = in_ms(20);
  for (int i = 0; i < count; i++) {
    uint64_t after = spread_ms == 0 ? 0 : dice_below(&dice, spread_ms) * MS;
    assert_status(job_submit_deadline(s.pool, &jobs[i], base_ns + after), 0);
  }
  for (int i = 0; i < count; i++) {
    turn_until_done(loop, &jobs[i]);
  }
  jobs_assert_dropped(jobs, count, UV_ETIMEDOUT);
  assert_int_equal(pool_stats(s.pool).expired, count);
  loop_run_until(loop, no_timers, loop, "the timer to stop");
  unstick(loop, &s);
  jobs_free(jobs);
}

static void many_with_the_same(void** state) {
  many(*state, 0);
}

static void many_at_random(void** state) {
  many(*state, 200);
}

/* ---- Several loops ------------------------------------------------------- */

typedef struct neighbour_s {
  uvpool_t* pool;
  atomic_int ready;
  atomic_int submitted;
  atomic_int stop;
  uvpool_t* handle;
  job_t job;
} neighbour_t;

/* Its own loop on its own thread, which is then blocked for as long as the test
 * likes, with a task whose deadline passes meanwhile. */
static void live_next_door(void* arg) {
  neighbour_t* n = arg;
  uv_loop_t loop;
  (void) uv_loop_init(&loop);
  (void) uvpool_attach(n->pool, &loop, &n->handle);
  job_init(&n->job, 1);
  (void) job_submit_deadline(n->handle, &n->job, in_ms(10));
  atomic_store(&n->submitted, 1);
  while (!atomic_load(&n->stop)) {
    uv_sleep(1); /* a callback that blocks its loop */
  }
  (void) uv_run(&loop, UV_RUN_DEFAULT);
  (void) uvpool_close(n->handle, NULL);
  (void) uv_run(&loop, UV_RUN_DEFAULT);
  (void) uv_loop_close(&loop);
}

static int neighbour_has_submitted(void* arg) {
  return atomic_load(&((neighbour_t*) arg)->submitted);
}

/* Another handle's loop is blocked: it does not hold up ours. Its own task
 * ends when it gets to it. */
static void a_blocked_loop_blocks_its_own_only(void** state) {
  stuck_t s;
  stick(*state, &s);
  neighbour_t n = {.pool = s.pool};
  helper_t helper;
  helper_start(&helper, live_next_door, &n);
  kit_wait_until(neighbour_has_submitted, &n, "the neighbour");
  job_t job;
  job_init(&job, 0);
  assert_status(job_submit_deadline(s.pool, &job, in_ms(30)), 0);
  turn_until_done(*state, &job);
  job_assert_dropped(&job, UV_ETIMEDOUT);
  assert_int_equal(pool_stats(s.pool).expired, 1);
  atomic_store(&n.stop, 1);
  helper_join(*state, &helper);
  assert_int_equal(n.job.done, 1);
  assert_status(n.job.status, UV_ETIMEDOUT);
  assert_int_equal(pool_stats(s.pool).expired, 2);
  unstick(*state, &s);
}

/* ---- Ends ---------------------------------------------------------------- */

/* Release, close and drain, with deadlines to come and with one just over. */
static void the_pool_ends_first(void** state) {
  for (int how = 0; how < 3; how++) {
    stuck_t s;
    stick(*state, &s);
    job_t* jobs = jobs_new(4, NULL);
    assert_status(job_submit_deadline(s.pool, &jobs[0], 1), 0);
    for (int i = 1; i < 4; i++) {
      assert_status(job_submit_deadline(s.pool, &jobs[i], in_ms(3600000)), 0);
    }
    pool_end_t end = {0};
    uvpool_set_data(s.pool, &end);
    if (how == 0) {
      assert_status(uvpool_release(s.pool), 0);
    } else if (how == 1) {
      assert_status(uvpool_drain(s.pool, UINT64_MAX, pool_on_release), 0);
    } else {
      assert_status(uvpool_close(s.pool, NULL), 0);
    }
    gate_open(&s.gate);
    loop_run(*state);
    for (int i = 0; i < 4; i++) {
      assert_int_equal(jobs[i].done, 1);
      assert_int_equal(jobs[i].worked, how == 1 && i > 0);
    }
    if (how < 2) {
      pool_close(*state, s.pool);
    }
    jobs_free(s.blocker);
    jobs_free(jobs);
    gate_destroy(&s.gate);
  }
}

/* In a drain, what waits still has its deadline, and the drain ends by it. */
static void a_drain_keeps_deadlines(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t* jobs = jobs_new(3, NULL);
  pool_end_t end = {0};
  uvpool_set_data(s.pool, &end);
  for (int i = 0; i < 3; i++) {
    assert_status(job_submit_deadline(s.pool, &jobs[i], in_ms(20)), 0);
  }
  assert_status(uvpool_drain(s.pool, UINT64_MAX, pool_on_release), 0);
  for (int i = 0; i < 3; i++) {
    turn_until_done(*state, &jobs[i]);
  }
  jobs_assert_dropped(jobs, 3, UV_ETIMEDOUT);
  gate_open(&s.gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  pool_close(*state, s.pool);
  jobs_free(s.blocker);
  jobs_free(jobs);
  gate_destroy(&s.gate);
}

/* A walk of the user's has closed the inner handles, the timer among them: each
 * task still ends exactly once, when the handle is closed. */
static void closed_by_a_walk(void** state) {
  stuck_t s;
  stick(*state, &s);
  job_t* jobs = jobs_new(4, NULL);
  assert_status(job_submit_deadline(s.pool, &jobs[0], in_ms(3600000)), 0);
  assert_status(job_submit_deadline(s.pool, &jobs[1], in_ms(5)), 0);
  loop_close_all(*state);
  assert_status(job_submit_deadline(s.pool, &jobs[2], in_ms(1)), 0);
  assert_status(job_submit_deadline(s.pool, &jobs[3], 1), 0);
  loop_turn(*state, 3);
  uv_sleep(10);
  loop_turn(*state, 3);
  gate_open(&s.gate);
  pool_close(*state, s.pool);
  job_assert_ran(s.blocker);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(jobs[i].done, 1);
    assert_int_equal(jobs[i].started, jobs[i].worked);
  }
  for (int i = 1; i < 4; i++) {
    assert_int_equal(jobs[i].worked, 0);
  }
  jobs_free(s.blocker);
  jobs_free(jobs);
  gate_destroy(&s.gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(from_another_thread),
      loop_test(an_earlier_after_a_later),
      loop_test(the_next_after_one_that_was_taken),
      loop_test(cancel_before_it),
      loop_test(no_timer_is_left),
      loop_test(a_timer_does_not_hold_the_loop),
      loop_test(the_task_holds_the_loop),
      loop_test(many_with_the_same),
      loop_test(many_at_random),
      loop_test(a_blocked_loop_blocks_its_own_only),
      loop_test(the_pool_ends_first),
      loop_test(a_drain_keeps_deadlines),
      loop_test(closed_by_a_walk),
  };
  return kit_run(argc, argv, tests);
}
