/* ants: all workers of a burst live, then all expire; and with the purge
 * disabled none does. */
#include "subject.h"

enum { EXPIRY_MS = 100 };

/* `count` tasks at once; all of their workers are idle when it returns. */
static void burst(subject_t* subject, int count) {
  gate_t gate;
  gate_init(&gate);
  subject->gate = &gate;
  for (int i = 0; i < count; i++) {
    assert_status(subject_submit(subject, i), 0);
  }
  gate_await(&gate, (unsigned) count);
  assert_int_equal(uvpool_workers(subject->pool), count);
  assert_int_equal(uvpool_available(subject->pool), 0);
  gate_open(&gate);
  loop_run(subject->loop);
  subject_assert_ended(subject, count, count);
  subject->gate = NULL;
  gate_destroy(&gate);
}

static void purge(uv_loop_t* loop, enum kind kind, uint32_t flags, int count) {
  uvpool_options_t options = pool_options(count, 0);
  options.flags = flags;
  options.expiry_ms = EXPIRY_MS;
  options.stack_size = 128 * 1024;
  subject_t subject;
  subject_open(&subject, loop, kind, &options);
  burst(&subject, count);
  pool_await_workers(loop, subject.pool, 0);
  assert_int_equal(pool_stats(subject.pool).workers_expired, count);
  assert_int_equal(loop_active_timers(loop), 0);
  subject_close(&subject);
}

static void for_all_kinds(uv_loop_t* loop, uint32_t flags, int count) {
  purge(loop, PER_TASK, flags, count);
  purge(loop, FUNC, flags, count);
  purge(loop, TYPED, flags, count);
}

PORT(test_purge_pool, for_all_kinds, 0, subject_many())
PORT(test_purge_pre_malloc_pool, for_all_kinds, UVPOOL_PREALLOC, 1)

static void disable_purge(uv_loop_t* loop, enum kind kind, int64_t expiry_ms) {
  int count = subject_many();
  uvpool_options_t options = pool_options(count, 0);
  options.flags = UVPOOL_NO_PURGE;
  options.expiry_ms = expiry_ms;
  options.stack_size = 128 * 1024;
  subject_t subject;
  pool_end_t end = {0};
  subject_open(&subject, loop, kind, &options);
  uvpool_set_data(subject.pool, &end);
  burst(&subject, count);
  loop_run_for(loop, EXPIRY_MS * 3 / 2);
  assert_int_equal(uvpool_workers(subject.pool), count);
  /* Idle workers are free: ants says 0 here. */
  assert_int_equal(uvpool_available(subject.pool), count);
  assert_int_equal(loop_active_timers(loop), 0);
  assert_status(
      uvpool_release_timeout(subject.pool, UINT64_MAX, pool_on_release), 0);
  loop_run(loop);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  assert_int_equal(uvpool_workers(subject.pool), 0);
  assert_int_equal(uvpool_available(subject.pool), count);
  subject_close(&subject);
}

PORT(test_with_disable_purge_pool, disable_purge, PER_TASK, 0)
PORT(test_with_disable_purge_and_with_expiration_pool,
     disable_purge,
     PER_TASK,
     EXPIRY_MS)
PORT(test_with_disable_purge_pool_func, disable_purge, FUNC, 0)
PORT(test_with_disable_purge_and_with_expiration_pool_func,
     disable_purge,
     FUNC,
     EXPIRY_MS)
PORT(disable_purge_typed, disable_purge, TYPED, EXPIRY_MS)

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_purge_pool),
      loop_test(test_purge_pre_malloc_pool),
      loop_test(test_with_disable_purge_pool),
      loop_test(test_with_disable_purge_and_with_expiration_pool),
      loop_test(test_with_disable_purge_pool_func),
      loop_test(test_with_disable_purge_and_with_expiration_pool_func),
      loop_test(disable_purge_typed),
  };
  return kit_run(argc, argv, tests);
}
