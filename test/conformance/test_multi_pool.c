/* ants: ten pools of five behind one submit, full to the last worker; released,
 * refused, opened again; by both strategies. */
#include "subject.h"

enum { POOLS = 10, CAPACITY = 5, COUNT = POOLS * CAPACITY };

static void check_creation(uv_loop_t* loop, enum kind kind) {
  uvpool_options_t options = pool_options(CAPACITY, 0);
  subject_t subject;
  static const int64_t counts[] = {0, -1, INT64_C(1) << 31, INT64_C(1) << 32};
  for (size_t i = kind == PER_TASK ? 0 : 1; i < KIT_COUNT(counts); i++) {
    uvpool_multi_t* multi = NULL;
    assert_status(
        kind == PER_TASK
            ? uvpool_multi_create(
                  loop, counts[i], UVPOOL_ROUND_ROBIN, &options, &multi)
            : subject_try_open(&subject,
                               loop,
                               kind,
                               counts[i],
                               UVPOOL_ROUND_ROBIN,
                               &options),
        UV_EINVAL);
  }
  assert_status(
      subject_try_open(
          &subject, loop, kind, POOLS, (uvpool_strategy_t) 8, &options),
      UV_EINVAL);
  options.expiry_ms = -1;
  assert_status(subject_try_open(
                    &subject, loop, kind, POOLS, UVPOOL_LEAST_TASKS, &options),
                UV_EINVAL);
}

/* Every pool is full, and nothing waits. */
static void check_full(subject_t* subject) {
  uvpool_multi_t* multi = subject->multi;
  assert_int_equal(uvpool_multi_workers(multi), COUNT);
  assert_int_equal(uvpool_multi_available(multi), 0);
  assert_int_equal(uvpool_multi_waiting(multi), 0);
  assert_int_equal(uvpool_multi_capacity(multi), COUNT);
  for (int64_t i = 0; i < POOLS; i++) {
    assert_int_equal(uvpool_multi_workers_at(multi, i), CAPACITY);
    assert_int_equal(uvpool_multi_busy_at(multi, i), CAPACITY);
    assert_int_equal(uvpool_multi_available_at(multi, i), 0);
    assert_int_equal(uvpool_multi_waiting_at(multi, i), 0);
  }
  static const int64_t outside[] = {-1, POOLS, POOLS + 1};
  for (size_t i = 0; i < KIT_COUNT(outside); i++) {
    assert_status(uvpool_multi_workers_at(multi, outside[i]), UV_EINVAL);
    assert_status(uvpool_multi_available_at(multi, outside[i]), UV_EINVAL);
    assert_status(uvpool_multi_waiting_at(multi, outside[i]), UV_EINVAL);
  }
}

/* Filled from the loop, or by a thread that would wait if it had to. */
static void fill(subject_t* subject, gate_t* gate, bool by_thread) {
  subject->gate = gate;
  if (by_thread) {
    producer_t producer;
    producer_start(&producer, subject, COUNT, UINT64_MAX);
    helper_join(subject->loop, &producer.helper);
    assert_status(producer.result, 0);
  } else {
    for (int i = 0; i < COUNT; i++) {
      assert_status(subject_submit(subject, i), 0);
    }
  }
  gate_await(gate, COUNT);
}

static void live_once(subject_t* subject, bool by_thread) {
  gate_t gate;
  multi_end_t end = {0};
  gate_init(&gate);
  uvpool_multi_set_data(subject->multi, &end);
  subject->done = 0;
  fill(subject, &gate, by_thread);
  check_full(subject);
  assert_status(subject_submit(subject, 0), UV_EAGAIN);
  assert_status(uvpool_multi_tune(subject->multi, CAPACITY + 5), 0);
  assert_int_equal(uvpool_multi_capacity(subject->multi), 2 * COUNT);
  assert_status(uvpool_multi_tune(subject->multi, CAPACITY), 0);
  assert_status(
      uvpool_multi_release_timeout(subject->multi, 3600000, multi_on_release),
      0);
  gate_open(&gate);
  loop_run_until(subject->loop, multi_is_released, &end, "the release");
  assert_status(end.status, 0);
  assert_int_equal(end.late_count, 0);
  subject_await_done(subject, COUNT);
  assert_int_equal(uvpool_multi_workers(subject->multi), 0);
  assert_int_equal(uvpool_multi_is_closed(subject->multi), 1);
  assert_status(subject_submit(subject, 0), UV_ESHUTDOWN);
  /* Once more: ants calls that an error. */
  end = (multi_end_t) {0};
  assert_status(
      uvpool_multi_release_timeout(subject->multi, 1000, multi_on_release), 0);
  loop_run(subject->loop);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  gate_destroy(&gate);
}

static void multi_pool(uv_loop_t* loop, enum kind kind) {
  static const uvpool_strategy_t strategies[] = {UVPOOL_ROUND_ROBIN,
                                                 UVPOOL_LEAST_TASKS};
  uvpool_options_t options = pool_options(CAPACITY, 0);
  options.stack_size = 128 * 1024;
  check_creation(loop, kind);
  for (size_t i = 0; i < KIT_COUNT(strategies); i++) {
    subject_t subject;
    assert_status(
        subject_try_open(&subject, loop, kind, POOLS, strategies[i], &options),
        0);
    live_once(&subject, false);
    assert_status(uvpool_multi_reboot(subject.multi), 0);
    live_once(&subject, true);
    assert_status(uvpool_multi_reboot(subject.multi), 0);
    subject.gate = NULL;
    assert_status(subject_submit(&subject, 1), 0);
    loop_run(loop);
    subject_close(&subject);
    assert_true(gauge_most(&subject.gauge) <= COUNT);
  }
}

PORT(test_multi_pool, multi_pool, PER_TASK)
PORT(test_multi_pool_with_func, multi_pool, FUNC)
PORT(test_multi_pool_with_func_generic, multi_pool, TYPED)

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_multi_pool),
      loop_test(test_multi_pool_with_func),
      loop_test(test_multi_pool_with_func_generic),
  };
  return kit_run(argc, argv, tests);
}
