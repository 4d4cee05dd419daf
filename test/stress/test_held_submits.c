/* Held submits under fire: done callbacks submit again and again, while other
 * threads submit against a bound, cancel, tune, look, block and at last
 * release.
 *
 * Whatever the schedule: every accepted task ends once, refused ones never, the
 * bound on waiting tasks is never passed, and all ends without help. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

enum { CHAINS = 300, OTHERS = 3, CAPACITY = 3, BOUND = 400 };

typedef struct {
  uvpool_task_t task;
  atomic_int flying; /* accepted and not yet done */
} flyer_t;

typedef struct {
  uvpool_t* pool;
  flyer_t chains[CHAINS];  /* submitted by the loop only */
  flyer_t foreign[OTHERS]; /* one for each other thread */
  long budget;             /* loop thread: submits still to be made */
  long accepted;           /* loop thread */
  long refused;            /* loop thread */
  atomic_long foreign_accepted;
  atomic_long ended;
  atomic_long twice;
  atomic_long beyond; /* more waited than may */
  atomic_int over;    /* the other threads stop */
  atomic_int turns;   /* of the other threads, to tell them apart */
} storm_t;

static storm_t storm;

static int work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void land(flyer_t* flyer) {
  if (atomic_exchange(&flyer->flying, 0) != 1) {
    atomic_fetch_add(&storm.twice, 1);
  }
  atomic_fetch_add(&storm.ended, 1);
}

static void foreign_done(uvpool_task_t* task, int status) {
  (void) status;
  land((flyer_t*) task);
}

static void chain_done(uvpool_task_t* task, int status);

static void fly(flyer_t* flyer) {
  if (storm.budget == 0) {
    return;
  }
  storm.budget--;
  atomic_store(&flyer->flying, 1);
  if (uvpool_submit(storm.pool, &flyer->task, work, chain_done) == 0) {
    storm.accepted++;
  } else {
    atomic_store(&flyer->flying, 0);
    storm.refused++;
  }
}

static void chain_done(uvpool_task_t* task, int status) {
  (void) status;
  land((flyer_t*) task);
  fly((flyer_t*) task);
}

static void look(void) {
  uvpool_stats_t stats;
  if (uvpool_stats(storm.pool, &stats) != 0) {
    return;
  }
  /* Tune lowers the room under what waits, by as much as it takes away. */
  if (stats.waiting > BOUND + CAPACITY ||
      stats.accepted != stats.waiting + stats.busy + stats.completed +
                            stats.cancelled + stats.panicked) {
    atomic_fetch_add(&storm.beyond, 1);
  }
}

/* One of the other threads. Its own task is the only one that it may cancel, as
 * done of that one comes only after it has let go of it. */
static void harass(void* arg) {
  (void) arg;
  int self = atomic_fetch_add(&storm.turns, 1);
  flyer_t* flyer = &storm.foreign[self];
  unsigned dice = (unsigned) self * 2654435761u + 1;
  while (!atomic_load(&storm.over)) {
    dice = dice * 1103515245u + 12345u;
    switch ((dice >> 16) % 4) {
      case 0:
        uvpool_tune(storm.pool, 1 + (dice >> 20) % CAPACITY);
        break;
      case 1:
      case 2:
        if (atomic_load(&flyer->flying) != 0) {
          break;
        }
        atomic_store(&flyer->flying, 1);
        int err =
            (dice >> 18) % 2 == 0
                ? uvpool_submit(storm.pool, &flyer->task, work, foreign_done)
                : uvpool_submit_wait(
                      storm.pool, &flyer->task, work, foreign_done, 1);
        if (err == 0) {
          atomic_fetch_add(&storm.foreign_accepted, 1);
        } else {
          atomic_store(&flyer->flying, 0);
        }
        break;
      default:
        look();
    }
  }
}

static int all_landed(void* arg) {
  (void) arg;
  return storm.budget == 0 &&
         atomic_load(&storm.ended) ==
             storm.accepted + atomic_load(&storm.foreign_accepted);
}

static void open_storm(uv_loop_t* loop, long budget) {
  memset(&storm, 0, sizeof(storm));
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = CAPACITY;
  options.max_waiting = BOUND;
  assert_int_equal(uvpool_create(loop, &options, &storm.pool), 0);
  storm.budget = budget;
}

static long rounds(void) {
  return getenv("UVPOOL_TEST_FULL") != NULL ? 20 : 1;
}

/* The other threads leave, and then all ends by itself. */
static void nothing_is_lost(void** state) {
  helper_t helpers[OTHERS];
  for (long round = 0; round < rounds(); round++) {
    open_storm(*state, 200000);
    for (int i = 0; i < OTHERS; i++) {
      helper_start(&helpers[i], harass, NULL);
    }
    for (int i = 0; i < CHAINS; i++) {
      fly(&storm.chains[i]);
    }
    while (storm.budget > 0) {
      (void) uv_run(*state, UV_RUN_ONCE);
      for (int i = 0; i < CHAINS; i++) { /* those that were refused */
        if (atomic_load(&storm.chains[i].flying) == 0) {
          fly(&storm.chains[i]);
        }
      }
    }
    atomic_store(&storm.over, 1);
    for (int i = 0; i < OTHERS; i++) {
      helper_join(*state, &helpers[i]);
    }
    loop_run_until(*state, all_landed, NULL, "the last task");
    assert_int_equal(atomic_load(&storm.twice), 0);
    assert_int_equal(atomic_load(&storm.beyond), 0);
    pool_close(*state, storm.pool);
  }
}

static void release_later(void* arg) {
  uv_sleep((unsigned) (uintptr_t) arg);
  uvpool_release(storm.pool);
}

/* A release from another thread, somewhere inside a stride of callbacks. */
static void release_in_the_middle(void** state) {
  for (long round = 0; round < 40 * rounds(); round++) {
    helper_t helper;
    open_storm(*state, 100000000);
    helper_start(&helper, release_later, (void*) (uintptr_t) (round % 3));
    for (int i = 0; i < CHAINS; i++) {
      fly(&storm.chains[i]);
    }
    loop_run(*state);
    helper_join(*state, &helper);
    loop_run(*state);
    assert_int_equal(atomic_load(&storm.ended), storm.accepted);
    assert_int_equal(atomic_load(&storm.twice), 0);
    pool_close(*state, storm.pool);
  }
}

static void drained(uvpool_t* pool, int status) {
  (void) pool;
  (void) status;
}

/* A drain runs what was accepted before it, the held ones included. */
static void drain_in_the_middle(void** state) {
  for (long round = 0; round < 40 * rounds(); round++) {
    open_storm(*state, 100000000);
    for (int i = 0; i < CHAINS; i++) {
      fly(&storm.chains[i]);
    }
    for (long turn = 0; turn < round % 5; turn++) {
      (void) uv_run(*state, UV_RUN_ONCE);
    }
    assert_int_equal(uvpool_drain(storm.pool, UINT64_MAX, drained), 0);
    loop_run(*state);
    uvpool_stats_t stats;
    assert_int_equal(uvpool_stats(storm.pool, &stats), 0);
    assert_int_equal(stats.cancelled, 0);
    assert_int_equal(stats.completed, storm.accepted);
    assert_int_equal(atomic_load(&storm.ended), storm.accepted);
    pool_close(*state, storm.pool);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(nothing_is_lost),
      loop_test(release_in_the_middle),
      loop_test(drain_in_the_middle),
  };
  return kit_run(argc, argv, tests);
}
