/* What keeps a loop alive: after libuv's loop_alive and loop_instant_close. */
#include "child.h"
#include "item.h"

/* A loop that can be closed; the fixture's timers are open. */
static void own_loop(uv_loop_t* loop) {
  assert_status(uv_loop_init(loop), 0);
}

static void own_loop_close(uv_loop_t* loop, uvpool_t* pool) {
  assert_status(uvpool_close(pool, NULL), 0);
  assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
  assert_status(uv_loop_close(loop), 0);
}

/* Dead with an idle pool, alive from the submit to the callback, dead after. */
static void from_queue_to_after(void** state) {
  (void) state;
  uv_loop_t loop;
  own_loop(&loop);
  assert_int_equal(uv_loop_alive(&loop), 0);
  uvpool_t* pool = pool_open(&loop, 1, 0);
  item_t item;
  item_init(&item, NULL);
  assert_int_equal(uv_loop_alive(&loop), 0);
  items_queue(pool, &item, 1);
  assert_int_equal(uv_loop_alive(&loop), 1);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  items_assert_ran(&item, 1);
  assert_int_equal(uv_loop_alive(&loop), 0);
  own_loop_close(&loop, pool);
}

static void note_alive(item_t* item) {
  *(int*) item->arg = uv_loop_alive(uvpool_get_loop(item->pool));
}

/* Each of several keeps it alive until its callback. */
static void until_the_last(void** state) {
  enum { COUNT = 3 };
  (void) state;
  uv_loop_t loop;
  own_loop(&loop);
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(&loop, 1, UVPOOL_UNLIMITED);
  item_t* items = items_new(COUNT, &gate);
  int alive[COUNT] = {0};
  for (int i = 0; i < COUNT; i++) {
    items[i].in_after = note_alive;
    items[i].arg = &alive[i];
  }
  items_queue(pool, items, COUNT);
  gate_open(&gate);
  pool_wait_completed(pool, COUNT);
  assert_int_equal(uv_loop_alive(&loop), 1);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  items_assert_ran(items, COUNT);
  assert_int_equal(alive[0], 1);
  assert_int_equal(alive[1], 1);
  own_loop_close(&loop, pool);
  free(items);
  gate_destroy(&gate);
}

/* A refused request does not keep it alive. */
static void not_what_is_refused(void** state) {
  (void) state;
  uv_loop_t loop;
  own_loop(&loop);
  uvpool_t* pool = pool_open(&loop, 1, 0);
  item_t item;
  item_init(&item, NULL);
  assert_status(uvpool_release(pool), 0);
  assert_status(item_queue(pool, &item), UV_ESHUTDOWN);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_alive(&loop), 0);
  own_loop_close(&loop, pool);
}

/* A loop with an open pool cannot be closed, and is unharmed by the try. */
static void close_is_refused(void** state) {
  (void) state;
  uv_loop_t loop;
  own_loop(&loop);
  uvpool_t* pool = pool_open(&loop, 1, 0);
  item_t item;
  item_init(&item, NULL);
  items_queue(pool, &item, 1);
  assert_status(uv_loop_close(&loop), UV_EBUSY);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  items_assert_ran(&item, 1);
  assert_status(uv_loop_close(&loop), UV_EBUSY);
  own_loop_close(&loop, pool);
}

static void sleep_a_moment(uv_work_t* req) {
  (void) req;
  uv_sleep(1);
}

static void leave_at_once(void* arg) {
  static uv_loop_t loop;
  static uv_work_t requests[16];
  uvpool_t* pool = NULL;
  (void) arg;
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  CHILD_CHECK(uvpool_create(&loop, NULL, &pool) == 0);
  for (size_t i = 0; i < KIT_COUNT(requests); i++) {
    CHILD_CHECK(uvpool_queue_work(pool, &requests[i], sleep_a_moment, NULL) ==
                0);
  }
}

/* A process may end with work queued and running, its loop never run: it
 * neither crashes nor waits for the work. libuv runs what is queued first. */
static void process_may_end(void** state) {
  (void) state;
  if (KIT_TSAN) {
    skip(); /* no threads in the child of a process that has had some */
  }
  child_run_to_exit(leave_at_once, NULL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(from_queue_to_after),
      loop_test(until_the_last),
      loop_test(not_what_is_refused),
      loop_test(close_is_refused),
      loop_test(process_may_end),
  };
  return kit_run(argc, argv, tests);
}
