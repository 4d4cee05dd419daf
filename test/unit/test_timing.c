/* timing.h: whom a sample stands for, and that what it shows lies between two
 * reads of the clock around its own task. */
#include "timing.h"

#include <string.h>

#include "dice.h"
#include "kit.h"
#include "pool.h"

/* Enough of a pool for timing; zero but for what a test sets. */
static struct uvpool__pool pool;

static void reset(uint32_t flags) {
  memset(&pool, 0, sizeof(pool));
  pool.settings.flags = flags;
}

static void clear(uvpool_task_t* task, unsigned flags) {
  memset(task, 0, sizeof(*task));
  task->flags = (uint16_t) flags;
}

/* ---- A worker's way through one task ------------------------------------- */

static void enqueue(uvpool_task_t* task) {
  uvpool__timing_stamp_locked(&pool, task);
}

static void take(struct uvpool__stopwatch* watch, const uvpool_task_t* task) {
  pool.counters.started++;
  uvpool__timing_taken_locked(&pool, pool.waiting.stamped_ns, watch, task);
  uvpool__stopwatch_start(watch, task, pool.settings.flags);
}

static void finish(struct uvpool__stopwatch* watch) {
  uvpool__stopwatch_stop(watch);
  pool.counters.completed++;
  if (watch->timed) {
    uvpool__timing_record_locked(&pool, watch, true);
  }
}

/* Lets the clock move on, by more than any task below takes. */
static void sleep_ms(unsigned ms) {
  uint64_t until = uvpool__monotonic_ns() + ms * UINT64_C(1000000);
  while (uvpool__monotonic_ns() < until) {
    uv_sleep(1);
  }
}

/* ---- Stamps -------------------------------------------------------------- */

/* A stamp is never later than now; an exact one not earlier than the call. */
static void stamps_are_of_now(void** state) {
  (void) state;
  reset(UVPOOL_EXACT_TIMES);
  uvpool_task_t task;
  for (int i = 0; i < 1000; i++) {
    clear(&task, 0);
    uint64_t before_us = uvpool__monotonic_ns() / 1000u;
    enqueue(&task);
    assert_true(uvpool__task_is(&task, UVPOOL__TASK_TIMED));
    assert_true(uvpool__task_since_us(&task) >= before_us);
    assert_true(uvpool__task_since_us(&task) <= uvpool__monotonic_ns() / 1000u);
  }
}

/* Without exact times at least each 64th task is timed, every one with options,
 * and no stamp is later than now. */
static void each_64th_is_timed(void** state) {
  (void) state;
  reset(0);
  unsigned untimed = 0;
  for (int i = 0; i < 10000; i++) {
    uvpool_task_t task;
    clear(&task, 0);
    enqueue(&task);
    untimed = uvpool__task_is(&task, UVPOOL__TASK_TIMED) ? 0 : untimed + 1;
    assert_true(untimed < 64);
    assert_true(uvpool__task_since_us(&task) <= uvpool__monotonic_ns() / 1000u);
    if (i % 100 == 0) {
      clear(&task, UVPOOL__TASK_OPTIONS);
      uint64_t before_us = uvpool__monotonic_ns() / 1000u;
      untimed = 0;
      enqueue(&task);
      assert_true(uvpool__task_is(&task, UVPOOL__TASK_TIMED));
      assert_true(uvpool__task_since_us(&task) >= before_us);
    }
  }
}

/* Of what is handed over together one is a sample, unless that was just so. */
static void hand_overs_are_sampled(void** state) {
  (void) state;
  reset(0);
  uint64_t now_ns = UINT64_C(1) << 40;
  assert_true(uvpool__timing_sample_locked(&pool, now_ns));
  assert_false(uvpool__timing_sample_locked(&pool, now_ns));
  assert_true(uvpool__timing_sample_locked(&pool, now_ns + 1000000));
  reset(UVPOOL_EXACT_TIMES);
  assert_true(uvpool__timing_sample_locked(&pool, now_ns));
  assert_true(uvpool__timing_sample_locked(&pool, now_ns));
}

/* ---- Weights ------------------------------------------------------------- */

/* With exact times every task is one sample of each kind, of weight 1, also
 * where several workers have tasks in hand. */
static void exact_samples_weigh_1(void** state) {
  (void) state;
  enum { WORKERS = 5 };
  reset(UVPOOL_EXACT_TIMES);
  dice_t dice = dice_new();
  struct uvpool__stopwatch watches[WORKERS];
  uvpool_task_t tasks[WORKERS];
  bool has_task[WORKERS] = {false};
  memset(watches, 0, sizeof(watches));
  for (int i = 0; i < dice_rounds(20000); i++) {
    uint64_t w = dice_below(&dice, WORKERS);
    if (!has_task[w]) {
      clear(&tasks[w], 0);
      enqueue(&tasks[w]);
      take(&watches[w], &tasks[w]);
      assert_int_equal(watches[w].wait_weight, 1);
    } else {
      finish(&watches[w]);
      if (dice_below(&dice, 4) == 0) {
        uvpool__stopwatch_wind(&watches[w]);
      }
    }
    has_task[w] = !has_task[w];
    assert_int_equal(pool.timing.run.count, pool.counters.completed);
    assert_int_equal(pool.timing.wait.count, pool.counters.completed);
  }
}

/* Without, the weights add up: whenever a run was a sample, all that have ended
 * are counted; and of waits all that were taken up to the last sample. */
