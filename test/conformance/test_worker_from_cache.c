/* ants: after all workers have expired, the next task gets one from the cache.
 * The original asserts nothing. Here: nobody lives before, one thread is
 * started for it, in a record that was there, so that nothing is allocated. */
#include "fault_alloc.h"
#include "subject.h"

static int has_no_more_threads(void* before) {
  return process_threads() <= *(int*) before;
}

/* A record is free when its thread is gone, a moment after it is counted
 * out. */
static void await_the_end_of_all(uv_loop_t* loop, uvpool_t* pool, int threads) {
  pool_await_workers(loop, pool, 0);
  loop_run_until(loop, has_no_more_threads, &threads, "the threads to end");
}

static void worker_from_cache(uv_loop_t* loop, enum kind kind, uint32_t flags) {
  enum { COUNT = 1000 };
  int threads = process_threads();
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(subject_many(), COUNT);
  options.flags = flags;
  options.expiry_ms = 20;
  options.stack_size = 128 * 1024;
  options.allocator = fault_alloc_table(&memory);
  subject_t subject;
  subject_open(&subject, loop, kind, &options);
  for (int i = 0; i < COUNT; i++) {
    assert_status(subject_submit(&subject, i), 0);
  }
  loop_run(loop);
  subject_assert_ended(&subject, COUNT, subject_many());
  await_the_end_of_all(loop, subject.pool, threads);
  uint64_t started = pool_stats(subject.pool).workers_started;
  long allocated = atomic_load(&memory.total);
  assert_status(subject_submit(&subject, COUNT), 0);
  loop_run(loop);
  subject_assert_ended(&subject, COUNT + 1, subject_many());
  assert_int_equal(pool_stats(subject.pool).workers_started, started + 1);
  assert_int_equal(atomic_load(&memory.total), allocated);
  subject_close(&subject);
  assert_int_equal(atomic_load(&memory.live), 0);
}

PORT(test_ants_pool_get_worker_from_cache, worker_from_cache, PER_TASK, 0)
PORT(test_ants_pool_with_func_get_worker_from_cache, worker_from_cache, FUNC, 0)
PORT(test_ants_pool_with_func_generic_get_worker_from_cache,
     worker_from_cache,
     TYPED,
     0)
PORT(test_ants_pool_with_func_get_worker_from_cache_pre_malloc,
     worker_from_cache,
     FUNC,
     UVPOOL_PREALLOC)
PORT(test_ants_pool_with_func_generic_get_worker_from_cache_pre_malloc,
     worker_from_cache,
     TYPED,
     UVPOOL_PREALLOC)

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_ants_pool_get_worker_from_cache),
      loop_test(test_ants_pool_with_func_get_worker_from_cache),
      loop_test(test_ants_pool_with_func_generic_get_worker_from_cache),
      loop_test(test_ants_pool_with_func_get_worker_from_cache_pre_malloc),
      loop_test(
          test_ants_pool_with_func_generic_get_worker_from_cache_pre_malloc),
  };
  return kit_run(argc, argv, tests);
}
