/* admission.c: the rule of admission as arithmetic, and the queue of callers
 * that wait for room.
 *
 * The pools here are mere structures. Their wake_max is 0, so that nothing that
 * is enqueued leads to a thread. */
#include "admission.h"

#include <string.h>

#include "caller.h"
#include "handle.h"
#include "kit.h"

/* The contract's sentence: admitted if and only if waiting < max_waiting plus
 * the workers that are not busy. `promised` room counts as waiting; `more` - 1
 * others are to be admitted before it. */
static bool sentence(const struct uvpool__pool* pool, uint64_t more) {
  uint64_t not_busy =
      pool->busy < pool->capacity ? pool->capacity - pool->busy : 0;
  uint64_t bound = pool->settings.max_waiting + not_busy;
  bool beyond_count = bound < not_busy; /* the sum has 65 bits */
  return beyond_count || pool->waiting.len + pool->reserved + more - 1 < bound;
}

static void assert_rule(const struct uvpool__pool* pool) {
  assert_int_equal(uvpool__has_room_locked(pool), sentence(pool, 1));
  for (uint64_t more = 1; more <= 3; more++) {
    assert_int_equal(uvpool__has_room_for_locked(pool, 0, more),
                     sentence(pool, more));
  }
}

/* Every combination of small numbers. */
static void small_numbers(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  enum { MOST = 5 };
  memset(&pool, 0, sizeof(pool));
  for (pool.capacity = 0; pool.capacity <= MOST; pool.capacity++) {
    for (pool.busy = 0; pool.busy <= MOST; pool.busy++) {
      for (uint64_t max = 0; max <= MOST; max++) {
        pool.settings.max_waiting = max;
        for (uint64_t all = 0; all <= 3 * MOST; all++) {
          for (pool.reserved = 0; pool.reserved <= all; pool.reserved++) {
            pool.waiting.len = all - pool.reserved;
            assert_rule(&pool);
          }
        }
      }
    }
  }
}

/* max_waiting 0, as in the contract's words: so many tasks are admitted as
 * there are workers to run them. */
static void nothing_may_wait(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  memset(&pool, 0, sizeof(pool));
  pool.capacity = 3;
  for (int i = 0; i < 3; i++) {
    assert_true(uvpool__has_room_locked(&pool));
    pool.waiting.len++;
  }
  assert_false(uvpool__has_room_locked(&pool));
  pool.waiting.len = 0;
  pool.busy = 3;
  assert_false(uvpool__has_room_locked(&pool));
  pool.busy = 2;
  assert_true(uvpool__has_room_locked(&pool));
}

/* More busy than the capacity, after a tune: the surplus takes no room away. */
static void busy_beyond_the_capacity(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  memset(&pool, 0, sizeof(pool));
  pool.capacity = 1;
  pool.busy = 10;
  pool.settings.max_waiting = 2;
  pool.waiting.len = 1;
  assert_true(uvpool__has_room_locked(&pool));
  pool.waiting.len = 2;
  assert_false(uvpool__has_room_locked(&pool));
}

/* No sum wraps around, whatever the limits. */
static void extreme_limits(void** state) {
  (void) state;
  static const uint64_t limits[] = {0,
                                    1,
                                    2,
                                    UVPOOL_CAPACITY_MAX,
                                    INT64_MAX - 1,
                                    INT64_MAX,
                                    (uint64_t) INT64_MAX + 1,
                                    UINT64_MAX - 2,
                                    UINT64_MAX - 1,
                                    UINT64_MAX};
  static const uint64_t counts[] = {0, 1, 2, 16384, 16385, INT64_MAX};
  static struct uvpool__pool pool;
  memset(&pool, 0, sizeof(pool));
  for (size_t m = 0; m < KIT_COUNT(limits); m++) {
    pool.settings.max_waiting = limits[m];
    for (size_t c = 0; c < KIT_COUNT(limits); c++) {
      pool.capacity = limits[c];
      for (size_t w = 0; w < KIT_COUNT(counts); w++) {
        pool.waiting.len = counts[w];
        for (pool.busy = 0; pool.busy <= 2; pool.busy++) {
          assert_rule(&pool);
        }
      }
    }
  }
}

/* Without a limit there is always room. */
static void unlimited(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  memset(&pool, 0, sizeof(pool));
  pool.settings.max_waiting = UINT64_MAX;
  pool.capacity = 1;
  pool.busy = 1;
  for (int bit = 0; bit < 63; bit++) {
    pool.waiting.len = UINT64_C(1) << bit;
    assert_true(uvpool__has_room_locked(&pool));
  }
}

/* ---- Callers ------------------------------------------------------------- */

enum { CALLERS = 4 };

/* A pool with callers blocked, of two handles in turn. */
typedef struct queue_s {
  struct uvpool__pool pool;
  uvpool_t handles[2];
  uvpool_task_t tasks[CALLERS];
  struct uvpool__caller callers[CALLERS];
  struct uvpool__effects effects;
} queue_t;

static void queue_init(queue_t* queue) {
  memset(queue, 0, sizeof(*queue));
  queue->pool.room_wanted = true;
  queue->pool.drain_classes = 1; /* somebody was refused, too */
  for (int i = 0; i < CALLERS; i++) {
    struct uvpool__caller* caller = &queue->callers[i];
    queue->tasks[i].handle = &queue->handles[i % 2];
    caller->task = &queue->tasks[i];
    caller->result = 1;
    caller->queued = true;
    caller->prev = i > 0 ? &queue->callers[i - 1] : NULL;
    caller->next = i < CALLERS - 1 ? &queue->callers[i + 1] : NULL;
  }
  queue->pool.callers.head = &queue->callers[0];
  queue->pool.callers.tail = &queue->callers[CALLERS - 1];
  queue->pool.callers.len = CALLERS;
}