static void sampled_weights_add_up(void** state) {
  (void) state;
  reset(0);
  dice_t dice = dice_new();
  struct uvpool__stopwatch watch;
  memset(&watch, 0, sizeof(watch));
  unsigned unread = 0;
  for (int i = 0; i < dice_rounds(50000); i++) {
    uvpool_task_t task;
    clear(&task, 0);
    enqueue(&task);
    take(&watch, &task);
    bool timed = watch.timed;
    bool has_wait = watch.has_wait;
    finish(&watch);
    unread = timed ? 0 : unread + 1;
    assert_true(unread <= 63);
    if (timed) {
      assert_int_equal(pool.timing.run.count, pool.counters.completed);
    }
    if (has_wait) {
      assert_int_equal(pool.timing.wait.count, pool.counters.started);
    }
    if (dice_below(&dice, 1000) == 0) {
      uvpool__stopwatch_wind(&watch);
    }
  }
  assert_true(pool.timing.run.count <= pool.counters.completed);
  assert_true(pool.timing.wait.count <= pool.counters.started);
}

/* ---- Readings ------------------------------------------------------------ */

/* A worker that has slept does not take the time before its sleep for the
 * beginning of its task. */
static void sleep_is_no_run_time(void** state) {
  (void) state;
  reset(UVPOOL_EXACT_TIMES);
  struct uvpool__stopwatch watch;
  uvpool_task_t task;
  memset(&watch, 0, sizeof(watch));
  clear(&task, 0);
  take(&watch, &task);
  finish(&watch);
  uvpool__stopwatch_wind(&watch);
  sleep_ms(5);
  uint64_t before_ns = uvpool__monotonic_ns();
  take(&watch, &task);
  assert_true(watch.last_ns >= before_ns);
  assert_true(atomic_load(&watch.began_ns) >= before_ns);
  finish(&watch);
}

/* Two tasks in a row share one read, which lies between them. */
static void tasks_in_a_row_share_a_read(void** state) {
  (void) state;
  reset(UVPOOL_EXACT_TIMES);
  struct uvpool__stopwatch watch;
  uvpool_task_t task;
  memset(&watch, 0, sizeof(watch));
  clear(&task, 0);
  take(&watch, &task);
  uint64_t before_ns = uvpool__monotonic_ns();
  finish(&watch);
  uint64_t after_ns = uvpool__monotonic_ns();
  take(&watch, &task);
  assert_true(watch.last_ns >= before_ns && watch.last_ns <= after_ns);
  sleep_ms(3);
  finish(&watch);
  assert_true(watch.run_ns >= 3000000);
}

/* The run time of a sample is that of its own task, not of those before it that
 * were passed over. */
static void a_sample_begins_after_those_passed_over(void** state) {
  (void) state;
  reset(0);
  struct uvpool__stopwatch watch;
  uvpool_task_t task;
  memset(&watch, 0, sizeof(watch));
  clear(&task, 0);
  take(&watch, &task);
  finish(&watch);
  watch.left = 1; /* as if its tasks were short */
  take(&watch, &task);
  assert_false(watch.timed);
  sleep_ms(5);
  finish(&watch);
  uint64_t before_ns = uvpool__monotonic_ns();
  take(&watch, &task);
  assert_true(watch.timed);
  assert_true(watch.last_ns >= before_ns);
  finish(&watch);
}

/* However many are to be passed over: once a task has been enqueued that is
 * some milliseconds younger than the last read, the next one is read. */
static void none_is_passed_over_for_long(void** state) {
  (void) state;
  reset(0);
  struct uvpool__stopwatch watch;
  uvpool_task_t task;
  memset(&watch, 0, sizeof(watch));
  clear(&task, 0);
  take(&watch, &task);
  finish(&watch);
  watch.left = 63;
  take(&watch, &task);
  assert_false(watch.timed);
  finish(&watch);
  sleep_ms(6 + 4); /* the coarse clock may be 4 ms behind */
  uvpool_task_t other;
  clear(&other, 0);
  enqueue(&other);
  uint64_t before_ns = uvpool__monotonic_ns();
  take(&watch, &task);
  assert_true(watch.timed);
  assert_true(watch.last_ns >= before_ns);
  assert_true(atomic_load(&watch.began_ns) == watch.last_ns);
  finish(&watch);
}

/* The wait of a timed task is from its stamp to its beginning, and lasts at
 * least as long as it was made to. */
static void a_wait_is_from_stamp_to_begin(void** state) {
  (void) state;
  reset(0);
  struct uvpool__stopwatch watch;
  uvpool_task_t task;
  memset(&watch, 0, sizeof(watch));
  uvpool__stopwatch_wind(&watch);
  clear(&task, UVPOOL__TASK_OPTIONS);
  uint64_t before_ns = uvpool__monotonic_ns();
  enqueue(&task);
  sleep_ms(5);
  take(&watch, &task);
  assert_true(watch.has_wait);
  assert_true(watch.wait_ns >= 5000000);
  /* A stamp is cut to a microsecond. */
  assert_true(watch.wait_ns <= uvpool__monotonic_ns() - before_ns + 1000);
  finish(&watch);
  assert_true(pool.timing.wait.sum_ns >= 5000000);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stamps_are_of_now),
      cmocka_unit_test(each_64th_is_timed),
      cmocka_unit_test(hand_overs_are_sampled),
      cmocka_unit_test(exact_samples_weigh_1),
      cmocka_unit_test(sampled_weights_add_up),
      cmocka_unit_test(sleep_is_no_run_time),
      cmocka_unit_test(tasks_in_a_row_share_a_read),
      cmocka_unit_test(a_sample_begins_after_those_passed_over),
      cmocka_unit_test(none_is_passed_over_for_long),
      cmocka_unit_test(a_wait_is_from_stamp_to_begin),
  };
  return kit_run(argc, argv, tests);
}
