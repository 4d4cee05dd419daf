/* Eight loops on eight threads share one pool, each with a crowd of its own:
 * groups, serial queues, deadlines, posts. Every end comes on the thread of its
 * own loop. The handle that was first, the keeper of the pool's timers, goes as
 * soon as the others are there; those close in an order of chance while the
 * others work, every other one in the middle of its own work, so that the
 * keeper's role is handed on again and again. */
#include <string.h>

#include "crowd.h"
#include "kit.h"
#include "scale.h"

enum { SIDES = 8, CAPACITY = 4, EXPIRY_MS = 3 };

/* A thread with a loop and a handle of its own. */
typedef struct side_s {
  helper_t helper;
  crowd_t crowd;
  uvpool_t* first; /* to attach to; while it is open */
  int abrupt;      /* it closes with tasks in flight */
  atomic_int attached;
  atomic_int* go;  /* not before this is set */
  const char* odd; /* read after the join, with the crowd's */
} side_t;

/* Static, as a failed test leaves threads behind that use them. */
static side_t sides[SIDES];
static atomic_int go;

static void side_expect(side_t* side, int right, const char* what) {
  if (!right && side->odd == NULL) {
    side->odd = what;
  }
}

/* Its crowd submits from its done callbacks; should it ever come to a stand
 * with some left to do, this goes on. */
static void side_live(side_t* side, uv_loop_t* loop) {
  crowd_t* crowd = &side->crowd;
  while (crowd->accepted < crowd->quota && crowd->odd == NULL) {
    crowd_step(crowd);
    (void) uv_run(loop, UV_RUN_ONCE);
  }
  if (!side->abrupt) {
    (void) uv_run(loop, UV_RUN_DEFAULT);
    side_expect(side, crowd_is_still(crowd), "the loop ended too early");
  }
}

static void side_run(void* arg) {
  side_t* side = arg;
  uv_loop_t loop;
  side_expect(side, uv_loop_init(&loop) == 0, "uv_loop_init");
  side_expect(side,
              uvpool_attach(side->first, &loop, &side->crowd.pool) == 0,
              "uvpool_attach");
  atomic_store(&side->attached, 1);
  while (!atomic_load(side->go)) {
    uv_sleep(1);
  }
  crowd_open(&side->crowd);
  side_live(side, &loop);
  crowd_close(&side->crowd);
  (void) uv_run(&loop, UV_RUN_DEFAULT);
  crowd_audit(&side->crowd);
  side_expect(side, uv_loop_close(&loop) == 0, "uv_loop_close");
}

static int is_attached(void* side) {
  return atomic_load(&((side_t*) side)->attached);
}

/* Between one and three shares of 16 for each. */
static void sides_start(uv_loop_t* loop, uvpool_t* pool, dice_t* dice, long n) {
  memset(sides, 0, sizeof(sides));
  atomic_store(&go, 0);
  for (int i = 0; i < SIDES; i++) {
    side_t* side = &sides[i];
    side->first = pool;
    side->go = &go;
    side->abrupt = i % 2;
    side->crowd.dice.state = dice_next(dice);
    side->crowd.quota = n / 16 + (long) dice_below(dice, (uint64_t) n / 8 + 1);
    helper_start(&side->helper, side_run, side);
    loop_run_until(loop, is_attached, side, "a loop to attach");
  }
}

/* Has something ended since? */
typedef struct progress_s {
  long seen;
} progress_t;

static long sum_of_progress(void) {
  long sum = 0;
  for (int i = 0; i < SIDES; i++) {
    sum += atomic_load(&sides[i].crowd.progress);
  }
  return sum;
}

static int all_finished(void) {
  int finished = 1;
  for (int i = 0; i < SIDES; i++) {
    finished = finished && helper_finished(&sides[i].helper);
  }
  return finished;
}

static int has_moved(void* arg) {
  progress_t* progress = arg;
  return all_finished() || sum_of_progress() > progress->seen + 1000;
}

/* The watchdog looks at the progress, not at the whole. */
static void sides_await(uv_loop_t* loop) {
  while (!all_finished()) {
    progress_t progress = {sum_of_progress()};
    loop_run_until(loop, has_moved, &progress, "any loop to go on");
  }
}

static void sides_check(uv_loop_t* loop, uvpool_t* auditor) {
  crowd_t sum = {0};
  for (int i = 0; i < SIDES; i++) {
    crowd_t* crowd = &sides[i].crowd;
    helper_join(loop, &sides[i].helper);
    if (crowd->odd != NULL || sides[i].odd != NULL) {
      fail_msg("side %d: not so: %s",
               i,
               crowd->odd != NULL ? crowd->odd : sides[i].odd);
    }
    sum.accepted += crowd->accepted;
    sum.ended += crowd->ended;
    sum.cancelled += crowd->cancelled;
    sum.expired += crowd->expired;
    sum.panicked += crowd->panicked;
    sum.posts += crowd->posts;
  }
  uvpool_stats_t stats = pool_stats(auditor);
  assert_int_equal(sum.ended, sum.accepted);
  assert_int_equal(stats.accepted, sum.accepted);
  assert_int_equal(stats.cancelled, sum.cancelled);
  assert_int_equal(stats.expired, sum.expired);
  assert_int_equal(stats.panicked, sum.panicked);
  assert_int_equal(stats.waiting, 0);
  assert_int_equal(stats.busy, 0);
  assert_true(stats.busy_max <= CAPACITY);
  print_message(
      "  %ld tasks, %ld cancelled, %ld expired, %ld panics, "
      "%ld posts\n",
      sum.ended,
      sum.cancelled,
      sum.expired,
      sum.panicked,
      sum.posts);
}

static void eight_loops(void** state) {
  dice_t dice = dice_new();
  long count = scaled(1000000, "tasks");
  uvpool_options_t options = pool_options(CAPACITY, UVPOOL_UNLIMITED);
  options.expiry_ms = EXPIRY_MS;
  options.on_panic = pool_ignore_panic;
  uvpool_t* first = pool_open_with(*state, &options);
  uvpool_t* auditor = NULL;
  sides_start(*state, first, &dice, count);
  assert_status(uvpool_attach(first, *state, &auditor), 0);
  atomic_store(&go, 1);
  pool_close(*state, first);
  sides_await(*state);
  sides_check(*state, auditor);
  pool_await_workers(*state, auditor, 0); /* the keeper is this one now */
  pool_close(*state, auditor);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(eight_loops),
  };
  return kit_run(argc, argv, tests);
}
