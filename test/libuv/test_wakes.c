/* The loop's wake-ups and the completions need not be one to one: after
 * libuv's async (N sends, one callback) and metrics_pool_events (a wake-up that
 * finds nothing). */
#include "item.h"

typedef struct order_s {
  item_t* next; /* that is due */
  int count;
  int disordered;
} order_t;

static void note_order(item_t* item) {
  order_t* order = item->arg;
  order->disordered += item != order->next;
  order->next++;
  order->count++;
}

/* What has completed while the loop was busy comes in one turn of it, in the
 * order of completion. The last one may be counted just before it is on its
 * way, and so come later. */
static void many_completions_one_turn(void** state) {
  enum { COUNT = 100 };
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.completion_budget_us = UVPOOL_UNLIMITED;
  uvpool_t* pool = pool_open_with(*state, &options);
  item_t* items = items_new(COUNT, NULL);
  order_t order = {.next = items};
  for (int i = 0; i < COUNT; i++) {
    items[i].in_after = note_order;
    items[i].arg = &order;
  }
  items_queue(pool, items, COUNT);
  pool_wait_completed(pool, COUNT);
  assert_int_equal(order.count, 0);
  loop_run_mode(*state, UV_RUN_NOWAIT);
  assert_true(order.count >= COUNT - 1);
  loop_run(*state);
  assert_int_equal(order.count, COUNT);
  assert_int_equal(order.disordered, 0);
  items_assert_ran(items, COUNT);
  pool_close(*state, pool);
  free(items);
}

static void send_if_async(uv_handle_t* handle, void* arg) {
  if (handle->type == UV_ASYNC && !uv_is_closing(handle)) {
    *(int*) arg += uv_async_send((uv_async_t*) handle) == 0;
  }
}

static int wake_for_nothing(uv_loop_t* loop) {
  int sent = 0;
  uv_walk(loop, send_if_async, &sent);
  return sent;
}

/* A wake-up that finds nothing calls nothing, ends no loop early and keeps none
 * alive: before, while and after a request is in flight. */
static void wakes_for_nothing(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  item_init(&item, &gate);
  assert_int_equal(wake_for_nothing(*state), 1);
  loop_turn(*state, 2);
  items_queue(pool, &item, 1);
  gate_await(&gate, 1);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(wake_for_nothing(*state), 1);
    assert_int_equal(loop_run_mode(*state, UV_RUN_NOWAIT), 1);
    assert_int_equal(item.after, 0);
  }
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(&item, 1);
  assert_int_equal(wake_for_nothing(*state), 1);
  loop_run(*state);
  items_assert_ran(&item, 1);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

#if UV_VERSION_HEX >= 0x012d00
static uint64_t events(uv_loop_t* loop) {
  uv_metrics_t metrics;
  assert_status(uv_metrics_info(loop, &metrics), 0);
  return metrics.events;
}
#endif

/* Completions that come one by one are events of the loop's metrics. Several
 * that come at once are one: libuv counts each of its own pool's. */
static void metrics_count_wakes(void** state) {
#if UV_VERSION_HEX >= 0x012d00
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  item_t* items = items_new(7, NULL);
  for (int i = 0; i < 7; i++) {
    uint64_t before = events(*state);
    items_queue(pool, &items[i], 1);
    loop_run(*state);
    assert_true(events(*state) > before);
  }
  items_assert_ran(items, 7);
  pool_close(*state, pool);
  free(items);
#else
  (void) state;
  skip(); /* uv_metrics_info came with libuv 1.45 */
#endif
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(many_completions_one_turn),
      loop_test(wakes_for_nothing),
      loop_test(metrics_count_wakes),
  };
  return kit_run(argc, argv, tests);
}
