/* ants: more tasks than workers; whoever submits waits for a worker, and all
 * get one. What the original logs is asserted: each ran once, and never more at
 * once than the capacity. */
#include "subject.h"

static uvpool_options_t options_for(uint32_t flags) {
  uvpool_options_t options = pool_options(subject_many(), 0);
  options.flags = flags;
  options.stack_size = 128 * 1024;
  return options;
}

static void wait_to_get_worker(uv_loop_t* loop,
                               enum kind kind,
                               uint32_t flags) {
  uvpool_options_t options = options_for(flags);
  int count = 20 * subject_many();
  subject_t subject;
  producer_t producer;
  subject_open(&subject, loop, kind, &options);
  subject.sleep_ms = 1;
  producer_start(&producer, &subject, count, UINT64_MAX);
  subject_await_done(&subject, count);
  helper_join(loop, &producer.helper);
  assert_status(producer.result, 0);
  subject_assert_ended(&subject, count, subject_many());
  assert_int_equal(pool_stats(subject.pool).refused, 0);
  assert_int_equal(atomic_load(&subject.sum), (long) count * (count - 1) / 2);
  subject_close(&subject);
}

/* A loop must not wait: it goes on when on_drain says that there is room. */
static struct {
  subject_t* subject;
  int next;
  int count;
} feed;

static void feed_on(uvpool_t* pool) {
  (void) pool;
  while (feed.next < feed.count &&
         subject_submit(feed.subject, feed.next) == 0) {
    feed.next++;
  }
}

static void wait_on_loop(uv_loop_t* loop, enum kind kind, uint32_t flags) {
  uvpool_options_t options = options_for(flags);
  subject_t subject;
  options.on_drain = feed_on;
  subject_open(&subject, loop, kind, &options);
  subject.sleep_ms = 1;
  feed.subject = &subject;
  feed.next = 0;
  feed.count = 20 * subject_many();
  feed_on(subject.pool);
  assert_true(feed.next < feed.count);
  subject_await_done(&subject, feed.count);
  subject_assert_ended(&subject, feed.count, subject_many());
  assert_true(pool_stats(subject.pool).refused > 0);
  subject_close(&subject);
}

PORT(test_ants_pool_wait_to_get_worker, wait_to_get_worker, PER_TASK, 0)
PORT(test_ants_pool_wait_to_get_worker_pre_malloc,
     wait_to_get_worker,
     PER_TASK,
     UVPOOL_PREALLOC)
PORT(test_ants_pool_with_func_wait_to_get_worker, wait_to_get_worker, FUNC, 0)
PORT(test_ants_pool_with_func_generic_wait_to_get_worker,
     wait_to_get_worker,
     TYPED,
     0)
PORT(test_ants_pool_with_func_wait_to_get_worker_pre_malloc,
     wait_to_get_worker,
     FUNC,
     UVPOOL_PREALLOC)
PORT(test_ants_pool_with_func_generic_wait_to_get_worker_pre_malloc,
     wait_to_get_worker,
     TYPED,
     UVPOOL_PREALLOC)
PORT(on_loop_per_task, wait_on_loop, PER_TASK, 0)
PORT(on_loop_per_task_preallocated, wait_on_loop, PER_TASK, UVPOOL_PREALLOC)
PORT(on_loop_func, wait_on_loop, FUNC, 0)
PORT(on_loop_typed, wait_on_loop, TYPED, UVPOOL_PREALLOC)

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_ants_pool_wait_to_get_worker),
      loop_test(test_ants_pool_wait_to_get_worker_pre_malloc),
      loop_test(test_ants_pool_with_func_wait_to_get_worker),
      loop_test(test_ants_pool_with_func_generic_wait_to_get_worker),
      loop_test(test_ants_pool_with_func_wait_to_get_worker_pre_malloc),
      loop_test(test_ants_pool_with_func_generic_wait_to_get_worker_pre_malloc),
      loop_test(on_loop_per_task),
      loop_test(on_loop_per_task_preallocated),
      loop_test(on_loop_func),
      loop_test(on_loop_typed),
  };
  return kit_run(argc, argv, tests);
}
