/* uvpool_cancel_work keeps the promises of uv_cancel: after libuv's
 * threadpool_cancel_work, threadpool_cancel_single and
 * threadpool_cancel_when_busy, and what it answers beyond. */
#include "item.h"

enum { BLOCKED = 4, QUEUED = 16 };

/* All workers stand at the gate; behind them waits what is cancelled. */
typedef struct saturated_s {
  gate_t gate;
  uvpool_t* pool;
  item_t* blocked;
  item_t* queued;
  uv_timer_t timer;
  int results[QUEUED];
} saturated_t;

static void saturate(saturated_t* s, uv_loop_t* loop) {
  gate_init(&s->gate);
  s->pool = pool_open(loop, BLOCKED, QUEUED);
  s->blocked = items_new(BLOCKED, &s->gate);
  s->queued = items_new(QUEUED, NULL);
  items_queue(s->pool, s->blocked, BLOCKED);
  gate_await(&s->gate, BLOCKED);
  items_queue(s->pool, s->queued, QUEUED);
}

static void desaturate(saturated_t* s, uv_loop_t* loop) {
  pool_close(loop, s->pool);
  free(s->blocked);
  free(s->queued);
  gate_destroy(&s->gate);
}

static void cancel_all(uv_timer_t* timer) {
  saturated_t* s = timer->data;
  for (int i = 0; i < QUEUED; i++) {
    s->results[i] = item_cancel(&s->queued[i]);
  }
  uv_close((uv_handle_t*) timer, NULL);
  gate_open(&s->gate);
}

/* With all workers blocked, sixteen of sixteen are cancelled from a timer: none
 * of them runs, each is told once, and the loop ends by itself. */
static void sixteen_of_sixteen(void** state) {
  saturated_t s;
  saturate(&s, *state);
  assert_status(uv_timer_init(*state, &s.timer), 0);
  s.timer.data = &s;
  assert_status(uv_timer_start(&s.timer, cancel_all, 10, 0), 0);
  loop_run(*state);
  for (int i = 0; i < QUEUED; i++) {
    assert_status(s.results[i], 0);
  }
  items_assert_dropped(s.queued, QUEUED);
  items_assert_ran(s.blocked, BLOCKED);
  assert_int_equal(pool_stats(s.pool).cancelled, QUEUED);
  desaturate(&s, *state);
}

/* What was cancelled is told while all workers are still blocked: nothing waits
 * for one of them. */
static void told_without_a_worker(void** state) {
  saturated_t s;
  saturate(&s, *state);
  for (int i = QUEUED - 1; i >= 0; i--) {
    assert_status(item_cancel(&s.queued[i]), 0);
    loop_run_until(*state, item_is_over, &s.queued[i], "the cancelled item");
  }
  items_assert_dropped(s.queued, QUEUED);
  gate_open(&s.gate);
  loop_run(*state);
  items_assert_ran(s.blocked, BLOCKED);
  desaturate(&s, *state);
}

static void must_not_run(uv_work_t* req) {
  (void) req;
  abort();
}

/* Cancelled right after it was queued: 0, and the callback does not come inside
 * the call but from the loop, once. libuv's test leaves all its threads idle
 * and relies on none being quick enough; here the only one is held. */
static void single(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  item_t* items = items_new(2, &gate);
  items_queue(pool, items, 1);
  assert_status(
      uvpool_queue_work(pool, &items[1].req, must_not_run, item_after), 0);
  assert_status(item_cancel(&items[1]), 0);
  assert_int_equal(items[1].after, 0);
  loop_run_until(*state, item_is_over, &items[1], "the cancelled item");
  gate_open(&gate);
  loop_run(*state);
  items_assert_dropped(&items[1], 1);
  items_assert_ran(items, 1);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* While it runs: UV_EBUSY each time, and after(0) later. libuv has no more to
 * offer; here the work sees the wish. */
static void when_busy(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t* items = items_new(2, &gate);
  items_queue(pool, items, 1);
  gate_await(&gate, 1);
  assert_status(item_cancel(items), UV_EBUSY);
  assert_status(item_cancel(items), UV_EBUSY);
  assert_int_equal(items->after, 0);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, 1);
  assert_int_equal(items->cancelled, 1);
  items_queue(pool, &items[1], 1);
  loop_run(*state);
  assert_int_equal(items[1].cancelled, 0);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* The work is over and its callback is on the way: still UV_EBUSY. */
static void when_over_but_not_told(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  item_init(&item, NULL);
  items_queue(pool, &item, 1);
  pool_wait_completed(pool, 1);
  assert_status(item_cancel(&item), UV_EBUSY);
  assert_int_equal(item.after, 0);
  loop_run(*state);
  items_assert_ran(&item, 1);
  pool_close(*state, pool);
}

/* Twice: 0 both times, one callback. */
static void twice(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  item_t* items = items_new(2, &gate);
  items_queue(pool, items, 2);
  gate_await(&gate, 1);
  assert_status(item_cancel(&items[1]), 0);
  assert_status(item_cancel(&items[1]), 0);
  gate_open(&gate);
  loop_run(*state);
  items_assert_dropped(&items[1], 1);
  assert_int_equal(pool_stats(pool).cancelled, 1);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

static void cancel_itself(item_t* item) {
  *(int*) item->arg = item_cancel(item);
}

/* Nothing to cancel: UV_EINVAL for NULL, for memory that never was a request,
 * inside its own callback, and after. */
static void not_in_flight(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  int inside = 0;
  item_init(&item, NULL);
  assert_status(uvpool_cancel_work(NULL), UV_EINVAL);
  assert_status(item_cancel(&item), UV_EINVAL);
  assert_int_equal(uvpool_work_is_cancelled(NULL), 0);
  assert_int_equal(uvpool_work_is_cancelled(&item.req), 0);
  item.in_after = cancel_itself;
  item.arg = &inside;
  items_queue(pool, &item, 1);
  loop_run(*state);
  items_assert_ran(&item, 1);
  assert_status(inside, UV_EINVAL);
  assert_status(item_cancel(&item), UV_EINVAL);
  pool_close(*state, pool);
}

static void cancel_the_other(item_t* item) {
  *(int*) item->arg = item_cancel(item + 1);
}

/* From a worker, for a request that waits behind it: any thread may that is
 * sure that the callback has not begun. libuv allows the loop thread only. */
static void from_a_worker(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  int result = 1;
  item_t* items = items_new(2, &gate);
  items[0].in_work = cancel_the_other;
  items[0].arg = &result;
  items_queue(pool, items, 2);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, 1);
  assert_status(result, 0);
  items_assert_dropped(&items[1], 1);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* Close ends what waits with UV_ECANCELED and lets the rest finish. */
static void close_cancels(void** state) {
  saturated_t s;
  saturate(&s, *state);
  assert_status(uvpool_close(s.pool, NULL), 0);
  gate_open(&s.gate);
  loop_run(*state);
  items_assert_dropped(s.queued, QUEUED);
  items_assert_ran(s.blocked, BLOCKED);
  free(s.blocked);
  free(s.queued);
  gate_destroy(&s.gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(sixteen_of_sixteen),
      loop_test(told_without_a_worker),
      loop_test(single),
      loop_test(when_busy),
      loop_test(when_over_but_not_told),
      loop_test(twice),
      loop_test(not_in_flight),
      loop_test(from_a_worker),
      loop_test(close_cancels),
  };
  return kit_run(argc, argv, tests);
}
