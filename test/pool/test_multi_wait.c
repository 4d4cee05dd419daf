/* uvpool_multi_submit_wait: waits for room in any of the pools, whichever gets
 * it first, and is told when it is over. */
#include "kit.h"

enum { POOLS = 3 };

typedef struct waiter_s {
  helper_t helper;
  uvpool_multi_t* multi;
  job_t* job;
  uint64_t timeout_ms;
  int result;
} waiter_t;

static void wait_for_room(void* arg) {
  waiter_t* waiter = arg;
  waiter->result = uvpool_multi_submit_wait(waiter->multi,
                                            &waiter->job->task,
                                            job_work,
                                            job_done,
                                            waiter->timeout_ms);
}

static void waiter_start(waiter_t* waiter,
                         uvpool_multi_t* multi,
                         job_t* job,
                         uint64_t timeout_ms) {
  *waiter = (waiter_t) {.multi = multi, .job = job, .timeout_ms = timeout_ms};
  helper_start(&waiter->helper, wait_for_room, waiter);
}

static int64_t wanted;

static int are_blocked(void* multi) {
  return uvpool_multi_blocked(multi) == wanted;
}

static void await_blocked(uv_loop_t* loop, uvpool_multi_t* multi, int64_t n) {
  wanted = n;
  loop_run_until(loop, are_blocked, multi, "callers to be blocked");
}

/* A full multi-pool of 3 x 1; its jobs stand at gates of their own. */
typedef struct full_s {
  uvpool_multi_t* multi;
  gate_t gates[POOLS];
  job_t* jobs; /* the first POOLS occupy it */
} full_t;

static void full_open(full_t* full, uv_loop_t* loop, uvpool_strategy_t how) {
  full->multi = multi_open(loop, POOLS, how, 1, 0);
  full->jobs = jobs_new(POOLS + 4, NULL);
  for (int i = 0; i < POOLS; i++) {
    gate_init(&full->gates[i]);
    full->jobs[i].gate = &full->gates[i];
    pool_occupy(uvpool_multi_pool(full->multi, i), &full->jobs[i], 1);
  }
}

static void full_close(full_t* full, uv_loop_t* loop) {
  for (int i = 0; i < POOLS; i++) {
    gate_open(&full->gates[i]);
  }
  loop_run(loop);
  multi_close(loop, full->multi);
  jobs_free(full->jobs);
  for (int i = 0; i < POOLS; i++) {
    gate_destroy(&full->gates[i]);
  }
}

/* Room in any one of them will do, though the others stay full. */
static void any_room_will_do(void** state) {
  for (int round = 0; round < 2 * POOLS; round++) {
    full_t full;
    waiter_t waiter;
    full_open(&full,
              *state,
              round % 2 == 0 ? UVPOOL_ROUND_ROBIN : UVPOOL_LEAST_TASKS);
    waiter_start(&waiter, full.multi, &full.jobs[POOLS], UINT64_MAX);
    await_blocked(*state, full.multi, 1);
    gate_open(&full.gates[round / 2]);
    helper_join(*state, &waiter.helper);
    assert_status(waiter.result, 0);
    assert_int_equal(multi_index_of(full.multi, &full.jobs[POOLS]), round / 2);
    loop_run_until(*state, job_is_done, &full.jobs[POOLS], "the task's end");
    full_close(&full, *state);
  }
}

/* Does not wait at all when another pool has room. */
static void does_not_wait_beside_room(void** state) {
  full_t full;
  waiter_t waiter;
  full_open(&full, *state, UVPOOL_ROUND_ROBIN);
  gate_open(&full.gates[2]);
  loop_run_until(*state, job_is_done, &full.jobs[2], "room in one pool");
  waiter_start(&waiter, full.multi, &full.jobs[POOLS], UINT64_MAX);
  helper_join(*state, &waiter.helper);
  assert_status(waiter.result, 0);
  assert_int_equal(multi_index_of(full.multi, &full.jobs[POOLS]), 2);
  full_close(&full, *state);
}

