/* clock.c: a worker whose stamp is five ticks old has been idle for the whole
 * expiry, however loop and threads are held up; and not for much longer if
 * nothing holds them up.
 *
 * Time is a number here (fake_loop.h). */
#include "dice.h"
#include "fake_loop.h"

#include "../../src/clock.c"

#define MS UINT64_C(1000000)

/* ---- The period ---------------------------------------------------------- */

/* Four periods cover the expiry, and none is longer than it has to be. */
static void period_is_a_quarter_rounded_up(void** state) {
  (void) state;
  struct uvpool__settings settings;
  memset(&settings, 0, sizeof(settings));
  static const uint64_t expected[] = {0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3};
  for (uint64_t ms = 1; ms <= 10; ms++) {
    settings.expiry_ms = ms;
    assert_int_equal(uvpool__clock_period_ms(&settings), expected[ms]);
  }
  static const uint64_t others[] = {
      999, 1000, 1001, 60000, UINT64_C(366) * 24 * 3600 * 1000};
  for (size_t i = 0; i < KIT_COUNT(others); i++) {
    settings.expiry_ms = others[i];
    uint64_t period = uvpool__clock_period_ms(&settings);
    assert_true(UVPOOL__TICKS_PER_EXPIRY * period >= others[i]);
    assert_true(UVPOOL__TICKS_PER_EXPIRY * (period - 1) < others[i]);
  }
}

/* ---- The simulation ------------------------------------------------------ */

enum { STAMPS = 64 };

/* A worker that lay down at a moment, and what it was stamped with. */
typedef struct stamp_s {
  uint64_t tick;
  uint64_t at_ns;
} stamp_t;

/* One pool, one loop, any number of workers that lie down now and then. */
static struct {
  dice_t dice;
  struct uvpool__pool pool;
  uvpool_t handle;
  struct uvpool__port port;
  stamp_t stamps[STAMPS];
  int len;
  uint64_t retired;
  uint64_t longest_ns; /* that one stayed, for the upper limit */
  uint64_t hold_up_ns; /* how long a thread may be held up at a look */
  uint64_t turn_ns;    /* how far apart turns of the loop may be */
} sim;

/* A worker lies down, if it can have the lock for that. */
static void lie_down(void) {
  if (sim.len < STAMPS && fake_is_free(&sim.pool.lock.mutex)) {
    sim.stamps[sim.len++] =
        (stamp_t) {uvpool__clock_stamp(&sim.pool), fake.now_ns};
  }
}

/* The thread of the loop is held up, a little or a lot; others are not. */
static void hold_up(void) {
  fake.now_ns += dice_below(&sim.dice, 2000);
  if (sim.hold_up_ns > 0 && dice_below(&sim.dice, 16) == 0) {
    uint64_t held_up_ns = dice_below(&sim.dice, sim.hold_up_ns);
    fake.now_ns += held_up_ns / 2;
    lie_down();
    fake.now_ns += held_up_ns - held_up_ns / 2;
  }
  lie_down();
}

static void sim_start(dice_t dice, uint64_t expiry_ms) {
  memset(&sim, 0, sizeof(sim));
  sim.dice = dice;
  sim.pool.settings.expiry_ms = expiry_ms;
  sim.handle.pool = &sim.pool;
  sim.handle.purging = true;
  sim.port.handles = &sim.handle;
  sim.port.period_ms = uvpool__clock_period_ms(&sim.pool.settings);
  assert_int_equal(uvpool__lock_init(&sim.pool.lock, UVPOOL__RANK_POOL), 0);
  fake_reset(dice_below(&sim.dice, 10000 * MS));
  fake.at_each_look = hold_up;
  uvpool__clock_start(&sim.port);
}

static void sim_stop(void) {
  uvpool__clock_stop(&sim.port);
  assert_false(fake_is_active(&sim.port.clock_timer));
  uvpool__lock_destroy(&sim.pool.lock);
}

/* Those that the purge would retire now must have been idle for long enough. */
static void retire_expired(void) {
  uint64_t tick = uvpool__clock_stamp(&sim.pool);
  uint64_t expiry_ns = sim.pool.settings.expiry_ms * MS;
  int kept = 0;
  for (int i = 0; i < sim.len; i++) {
    stamp_t stamp = sim.stamps[i];
    if (tick < stamp.tick + UVPOOL__TICKS_TO_EXPIRE) {
      sim.stamps[kept++] = stamp;
      continue;
    }
    uint64_t idle_ns = fake.now_ns - stamp.at_ns;
    if (idle_ns < expiry_ns) {
      fail_msg("expiry %llu ms: idle for %llu ns only",
               (unsigned long long) sim.pool.settings.expiry_ms,
               (unsigned long long) idle_ns);
    }
    sim.longest_ns = idle_ns > sim.longest_ns ? idle_ns : sim.longest_ns;
    sim.retired++;
  }
  sim.len = kept;
}

