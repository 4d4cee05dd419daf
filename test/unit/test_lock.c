/* lock.c: one holder at a time, also when many want it, and the order of
 * locks. */
#include "lock.h"

#include <sched.h>
#include <string.h>

#include "dies.h"
#include "kit.h"

enum { THREADS = 4, ROUNDS = 100000 };

typedef struct shared_s {
  struct uvpool__lock lock;
  uint64_t count;   /* guarded by lock; not atomic, so that a race shows */
  uint64_t inverse; /* guarded by lock; ~count */
  atomic_int torn;  /* holders that found the two apart */
  atomic_int here;  /* threads that are about to acquire */
} shared_t;

static void shared_init(shared_t* shared) {
  memset(shared, 0, sizeof(*shared));
  shared->inverse = ~shared->count;
  assert_int_equal(uvpool__lock_init(&shared->lock, UVPOOL__RANK_POOL), 0);
}

static void bump(shared_t* shared) {
  uvpool__lock_acquire(&shared->lock);
  if (shared->inverse != ~shared->count) {
    atomic_fetch_add(&shared->torn, 1);
  }
  shared->count++;
  shared->inverse = ~shared->count;
  uvpool__lock_release(&shared->lock);
}

static void bump_often(void* arg) {
  for (int i = 0; i < ROUNDS; i++) {
    bump(arg);
  }
}

/* Four threads, 10^5 times each: no count is lost, nothing is seen half
 * done. */
static void one_holder_at_a_time(void** state) {
  shared_t shared;
  helper_t helpers[THREADS];
  shared_init(&shared);
  for (int i = 0; i < THREADS; i++) {
    helper_start(&helpers[i], bump_often, &shared);
  }
  for (int i = 0; i < THREADS; i++) {
    helper_join(*state, &helpers[i]);
  }
  assert_int_equal(shared.count, THREADS * ROUNDS);
  assert_int_equal(atomic_load(&shared.torn), 0);
  uvpool__lock_destroy(&shared.lock);
}

static void announce_and_bump(void* arg) {
  shared_t* shared = arg;
  atomic_fetch_add(&shared->here, 1);
  bump(shared);
}

static int all_are_here(void* arg) {
  shared_t* shared = arg;
  return atomic_load(&shared->here) == THREADS;
}

/* A holder that takes its time is waited for: whoever wants the lock meanwhile
 * gets it afterwards, also through the slow path. */
static void a_slow_holder_is_waited_for(void** state) {
  shared_t shared;
  helper_t helpers[THREADS];
  shared_init(&shared);
  uvpool__lock_acquire(&shared.lock);
  for (int i = 0; i < THREADS; i++) {
    helper_start(&helpers[i], announce_and_bump, &shared);
  }
  loop_run_until(*state, all_are_here, &shared, "all to want the lock");
  for (int i = 0; i < 100; i++) {
    assert_int_equal(shared.count, 0);
    sched_yield();
  }
  uvpool__lock_release(&shared.lock);
  for (int i = 0; i < THREADS; i++) {
    helper_join(*state, &helpers[i]);
  }
  assert_int_equal(shared.count, THREADS);
  uvpool__lock_destroy(&shared.lock);
}

/* ---- Ranks --------------------------------------------------------------- */

typedef struct ranked_s {
  struct uvpool__lock pool;
  struct uvpool__lock leaf;
  struct uvpool__lock other_leaf;
} ranked_t;

static void ranked_init(ranked_t* ranked) {
  assert_int_equal(uvpool__lock_init(&ranked->pool, UVPOOL__RANK_POOL), 0);
  assert_int_equal(uvpool__lock_init(&ranked->leaf, UVPOOL__RANK_LEAF), 0);
  assert_int_equal(uvpool__lock_init(&ranked->other_leaf, UVPOOL__RANK_LEAF),
                   0);
}

static void ranked_destroy(ranked_t* ranked) {
  uvpool__lock_destroy(&ranked->pool);
  uvpool__lock_destroy(&ranked->leaf);
  uvpool__lock_destroy(&ranked->other_leaf);
}

/* Upwards is the order: again and again, and each on its own. */
static void ranks_may_rise(void** state) {
  (void) state;
  ranked_t ranked;
  ranked_init(&ranked);
  for (int i = 0; i < 10; i++) {
    uvpool__lock_acquire(&ranked.pool);
    uvpool__lock_acquire(&ranked.leaf);
    uvpool__lock_release(&ranked.leaf);
    uvpool__lock_acquire(&ranked.other_leaf);
    uvpool__lock_release(&ranked.other_leaf);
    uvpool__lock_release(&ranked.pool);
    uvpool__lock_acquire(&ranked.leaf);
    uvpool__lock_release(&ranked.leaf);
  }
  ranked_destroy(&ranked);
}

static void acquire_downwards(void* arg) {
  ranked_t* ranked = arg;
  uvpool__lock_acquire(&ranked->leaf);
  uvpool__lock_acquire(&ranked->pool);
}

static void acquire_an_equal(void* arg) {
  ranked_t* ranked = arg;
  uvpool__lock_acquire(&ranked->leaf);
  uvpool__lock_acquire(&ranked->other_leaf);
}

static void acquire_twice(void* arg) {
  ranked_t* ranked = arg;
  uvpool__lock_acquire(&ranked->pool);
  uvpool__lock_acquire(&ranked->pool);
}

static void release_the_lower_first(void* arg) {
  ranked_t* ranked = arg;
  uvpool__lock_acquire(&ranked->pool);
  uvpool__lock_acquire(&ranked->leaf);
  uvpool__lock_release(&ranked->pool);
}

static void release_what_is_not_held(void* arg) {
  ranked_t* ranked = arg;
  uvpool__lock_release(&ranked->pool);
}

/* Every other order, and a release of what is not held, fails an assertion. */
static void ranks_may_do_nothing_else(void** state) {
  (void) state;
  static void (*const misuses[])(void*) = {acquire_downwards,
                                           acquire_an_equal,
                                           acquire_twice,
                                           release_the_lower_first,
                                           release_what_is_not_held};
  ranked_t ranked;
  dies_or_skip();
  ranked_init(&ranked);
  for (size_t i = 0; i < KIT_COUNT(misuses); i++) {
    assert_true(dies(misuses[i], &ranked));
  }
  ranked_destroy(&ranked);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      loop_test(one_holder_at_a_time),
      loop_test(a_slow_holder_is_waited_for),
      cmocka_unit_test(ranks_may_rise),
      cmocka_unit_test(ranks_may_do_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
