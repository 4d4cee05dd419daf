/* How many wait, run and idle, at each step: after the statistics and the trace
 * of submit, start and done that were proposed to libuv, whose tests watch five
 * blocked items on four threads. */
#include "item.h"

enum { THREADS = 4, ITEMS = 5 };

static void assert_counts(uvpool_t* pool,
                          int64_t waiting,
                          int64_t busy,
                          int64_t idle) {
  assert_int_equal(uvpool_waiting(pool), waiting);
  assert_int_equal(uvpool_busy(pool), busy);
  assert_int_equal(uvpool_idle(pool), idle);
}

/* Four threads, all of them idle. */
static uvpool_t* open_idle(uv_loop_t* loop) {
  uvpool_options_t options = pool_options(THREADS, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  options.min_workers = THREADS;
  uvpool_t* pool = pool_open_with(loop, &options);
  pool_await_idle(loop, pool, THREADS);
  return pool;
}

/* Item by item in: one idle thread less each time; the fifth waits. One by one
 * out: the first to end makes the fifth begin, the others leave theirs idle. */
static void five_blocked_items(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_idle(*state);
  item_t* items = items_new(ITEMS, &gate);
  assert_counts(pool, 0, 0, THREADS);
  for (int i = 0; i < THREADS; i++) {
    items_queue(pool, &items[i], 1);
    gate_await(&gate, (unsigned) i + 1);
    assert_counts(pool, 0, i + 1, THREADS - i - 1);
  }
  items_queue(pool, &items[THREADS], 1);
  assert_counts(pool, 1, THREADS, 0);
  gate_admit(&gate, 1);
  gate_await(&gate, ITEMS);
  assert_counts(pool, 0, THREADS, 0);
  for (int i = 1; i < ITEMS; i++) {
    gate_admit(&gate, 1);
    pool_wait_completed(pool, (uint64_t) i + 1);
    pool_await_idle(*state, pool, i);
    assert_counts(pool, 0, THREADS - i, i);
  }
  loop_run(*state);
  items_assert_ran(items, ITEMS);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* The sums keep what a sample would miss: how many came, began, ended, and were
 * dropped, and the most of each at once. */
static void sums_and_high_water(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_idle(*state);
  item_t* items = items_new(ITEMS + 2, &gate);
  items_queue(pool, items, ITEMS + 2);
  gate_await(&gate, THREADS);
  assert_status(item_cancel(&items[ITEMS]), 0);
  uvpool_stats_t stats = pool_stats(pool);
  assert_int_equal(stats.accepted, ITEMS + 2);
  assert_int_equal(stats.started, THREADS);
  assert_int_equal(stats.completed, 0);
  assert_int_equal(stats.cancelled, 1);
  assert_int_equal(stats.waiting, 2);
  gate_open(&gate);
  loop_run(*state);
  stats = pool_stats(pool);
  assert_int_equal(stats.started, ITEMS + 1);
  assert_int_equal(stats.completed, ITEMS + 1);
  assert_int_equal(stats.busy_max, THREADS);
  assert_true(stats.waiting_max >= 3);
  items_assert_dropped(&items[ITEMS], 1);
  items_assert_ran(items, ITEMS);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(five_blocked_items),
      loop_test(sums_and_high_water),
  };
  return kit_run(argc, argv, tests);
}