static void sim_turns(int turns) {
  for (int i = 0; i < turns; i++) {
    fake.now_ns += dice_below(&sim.dice, sim.turn_ns);
    lie_down();
    fake.now_ns += dice_below(&sim.dice, sim.turn_ns);
    fake_turn();
    retire_expired();
  }
}

static uint64_t random_expiry(dice_t* dice) {
  static const uint64_t some[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 25, 1000};
  return some[dice_below(dice, KIT_COUNT(some))];
}

/* Runs of all kinds, with `hold_up` and `turn` up to so many periods. */
static void never_early(uint64_t hold_up_periods, uint64_t turn_periods) {
  dice_t dice = dice_new();
  uint64_t retired = 0;
  for (int run = 0; run < dice_rounds(500); run++) {
    sim_start(dice, random_expiry(&dice));
    uint64_t period_ns = uvpool__clock_period_ms(&sim.pool.settings) * MS;
    sim.hold_up_ns = hold_up_periods * period_ns;
    sim.turn_ns = turn_periods > 0
                      ? dice_below(&sim.dice, turn_periods * period_ns) + 1
                      : MS / 2;
    sim_turns(400);
    retired += sim.retired;
    dice = sim.dice;
    sim_stop();
  }
  assert_true(retired > 1000); /* else nothing was looked at */
}

/* A loop that has nothing else to do. */
static void never_early_on_an_idle_loop(void** state) {
  (void) state;
  never_early(0, 0);
}

/* A loop that is late, more or less. */
static void never_early_on_a_late_loop(void** state) {
  (void) state;
  never_early(0, 1);
  never_early(0, 12);
}

/* A loop whose thread loses the processor anywhere in between. */
static void never_early_on_a_busy_machine(void** state) {
  (void) state;
  never_early(3, 0);
  never_early(3, 3);
}

/* While the loop runs, five ticks are five periods, and a tick is late by two
 * milliseconds at most: those of the loop's clock. */
static void not_late_on_an_idle_loop(void** state) {
  (void) state;
  dice_t dice = dice_new();
  for (uint64_t expiry_ms = 1; expiry_ms <= 200; expiry_ms++) {
    sim_start(dice, expiry_ms);
    sim.turn_ns = MS / 20;
    uint64_t period_ns = uvpool__clock_period_ms(&sim.pool.settings) * MS;
    sim_turns((int) (20 * 12 * period_ns / MS) + 1000);
    assert_true(sim.retired > 0);
    assert_true(sim.longest_ns <=
                UVPOOL__TICKS_TO_EXPIRE * (period_ns + 2 * MS));
    dice = sim.dice;
    sim_stop();
  }
}

/* A loop that was blocked does not make up for the ticks that it missed. */
static void a_blocked_loop_ticks_once(void** state) {
  (void) state;
  sim_start(dice_new(), 1000);
  fake.at_each_look = NULL;
  fake.now_ns += 60000 * MS;
  fake_turn();
  assert_int_equal(uvpool__clock_stamp(&sim.pool), 1);
  fake_turn();
  fake.now_ns += 249 * MS;
  fake_turn();
  assert_int_equal(uvpool__clock_stamp(&sim.pool), 1);
  fake.now_ns += 2 * MS;
  fake_turn();
  assert_int_equal(uvpool__clock_stamp(&sim.pool), 2);
  sim_stop();
}

/* Starting again begins a new period: a worker that lay down while the clock
 * stood still is no older than that. */
static void restart_begins_a_period(void** state) {
  (void) state;
  sim_start(dice_new(), 100);
  fake.at_each_look = NULL;
  uvpool__clock_stop(&sim.port);
  fake.now_ns += 10000 * MS;
  fake_turn();
  assert_int_equal(uvpool__clock_stamp(&sim.pool), 0);
  lie_down();
  uvpool__clock_start(&sim.port);
  sim.turn_ns = MS;
  sim_turns(1000);
  assert_true(sim.retired > 0);
  sim_stop();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(period_is_a_quarter_rounded_up),
      cmocka_unit_test(never_early_on_an_idle_loop),
      cmocka_unit_test(never_early_on_a_late_loop),
      cmocka_unit_test(never_early_on_a_busy_machine),
      cmocka_unit_test(not_late_on_an_idle_loop),
      cmocka_unit_test(a_blocked_loop_ticks_once),
      cmocka_unit_test(restart_begins_a_period),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
