/* Random operations on one pool with several handles, from a seed: tasks with
 * all that options can ask for, cancels, groups and serial queues that close
 * and open, a capacity that changes, releases, drains and reboots, and handles
 * that close in the middle of it. The oracle: every accepted task ends exactly
 * once and in a way it can; a serial queue is never at two places and never
 * goes back; every close_cb comes; the pool's sum rule holds at any time, and
 * its figures are those of the test's own books. */
#include <string.h>

#include "crowd.h"
#include "kit.h"
#include "scale.h"

enum { CROWDS = 2, MAX_WAITING = 40, MAX_CAPACITY = 6, OPERATIONS = 3000 };

/* Static: see crowd.h. */
static crowd_t crowds[CROWDS];

/* What all handles have in common. */
typedef struct place_s {
  uv_loop_t* loop;
  uvpool_t* base; /* outlives the others; releases and reboots */
  dice_t dice;
  pool_end_t end; /* of a release or drain by the base */
  long shutdowns;
  uvpool_stats_t before; /* when the crowds came */
} place_t;

static void check_odd(void) {
  for (int i = 0; i < CROWDS; i++) {
    if (crowds[i].odd != NULL) {
      fail_msg("crowd %d: not so: %s", i, crowds[i].odd);
    }
  }
}

static void crowds_come(place_t* place, long quota) {
  memset(crowds, 0, sizeof(crowds));
  place->before = pool_stats(place->base);
  for (int i = 0; i < CROWDS; i++) {
    crowd_t* crowd = &crowds[i];
    assert_status(uvpool_attach(place->base, place->loop, &crowd->pool), 0);
    crowd->dice.state = dice_next(&place->dice);
    crowd->quota = quota;
    crowd->may_refuse = 1;
    crowd_open(crowd);
  }
}

/* The pool is the library's account, the crowds' are ours. */
static void compare_books(place_t* place) {
  const uvpool_stats_t* before = &place->before;
  uvpool_stats_t stats = pool_stats(place->base);
  crowd_t sum = {0};
  for (int i = 0; i < CROWDS; i++) {
    sum.accepted += crowds[i].accepted;
    sum.ended += crowds[i].ended;
    sum.cancelled += crowds[i].cancelled;
    sum.expired += crowds[i].expired;
    sum.panicked += crowds[i].panicked;
  }
  assert_int_equal(sum.ended, sum.accepted);
  assert_int_equal(stats.accepted - before->accepted, sum.accepted);
  assert_int_equal(stats.cancelled - before->cancelled, sum.cancelled);
  assert_int_equal(stats.expired - before->expired, sum.expired);
  assert_int_equal(stats.panicked - before->panicked, sum.panicked);
  assert_int_equal(stats.waiting, 0);
  assert_int_equal(stats.busy, 0);
  for (int i = 0; i < UVPOOL_CLASSES; i++) {
    assert_int_equal(stats.classes[i].waiting, 0);
    assert_int_equal(stats.classes[i].busy, 0);
  }
}

/* ---- Operations ---------------------------------------------------------- */

static void set_shut(int shut) {
  for (int i = 0; i < CROWDS; i++) {
    crowds[i].is_shut = shut;
  }
}

static void step_one(place_t* place) {
  crowd_t* crowd = &crowds[dice_below(&place->dice, CROWDS)];
  if (!crowd->closing) {
    crowd_step(crowd);
  }
}

static void tune(place_t* place) {
  int64_t capacity = 1 + (int64_t) dice_below(&place->dice, MAX_CAPACITY);
  assert_status(uvpool_tune(place->base, capacity),
                crowds[0].is_shut ? UV_ESHUTDOWN : 0);
}

/* Submits go on meanwhile, and are refused. */
static void shut_and_reboot(place_t* place) {
  int drains = dice_below(&place->dice, 2) == 0;
  int count = place->end.count;
  assert_status((drains ? uvpool_drain : uvpool_release_timeout)(
                    place->base, UINT64_MAX, pool_on_release),
                0);
  set_shut(1);
  for (uint64_t n = dice_below(&place->dice, 20); n > 0; n--) {
    step_one(place);
    loop_turn(place->loop, dice_below(&place->dice, 2) == 0);
  }
  if (dice_below(&place->dice, 4) == 0) {
    assert_status(uvpool_release(place->base), 0); /* overtakes a drain */
  }
  tune(place);
  while (place->end.count == count) {
    (void) loop_run_mode(place->loop, UV_RUN_ONCE);
  }
  assert_status(place->end.status, 0);
  for (int i = 0; i < CROWDS; i++) {
    assert_int_equal(crowds[i].ended, crowds[i].accepted);
  }
  assert_int_equal(uvpool_workers(place->base), 0);
  assert_int_equal(uvpool_waiting(place->base), 0);
  assert_status(uvpool_reboot(place->base), 0);
  set_shut(0);
  place->shutdowns++;
}

static void operate(place_t* place) {
  uint64_t chance = dice_below(&place->dice, 1000);
  if (chance < 4) {
    shut_and_reboot(place);
  } else if (chance < 30) {
    tune(place);
  } else if (chance < 50) {
    (void) pool_stats(place->base); /* asserts the sum rule */
  } else if (chance < 300) {
    loop_turn(place->loop, 1 + (int) dice_below(&place->dice, 3));
  } else {
    step_one(place);
  }
}

/* One crowd is left to end by itself first; the other's handle, and sometimes
 * both, are closed with whatever is in flight. */
static void crowds_go(place_t* place) {
  crowd_t* gentle = &crowds[dice_below(&place->dice, CROWDS)];
  for (int i = 0; i < CROWDS; i++) {
    if (&crowds[i] != gentle) {
      crowd_close(&crowds[i]);
    }
  }
  gentle->keeps_still = 1;
  if (dice_below(&place->dice, 3) != 0) {
    loop_run(place->loop);
    assert_true(crowd_is_still(gentle));
  }
  crowd_close(gentle);
  loop_run(place->loop);
  for (int i = 0; i < CROWDS; i++) {
    crowd_audit(&crowds[i]);
  }
  check_odd();
  compare_books(place);
}

static void random_operations(void** state) {
  place_t place = {.loop = *state, .dice = dice_new()};
  long rounds = scaled(400, "rounds");
  uvpool_options_t options = pool_options(3, MAX_WAITING);
  options.expiry_ms = 2;
  options.on_panic = pool_ignore_panic;
  options.data = &place.end;
  place.base = pool_open_with(*state, &options);
  for (long round = 0; round < rounds; round++) {
    crowds_come(&place, OPERATIONS);
    for (int i = 0; i < OPERATIONS; i++) {
      operate(&place);
    }
    check_odd();
    crowds_go(&place);
  }
  uvpool_stats_t stats = pool_stats(place.base);
  print_message(
      "  %llu tasks, %llu refused, %llu cancelled, %llu expired, "
      "%llu panics, %ld shutdowns\n",
      (unsigned long long) stats.accepted,
      (unsigned long long) stats.refused,
      (unsigned long long) stats.cancelled,
      (unsigned long long) stats.expired,
      (unsigned long long) stats.panicked,
      place.shutdowns);
  assert_true(stats.completed > 0);
  assert_true(stats.busy_max <= MAX_CAPACITY);
  pool_close(*state, place.base);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(random_operations),
  };
  return kit_run(argc, argv, tests);
}
