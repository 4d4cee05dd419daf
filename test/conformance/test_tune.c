/* ants: a pool is made larger while callers wait for it (TestPoolTuneScaleUp);
 * and the odds and ends of TestRestCodeCoverage: what creation refuses and in
 * which order, tune of every kind, submit after release. */
#include "subject.h"

/* 2, then 3: one more runs; then 8, with 5 callers blocked: all run. */
static void tune_scale_up(uv_loop_t* loop, enum kind kind) {
  uvpool_options_t options = pool_options(2, 0);
  subject_t subject;
  gate_t gate;
  producer_t producers[5];
  gate_init(&gate);
  subject_open(&subject, loop, kind, &options);
  subject.gate = &gate;
  assert_status(subject_submit(&subject, 0), 0);
  assert_status(subject_submit(&subject, 0), 0);
  gate_await(&gate, 2);
  assert_status(subject_submit(&subject, 0), UV_EAGAIN);
  assert_status(uvpool_tune(subject.pool, 3), 0);
  assert_status(subject_submit(&subject, 0), 0);
  gate_await(&gate, 3);
  for (unsigned i = 0; i < KIT_COUNT(producers); i++) {
    producer_start(&producers[i], &subject, 1, UINT64_MAX);
  }
  pool_await_blocked(loop, subject.pool, KIT_COUNT(producers));
  assert_status(uvpool_tune(subject.pool, 8), 0);
  gate_await(&gate, 8);
  assert_int_equal(uvpool_busy(subject.pool), 8);
  assert_int_equal(uvpool_workers(subject.pool), 8);
  for (unsigned i = 0; i < KIT_COUNT(producers); i++) {
    helper_join(loop, &producers[i].helper);
    assert_status(producers[i].result, 0);
  }
  gate_open(&gate);
  loop_run(loop);
  subject_await_done(&subject, 8);
  subject_assert_ended(&subject, 8, 8);
  subject_close(&subject);
  gate_destroy(&gate);
}

static void test_pool_tune_scale_up(void** state) {
  tune_scale_up(*state, PER_TASK);
  tune_scale_up(*state, FUNC);
  tune_scale_up(*state, TYPED);
}

/* What a subject with such options answers. */
static int try(uv_loop_t* loop,
               enum kind kind,
               int64_t capacity,
               int64_t expiry_ms,
               uint32_t flags) {
  uvpool_options_t options = pool_options(capacity, 0);
  subject_t subject;
  options.expiry_ms = expiry_ms;
  options.flags = flags;
  int err =
      subject_try_open(&subject, loop, kind, 0, UVPOOL_ROUND_ROBIN, &options);
  if (err == 0) {
    subject_close(&subject);
  }
  return err;
}

static void check_creation(uv_loop_t* loop, enum kind kind) {
  assert_status(try(loop, kind, 10, -1, 0), UV_EINVAL);
  assert_status(try(loop, kind, 10, -1, UVPOOL_NO_PURGE), 0);
  assert_status(try(loop, kind, -1, -1, UVPOOL_PREALLOC), UV_EINVAL);
  assert_status(try(loop, kind, -1, 0, UVPOOL_PREALLOC), UV_EINVAL);
  assert_status(try(loop, kind, -1, 0, 0), 0);
  assert_status(try(loop, kind, 10, 0, UVPOOL_PREALLOC), 0);
  /* ants cuts these to 32 bits, and blocks every submit for ever. */
  assert_status(try(loop, kind, INT64_C(1) << 31, 0, 0), UV_EINVAL);
  assert_status(try(loop, kind, INT64_C(1) << 32, 0, 0), UV_EINVAL);
}

static void check_tune(uv_loop_t* loop, enum kind kind, uint32_t flags) {
  uvpool_options_t options = pool_options(100, 1);
  subject_t subject;
  int expected = flags == 0 ? 0 : UV_ENOTSUP;
  options.flags = flags;
  subject_open(&subject, loop, kind, &options);
  assert_status(subject_submit(&subject, 1), 0);
  assert_status(uvpool_tune(subject.pool, 100), expected);
  assert_status(uvpool_tune(subject.pool, 10), expected);
  assert_int_equal(uvpool_capacity(subject.pool), flags == 0 ? 10 : 100);
  assert_status(uvpool_tune(subject.pool, 0), UV_EINVAL);
  assert_status(uvpool_tune(subject.pool, -1), UV_EINVAL);
  loop_run(loop);
  assert_status(uvpool_release(subject.pool), 0);
  assert_status(uvpool_release(subject.pool), 0);
  assert_status(subject_submit(&subject, 2), UV_ESHUTDOWN);
  assert_int_equal(uvpool_is_closed(subject.pool), 1);
  subject_close(&subject);
  assert_int_equal(subject.done, 1);
}

static void test_rest_code_coverage(void** state) {
  static const enum kind kinds[] = {PER_TASK, FUNC, TYPED};
  for (size_t i = 0; i < KIT_COUNT(kinds); i++) {
    check_creation(*state, kinds[i]);
    check_tune(*state, kinds[i], 0);
    check_tune(*state, kinds[i], UVPOOL_PREALLOC);
  }
  /* Without a function, whatever else is wrong. */
  uvpool_options_t bad = pool_options(-1, 0);
  uvpool_func_t* func = NULL;
  typed_t typed = {NULL};
  bad.expiry_ms = -1;
  bad.flags = UVPOOL_PREALLOC;
  assert_status(uvpool_func_create(*state, NULL, &bad, &func), UV_EINVAL);
  assert_status(typed_create(*state, NULL, &bad, &typed), UV_EINVAL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_pool_tune_scale_up),
      loop_test(test_rest_code_coverage),
  };
  return kit_run(argc, argv, tests);
}
