/* completion_queue.c: everything that is pushed is delivered, once, in order,
 * and no more of it in one turn than the budget allows.
 *
 * The pool of these tests has no worker: the test pushes tasks as workers
 * would, whose work is over. */
#include "completion_queue.h"

#include <stdlib.h>
#include <string.h>

#include "../../src/pool.h" /* the kit has a pool.h, too */
#include "handle.h"
#include "kit.h"
#include "liveness.h"
#include "notice.h"
#include "task.h"

typedef struct item_s {
  uvpool_task_t task;
  struct log_s* log;
  int number;
  int delivered; /* how often; loop thread */
  int status;
} item_t;

/* What was delivered, in order. Loop thread. */
typedef struct log_s {
  int count;
  int wanted;
  item_t** items;
  void (*in_done)(struct log_s* log); /* after each */
} log_t;

static void on_done(uvpool_task_t* task, int status) {
  item_t* item = task->data;
  log_t* log = item->log;
  item->delivered++;
  item->status = status;
  log->items[log->count++] = item;
  if (log->in_done != NULL) {
    log->in_done(log);
  }
}

/* `count` tasks in flight, whose status is their number. */
static item_t* items_new(uvpool_t* handle, log_t* log, int count) {
  item_t* items = calloc((size_t) count, sizeof(*items));
  memset(log, 0, sizeof(*log));
  log->items = calloc((size_t) count, sizeof(*log->items));
  log->wanted = count;
  assert_non_null(items);
  assert_non_null(log->items);
  for (int i = 0; i < count; i++) {
    items[i].log = log;
    items[i].number = i;
    items[i].task.data = &items[i];
    assert_true(uvpool__task_claim(&items[i].task));
    uvpool__task_prepare(&items[i].task, handle, job_work, on_done, 0);
    items[i].task.end.status = i;
  }
  uvpool__lock_acquire(&handle->pool->lock);
  handle->accepted += (uint64_t) count;
  uvpool__lock_release(&handle->pool->lock);
  return items;
}

/* Each was delivered once, with its status, and is the user's again. */
static void items_free(item_t* items, log_t* log) {
  assert_int_equal(log->count, log->wanted);
  for (int i = 0; i < log->wanted; i++) {
    assert_int_equal(items[i].delivered, 1);
    assert_int_equal(items[i].status, i);
    assert_false(uvpool__task_in_flight(&items[i].task));
  }
  free(log->items);
  free(items);
}

static void push_all(item_t* items, int count) {
  for (int i = 0; i < count; i++) {
    uvpool__completion_push(&items[i].task);
  }
}

static void assert_in_order(const log_t* log) {
  for (int i = 0; i < log->count; i++) {
    assert_int_equal(log->items[i]->number, i);
  }
}

static uvpool_t* open_pool(uv_loop_t* loop, int64_t per_turn) {
  uvpool_options_t options = pool_options(1, 0);
  options.completions_per_turn = per_turn;
  options.completion_budget_us = UVPOOL_UNLIMITED;
  uvpool_t* pool = pool_open_with(loop, &options);
  assert_status(uvpool_ref(pool), 0); /* the loop turns whatever it has to do */
  return pool;
}

static int all_delivered(void* arg) {
  log_t* log = arg;
  return log->count >= log->wanted;
}

/* With the budget of a turn. */
static bool deliver(struct uvpool__port* port) {
  struct uvpool__budget budget = uvpool__budget_of_turn(port);
  return uvpool__completion_deliver(port, &budget);
}

/* Nothing pushed, nothing pending, nothing to deliver. */
static void empty(void** state) {
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  assert_false(uvpool__completion_pending(pool->port));
  assert_false(deliver(pool->port));
  assert_false(uvpool__completion_pending(pool->port));
  pool_close(*state, pool);
}

/* What one thread pushes comes in the order in which it was pushed. */
static void fifo_of_one_thread(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, 200);
  push_all(items, 200);
  assert_true(uvpool__completion_pending(pool->port));
  assert_int_equal(log.count, 0); /* never inside the push */
  loop_run_until(*state, all_delivered, &log, "all tasks to be done");
  assert_in_order(&log);
  items_free(items, &log);
  pool_close(*state, pool);
}