/* Several callers: each gets in, as room comes up. */
static void all_get_in(void** state) {
  full_t full;
  waiter_t waiters[4];
  full_open(&full, *state, UVPOOL_LEAST_TASKS);
  for (int i = 0; i < 4; i++) {
    waiter_start(&waiters[i], full.multi, &full.jobs[POOLS + i], UINT64_MAX);
  }
  await_blocked(*state, full.multi, 4);
  gate_open(&full.gates[1]);
  for (int i = 0; i < 4; i++) {
    helper_join(*state, &waiters[i].helper);
    assert_status(waiters[i].result, 0);
  }
  full_close(&full, *state);
}

/* Growth of one pool is room. */
static void tune_is_room(void** state) {
  full_t full;
  waiter_t waiter;
  full_open(&full, *state, UVPOOL_ROUND_ROBIN);
  waiter_start(&waiter, full.multi, &full.jobs[POOLS], UINT64_MAX);
  await_blocked(*state, full.multi, 1);
  assert_status(uvpool_tune(uvpool_multi_pool(full.multi, 1), 2), 0);
  helper_join(*state, &waiter.helper);
  assert_status(waiter.result, 0);
  assert_int_equal(multi_index_of(full.multi, &full.jobs[POOLS]), 1);
  full_close(&full, *state);
}

/* No time, or not enough. */
static void times_out(void** state) {
  static const uint64_t timeouts_ms[] = {0, 20};
  for (size_t i = 0; i < KIT_COUNT(timeouts_ms); i++) {
    full_t full;
    waiter_t waiter;
    full_open(&full, *state, UVPOOL_LEAST_TASKS);
    waiter_start(&waiter, full.multi, &full.jobs[POOLS], timeouts_ms[i]);
    helper_join(*state, &waiter.helper);
    assert_status(waiter.result, UV_ETIMEDOUT);
    job_assert_untouched(&full.jobs[POOLS]);
    assert_int_equal(uvpool_multi_blocked(full.multi), 0);
    full_close(&full, *state);
  }
}

/* Release of all sends callers away; so does close, which waits for them. */
static void release_and_close_send_away(void** state) {
  for (int closing = 0; closing <= 1; closing++) {
    full_t full;
    waiter_t waiters[2];
    full_open(&full, *state, UVPOOL_ROUND_ROBIN);
    for (int i = 0; i < 2; i++) {
      waiter_start(&waiters[i], full.multi, &full.jobs[POOLS + i], UINT64_MAX);
    }
    await_blocked(*state, full.multi, 2);
    if (closing) {
      assert_status(uvpool_multi_close(full.multi, NULL), 0);
    } else {
      assert_status(uvpool_multi_release(full.multi), 0);
    }
    for (int i = 0; i < 2; i++) {
      helper_join(*state, &waiters[i].helper);
      assert_status(waiters[i].result, UV_ESHUTDOWN);
      job_assert_untouched(&full.jobs[POOLS + i]);
    }
    for (int i = 0; i < POOLS; i++) {
      gate_open(&full.gates[i]);
    }
    loop_run(*state);
    jobs_assert_ran(full.jobs, POOLS);
    if (!closing) {
      multi_close(*state, full.multi);
    }
    jobs_free(full.jobs);
    for (int i = 0; i < POOLS; i++) {
      gate_destroy(&full.gates[i]);
    }
  }
}

/* One more than max_blocked is refused. */
static void max_blocked(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(1, 0);
  options.max_blocked = 1;
  uvpool_multi_t* multi = NULL;
  assert_status(
      uvpool_multi_create(*state, 2, UVPOOL_ROUND_ROBIN, &options, &multi), 0);
  job_t* jobs = jobs_new(4, &gate);
  multi_occupy(multi, jobs, 2);
  waiter_t waiters[2];
  waiter_start(&waiters[0], multi, &jobs[2], UINT64_MAX);
  await_blocked(*state, multi, 1);
  waiter_start(&waiters[1], multi, &jobs[3], UINT64_MAX);
  helper_join(*state, &waiters[1].helper);
  assert_status(waiters[1].result, UV_EAGAIN);
  gate_open(&gate);
  helper_join(*state, &waiters[0].helper);
  assert_status(waiters[0].result, 0);
  loop_run(*state);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(any_room_will_do),
      loop_test(does_not_wait_beside_room),
      loop_test(all_get_in),
      loop_test(tune_is_room),
      loop_test(times_out),
      loop_test(release_and_close_send_away),
      loop_test(max_blocked),
  };
  return kit_run(argc, argv, tests);
}
