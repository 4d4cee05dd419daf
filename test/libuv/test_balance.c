/* Work is spread over all idle workers: after the imbalance test of libuv,
 * which once woke a worker only for the first item of a queue, so that one
 * thread did everything while the others slept. */
#include "item.h"
#include "scale.h"

enum { WORKERS = 6 };

static void meet(item_t* item) {
  (void) uv_barrier_wait(item->arg);
}

/* `count` items that only end together are run by as many workers at once: with
 * one worker left asleep, none of them would ever end. */
static void meet_in_rounds(uv_loop_t* loop,
                           uvpool_t* pool,
                           int count,
                           long rounds) {
  uv_barrier_t barrier;
  assert_status(uv_barrier_init(&barrier, (unsigned) count), 0);
  item_t* items = items_new(count, NULL);
  for (int i = 0; i < count; i++) {
    items[i].in_work = meet;
    items[i].arg = &barrier;
  }
  for (long round = 1; round <= rounds; round++) {
    items_queue(pool, items, count);
    loop_run(loop);
    for (int i = 0; i < count; i++) {
      assert_int_equal(items[i].after, round);
      assert_int_equal(items[i].strayed, 0);
    }
  }
  uv_barrier_destroy(&barrier);
  free(items);
}

static uvpool_t* open_unpurged(uv_loop_t* loop) {
  uvpool_options_t options = pool_options(WORKERS, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  return pool_open_with(loop, &options);
}

/* As many items as idle workers. */
static void all_idle_workers_run(void** state) {
  uvpool_t* pool = open_unpurged(*state);
  pool_warm(*state, pool, WORKERS);
  meet_in_rounds(*state, pool, WORKERS, scaled(20000, "rounds"));
  assert_int_equal(pool_stats(pool).workers_started, WORKERS);
  pool_close(*state, pool);
}

/* As many as may be, with none started yet: they are started for it. */
static void as_many_as_may_be_are_started(void** state) {
  long rounds = scaled(2000, "rounds");
  for (long round = 0; round < rounds; round++) {
    uvpool_t* pool = open_unpurged(*state);
    meet_in_rounds(*state, pool, WORKERS, 1);
    pool_close(*state, pool);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(all_idle_workers_run),
      loop_test(as_many_as_may_be_are_started),
  };
  return kit_run(argc, argv, tests);
}