static void push_one(void* item) {
  uvpool__completion_push(&((item_t*) item)->task);
}

/* Pushes one after the other, each from a thread of its own: the order is that
 * of the pushes. */
static void fifo_of_many_threads(void** state) {
  enum { COUNT = 50 };
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, COUNT);
  for (int i = 0; i < COUNT; i++) {
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, push_one, &items[i]), 0);
    assert_int_equal(uv_thread_join(&thread), 0);
  }
  loop_run_until(*state, all_delivered, &log, "all tasks to be done");
  assert_in_order(&log);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* A long list, which comes newest first, is not turned round in one go: the
 * budget of a turn is over before the first callback, and the order is kept. */
static void turns_a_long_list_in_pieces(void** state) {
  enum { MANY = 100000 };
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  pool->port->completion_budget_ns = 1000;
  item_t* items = items_new(pool, &log, MANY);
  push_all(items, MANY);
  assert_true(deliver(pool->port));
  assert_int_equal(log.count, 0);
  assert_true(uvpool__completion_pending(pool->port));
  while (deliver(pool->port)) {
  }
  assert_int_equal(log.count, MANY);
  assert_in_order(&log);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* Only the push onto the empty list rings: the others cost no system call. */
static void only_the_edge_rings(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, 3);
  uvpool__doorbell_hush(&pool->port->doorbell);
  push_all(items, 1);
  assert_int_equal(atomic_load(&pool->port->doorbell.rung), 1);
  uvpool__doorbell_hush(&pool->port->doorbell);
  push_all(items + 1, 2);
  assert_int_equal(atomic_load(&pool->port->doorbell.rung), 0);
  assert_false(uvpool__doorbell_busy(&pool->port->doorbell));
  loop_run_until(*state, all_delivered, &log, "all tasks to be done");
  assert_in_order(&log);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* ---- Dozing -------------------------------------------------------------- */

/* The bell as doorbell.h numbers it. */
enum { AWAY, RUNG, DOZING, NUDGED };

static unsigned bell_of(uvpool_t* pool) {
  return atomic_load(&pool->port->doorbell.rung);
}

/* So much is in flight that the loop dozes whenever it has delivered
 * something. */
static void keep_in_flight(uvpool_t* pool, int count) {
  for (int i = 0; i < count; i++) {
    uvpool__liveness_hold(pool->port);
  }
}

static void let_go(uvpool_t* pool, int count) {
  for (int i = 0; i < count; i++) {
    uvpool__liveness_drop(pool->port);
  }
}

/* A loop that dozes is left alone by whoever is in no hurry; its alarm makes it
 * look, with nobody's help, and then it is away. */
static void the_alarm_delivers(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, 3);
  keep_in_flight(pool, 100);
  push_all(items, 1);
  loop_turn(*state, 1);
  assert_int_equal(log.count, 1);
  assert_int_equal(bell_of(pool), DOZING);
  assert_false(uvpool__completion_push_quietly(&items[1].task));
  assert_false(uvpool__completion_push_quietly(&items[2].task));
  assert_int_equal(bell_of(pool), NUDGED);
  loop_run_until(*state, all_delivered, &log, "all tasks to be done");
  assert_in_order(&log);
  while (bell_of(pool) == DOZING) {
    uv_run(*state, UV_RUN_ONCE);
  }
  assert_int_equal(bell_of(pool), AWAY);
  assert_false(pool->port->alarm_on);
  let_go(pool, 100);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* One that is away is woken by anybody. */
static void a_loop_that_is_away_is_woken(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, 2);
  push_all(items, 1);
  loop_turn(*state, 1);
  assert_int_equal(bell_of(pool), AWAY); /* little is in flight */
  assert_true(uvpool__completion_push_quietly(&items[1].task));
  assert_int_equal(bell_of(pool), RUNG);
  loop_turn(*state, 1);
  assert_int_equal(log.count, 2);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* Whoever is in a hurry wakes it, also if others came before. */
static void the_next_in_a_hurry_rings(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, 3);
  keep_in_flight(pool, 100);
  push_all(items, 1);
  loop_turn(*state, 1);
  assert_false(uvpool__completion_push_quietly(&items[1].task));
  assert_true(uvpool__completion_push(&items[2].task));
  assert_int_equal(bell_of(pool), RUNG);
  loop_turn(*state, 1);
  assert_int_equal(log.count, 3);
  assert_in_order(&log);
  let_go(pool, 100);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* Not those who have asked for polling, nor while the pool winds down. */
static void who_does_not_doze(void** state) {
  for (int winds_down = 0; winds_down < 2; winds_down++) {
    log_t log;
    uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
    item_t* items = items_new(pool, &log, 1);
    keep_in_flight(pool, 100);
    if (winds_down) {
      pool->port->winding_down = true;
    } else {
      pool->port->spin_ns = 1;
    }
    push_all(items, 1);
    loop_turn(*state, 1);
    assert_int_equal(log.count, 1);
    assert_int_equal(bell_of(pool), AWAY);
    let_go(pool, 100);
    items_free(items, &log);
    pool_close(*state, pool);
  }
}

/* ---- Budgets ------------------------------------------------------------- */

/* A call delivers so many, and says truly whether there is more. */
static void deliver_keeps_to_the_count(void** state) {
  enum { COUNT = 10 };
  for (int per_turn = 1; per_turn <= COUNT + 1; per_turn++) {
    log_t log;
    uvpool_t* pool = open_pool(*state, per_turn);
    item_t* items = items_new(pool, &log, COUNT);
    push_all(items, COUNT);
    for (int due = per_turn; log.count < COUNT; due += per_turn) {
      int expected = due < COUNT ? due : COUNT;
      assert_int_equal(deliver(pool->port), expected < COUNT);
      assert_int_equal(log.count, expected);
    }
    assert_in_order(&log);
    items_free(items, &log);
    pool_close(*state, pool);
  }
}

/* The loop does so many per turn, and the rest later without being told. */
static void turns_keep_to_the_count(void** state) {
  enum { COUNT = 50 };
  static const int per_turn[] = {1, 3, 7, 49, 50, 51};
  for (size_t i = 0; i < KIT_COUNT(per_turn); i++) {
    log_t log;
    uvpool_t* pool = open_pool(*state, per_turn[i]);
    item_t* items = items_new(pool, &log, COUNT);
    push_all(items, COUNT);
    for (int due = per_turn[i]; log.count < COUNT; due += per_turn[i]) {
      loop_turn(*state, 1);
      assert_int_equal(log.count, due < COUNT ? due : COUNT);
    }
    assert_in_order(&log);
    items_free(items, &log);
    pool_close(*state, pool);
  }
}

/* Takes a good while longer than the budget of the test below. */
static void be_slow(log_t* log) {
  (void) log;
  uint64_t until = uvpool__monotonic_ns() + 20000;
  while (uvpool__monotonic_ns() < until) {
    uvpool__cpu_relax();
  }
}

/* A budget of time that each single callback uses up: one per call. */
static void deliver_keeps_to_the_time(void** state) {
  log_t log;
  uvpool_options_t options = pool_options(1, 0);
  options.completion_budget_us = 10;
  uvpool_t* pool = pool_open_with(*state, &options);
  item_t* items = items_new(pool, &log, 5);
  log.in_done = be_slow;
  push_all(items, 5);
  for (int i = 1; i <= 5; i++) {
    assert_int_equal(deliver(pool->port), i < 5);
    assert_int_equal(log.count, i);
  }
  items_free(items, &log);
  pool_close(*state, pool);
}

/* Without either budget one call delivers all, slow or not. */
static void no_budget_no_end(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, 300);
  log.in_done = be_slow;
  push_all(items, 300);
  assert_false(deliver(pool->port));
  assert_int_equal(log.count, 300);
  assert_in_order(&log);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* Pushes the next task from inside the callback of the one before. */
static void push_the_next(log_t* log) {
  if (log->count < log->wanted) {
    item_t* last = log->items[log->count - 1];
    uvpool__completion_push(&last[1].task);
  }
}

/* What arrives while the loop delivers belongs to the same turn. */
static void late_arrivals_are_delivered(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  item_t* items = items_new(pool, &log, 500);
  log.in_done = push_the_next;
  push_all(items, 1);
  loop_turn(*state, 1);
  assert_int_equal(log.count, 500);
  assert_in_order(&log);
  items_free(items, &log);
  pool_close(*state, pool);
}

/* They count against the budget, too. */
static void late_arrivals_are_counted(void** state) {
  log_t log;
  uvpool_t* pool = open_pool(*state, 10);
  item_t* items = items_new(pool, &log, 50);
  log.in_done = push_the_next;
  push_all(items, 1);
  for (int due = 10; due <= 50; due += 10) {
    loop_turn(*state, 1);
    assert_int_equal(log.count, due);
  }
  items_free(items, &log);
  pool_close(*state, pool);
}

/* ---- Many threads -------------------------------------------------------- */

enum { PRODUCERS = 8, ITEMS = KIT_TSAN ? 2000 : 10000 };

typedef struct producer_s {
  helper_t helper;
  uvpool_t* pool;
  item_t* items; /* ITEMS of them, in the order of their numbers */
} producer_t;

static void produce(void* arg) {
  producer_t* producer = arg;
  push_all(producer->items, ITEMS);
}

/* Posts notices as the pool does, as long as there are producers. */
static void produce_and_post(void* arg) {
  producer_t* producer = arg;
  struct uvpool__pool* pool = producer->pool->pool;
  for (int i = 0; i < ITEMS; i++) {
    uvpool__completion_push(&producer->items[i].task);
    if (i % 16 == 0) {
      uvpool__lock_acquire(&pool->lock);
      uvpool__notice_all_locked(pool, UVPOOL__NOTICE_STATE);
      uvpool__lock_release(&pool->lock);
    }
  }
}

/* Runs eight producers; nobody helps the loop to see the end. */
static void produce_all(uv_loop_t* loop,
                        uvpool_t* pool,
                        void (*body)(void* producer)) {
  log_t log;
  producer_t producers[PRODUCERS];
  int next[PRODUCERS] = {0};
  item_t* items = items_new(pool, &log, PRODUCERS * ITEMS);
  for (int i = 0; i < PRODUCERS; i++) {
    producers[i].pool = pool;
    producers[i].items = items + i * ITEMS;
    helper_start(&producers[i].helper, body, &producers[i]);
  }
  loop_run_until(loop, all_delivered, &log, "all tasks to be done");
  for (int i = 0; i < PRODUCERS; i++) {
    helper_join(loop, &producers[i].helper);
  }
  for (int i = 0; i < log.count; i++) {
    int number = log.items[i]->number;
    assert_int_equal(number % ITEMS, next[number / ITEMS]++);
  }
  items_free(items, &log);
}

/* Everything that eight threads push is delivered once; what one of them pushes
 * in its order. */
static void all_of_eight_threads(void** state) {
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  produce_all(*state, pool, produce);
  pool_close(*state, pool);
}

/* The same with a small budget: the rest of a turn is not forgotten. */
static void all_of_eight_threads_in_small_turns(void** state) {
  uvpool_t* pool = open_pool(*state, 3);
  produce_all(*state, pool, produce);
  pool_close(*state, pool);
}

/* The same with notices in between, which share the bell. */
static void all_of_eight_threads_with_notices(void** state) {
  uvpool_t* pool = open_pool(*state, UVPOOL_UNLIMITED);
  produce_all(*state, pool, produce_and_post);
  pool_close(*state, pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      loop_test(empty),
      loop_test(fifo_of_one_thread),
      loop_test(fifo_of_many_threads),
      loop_test(turns_a_long_list_in_pieces),
      loop_test(only_the_edge_rings),
      loop_test(the_alarm_delivers),
      loop_test(a_loop_that_is_away_is_woken),
      loop_test(the_next_in_a_hurry_rings),
      loop_test(who_does_not_doze),
      loop_test(deliver_keeps_to_the_count),
      loop_test(turns_keep_to_the_count),
      loop_test(deliver_keeps_to_the_time),
      loop_test(no_budget_no_end),
      loop_test(late_arrivals_are_delivered),
      loop_test(late_arrivals_are_counted),
      loop_test(all_of_eight_threads),
      loop_test(all_of_eight_threads_in_small_turns),
      loop_test(all_of_eight_threads_with_notices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