/* Callers given by bits: answered with `result` and in the chain of those to be
 * woken; the others still queued, in their order. */
static void assert_answered(queue_t* queue, unsigned bits, int result) {
  unsigned chained = 0;
  for (struct uvpool__caller* c = queue->effects.admitted; c != NULL;
       c = c->next) {
    chained |= 1u << (c - queue->callers);
  }
  assert_int_equal(chained, bits);
  const struct uvpool__caller* queued = queue->pool.callers.head;
  const struct uvpool__caller* before = NULL;
  uint64_t blocked = 0;
  for (int i = 0; i < CALLERS; i++) {
    bool answered = (bits >> i & 1) != 0;
    assert_int_equal(queue->callers[i].queued, !answered);
    assert_int_equal(queue->callers[i].result, answered ? result : 1);
    if (!answered) {
      assert_ptr_equal(queued, &queue->callers[i]);
      assert_ptr_equal(queued->prev, before);
      before = queued;
      queued = queued->next;
      blocked++;
    }
  }
  assert_null(queued);
  assert_ptr_equal(queue->pool.callers.tail, before);
  assert_int_equal(queue->pool.callers.len, blocked);
}

/* Room for k goes to the k oldest, and their tasks wait in that order. */
static void room_goes_to_the_oldest(void** state) {
  (void) state;
  static queue_t queue;
  for (unsigned room = 0; room <= CALLERS + 1; room++) {
    unsigned served = room < CALLERS ? room : CALLERS;
    queue_init(&queue);
    queue.pool.capacity = room;
    uvpool__room_locked(&queue.pool, &queue.effects);
    assert_answered(&queue, (1u << served) - 1, 0);
    assert_int_equal(queue.pool.waiting.len, served);
    for (unsigned i = 0; i < served; i++) {
      assert_ptr_equal(uvpool__task_queue_pop(&queue.pool.waiting.lanes[0]),
                       &queue.tasks[i]);
    }
    assert_int_equal(queue.handles[0].accepted, (served + 1) / 2);
    assert_int_equal(queue.handles[1].accepted, served / 2);
    assert_int_equal(queue.pool.counters.accepted, served);
    assert_true(
        queue.pool.room_wanted); /* somebody is blocked, or was refused */
  }
}

/* Once nobody is blocked and at most half of max_waiting waits, nobody wants to
 * hear of room any more; not before. */
static void half_empty_is_enough(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  for (uint64_t max = 0; max <= 9; max++) {
    for (uint64_t waiting = 0; waiting <= max; waiting++) {
      struct uvpool__effects effects = {0};
      memset(&pool, 0, sizeof(pool));
      pool.capacity = 1;
      pool.settings.max_waiting = max;
      pool.waiting.len = waiting;
      pool.room_wanted = true;
      pool.drain_classes = 1;
      uvpool__room_locked(&pool, &effects);
      assert_int_equal(pool.room_wanted, 2 * waiting > max);
    }
  }
}

/* Room for a class that nobody was refused in is not told of; room for one is,
 * though callers, who are of class 0, are blocked. */
static void room_for_the_class_refused(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  for (unsigned refused = 0; refused < 4; refused++) {
    struct uvpool__caller caller = {.queued = true};
    struct uvpool__effects effects = {0};
    memset(&pool, 0, sizeof(pool));
    pool.capacity = 2;
    pool.busy = 1; /* of class 0, which is at its cap */
    pool.settings.classed = true;
    for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
      pool.settings.classes[c].cap = c == 0 ? 1 : UINT64_MAX;
    }
    pool.callers.head = &caller;
    pool.callers.tail = &caller;
    pool.callers.len = 1;
    pool.room_wanted = true;
    pool.drain_classes = refused;
    uvpool__room_locked(&pool, &effects);
    assert_int_equal(pool.drain_classes, (refused & 2) != 0 ? 0 : refused);
    assert_true(pool.room_wanted);
    assert_ptr_equal(pool.callers.head, &caller);
  }
}

/* All are sent away, with the reason. */
static void dismiss_sends_all_away(void** state) {
  (void) state;
  static queue_t queue;
  queue_init(&queue);
  uvpool__dismiss_locked(&queue.pool, NULL, UV_ESHUTDOWN, &queue.effects);
  assert_answered(&queue, 15, UV_ESHUTDOWN);
  assert_int_equal(queue.pool.waiting.len, 0);
}

/* Or only those of one handle, from any place in the queue. */
static void dismiss_of_one_handle(void** state) {
  (void) state;
  static queue_t queue;
  for (unsigned which = 0; which < 2; which++) {
    queue_init(&queue);
    uvpool__dismiss_locked(
        &queue.pool, &queue.handles[which], UV_ESHUTDOWN, &queue.effects);
    assert_answered(&queue, which == 0 ? 5 : 10, UV_ESHUTDOWN);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_numbers),
      cmocka_unit_test(nothing_may_wait),
      cmocka_unit_test(busy_beyond_the_capacity),
      cmocka_unit_test(extreme_limits),
      cmocka_unit_test(unlimited),
      cmocka_unit_test(room_goes_to_the_oldest),
      cmocka_unit_test(half_empty_is_enough),
      cmocka_unit_test(room_for_the_class_refused),
      cmocka_unit_test(dismiss_sends_all_away),
      cmocka_unit_test(dismiss_of_one_handle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
