/* A size that is set at run time, and read: after the threadpool_size tests
 * that were proposed to libuv, whose pool takes its size from the environment,
 * once. Neither direction blocks the caller. */
#include "item.h"

enum { SMALL = 2, LARGE = 6 };

/* Before the first item, as UV_THREADPOOL_SIZE would. */
static void before_the_first_item(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, SMALL, UVPOOL_UNLIMITED);
  assert_int_equal(uvpool_capacity(pool), SMALL);
  assert_int_equal(uvpool_workers(pool), 0);
  assert_status(uvpool_tune(pool, LARGE), 0);
  assert_int_equal(uvpool_capacity(pool), LARGE);
  item_t* items = items_new(LARGE, &gate);
  items_queue(pool, items, LARGE);
  gate_await(&gate, LARGE);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, LARGE);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* Grown while all are busy: what waits begins without another submit. */
static void grows_under_load(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, SMALL, UVPOOL_UNLIMITED);
  item_t* items = items_new(LARGE + 1, &gate);
  items_queue(pool, items, LARGE + 1);
  gate_await(&gate, SMALL);
  assert_int_equal(uvpool_waiting(pool), LARGE + 1 - SMALL);
  assert_status(uvpool_tune(pool, LARGE), 0);
  gate_await(&gate, LARGE);
  assert_int_equal(uvpool_waiting(pool), 1);
  assert_int_equal(uvpool_busy(pool), LARGE);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, LARGE + 1);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* Shrunk while all are busy: the call returns at once, though every worker is
 * blocked; those in excess leave when they are through, and what waits runs on
 * the rest. The change that was proposed to libuv joined a thread in the call,
 * and so held the loop up. */
static void shrinks_under_load(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(LARGE, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  item_t* items = items_new(2 * LARGE, &gate);
  items_queue(pool, items, 2 * LARGE);
  gate_await(&gate, LARGE);
  assert_status(uvpool_tune(pool, SMALL), 0);
  assert_int_equal(uvpool_capacity(pool), SMALL);
  assert_int_equal(uvpool_busy(pool), LARGE);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, 2 * LARGE);
  pool_await_workers(*state, pool, SMALL);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* Sizes that cannot be are refused and change nothing; libuv turns garbage into
 * one thread, and minus one into 1024. */
static void not_every_number_is_a_size(void** state) {
  uvpool_t* pool = pool_open(*state, SMALL, 0);
  assert_status(uvpool_tune(pool, 0), UV_EINVAL);
  assert_status(uvpool_tune(pool, -1), UV_EINVAL);
  assert_status(uvpool_tune(pool, UVPOOL_CAPACITY_MAX + 1), UV_EINVAL);
  assert_int_equal(uvpool_capacity(pool), SMALL);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(before_the_first_item),
      loop_test(grows_under_load),
      loop_test(shrinks_under_load),
      loop_test(not_every_number_is_a_size),
  };
  return kit_run(argc, argv, tests);
}
