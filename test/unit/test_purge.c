/* purge.c: who has been idle for five ticks leaves, oldest first, but for those
 * that are to be kept; and the timers run only as long as somebody may leave.
 *
 * The workers are records without threads; time is a number (fake_loop.h). */
#include "dice.h"
#include "fake_loop.h"

#include "../../src/clock.c"
#include "../../src/purge.c"
#include "worker.h"

enum { WORKERS = 6, EXPIRY_MS = 100, PERIOD_MS = 25 };

static struct {
  struct uvpool__pool pool;
  uvpool_t handle;
  struct uvpool__port port;
  struct uvpool__worker workers[WORKERS];
  struct uvpool__idle* entries[WORKERS];
} bench;

/* `idle` workers lie down at ticks 1, 2, ...; `busy` more are at work. */
static void bench_open(size_t idle, uint64_t busy, uint64_t min_workers) {
  struct uvpool__pool* pool = &bench.pool;
  memset(&bench, 0, sizeof(bench));
  fake_reset(UINT64_C(5000000000));
  pool->settings.expiry_ms = EXPIRY_MS;
  pool->settings.min_workers = min_workers;
  pool->capacity = WORKERS;
  assert_int_equal(uvpool__lock_init(&pool->lock, UVPOOL__RANK_POOL), 0);
  uvpool__worker_queue_init(&pool->idle, &uvpool__worker_stack);
  (void) uvpool__worker_queue_adopt(&pool->idle, bench.entries, WORKERS);
  bench.handle.pool = pool;
  bench.handle.port = &bench.port;
  bench.port.handles = &bench.handle;
  bench.port.period_ms = uvpool__clock_period_ms(&pool->settings);
  pool->workers = pool->threads = idle + busy;
  pool->busy = busy;
  for (size_t i = 0; i < WORKERS; i++) {
    bench.workers[i].pool = pool;
    assert_int_equal(uvpool__parker_init(&bench.workers[i].parker), 0);
  }
  for (size_t i = 0; i < idle; i++) {
    atomic_store(&pool->tick, i + 1);
    uvpool__idle_locked(pool, &bench.workers[i]);
  }
}

static void bench_close(void) {
  uvpool__purge_stop(&bench.handle);
  for (size_t i = 0; i < WORKERS; i++) {
    uvpool__parker_destroy(&bench.workers[i].parker);
  }
  uvpool__lock_destroy(&bench.pool.lock);
}

/* The purge timer comes due at this tick. */
static void purge_at(uint64_t tick) {
  atomic_store(&bench.pool.tick, tick);
  bench.handle.purging = true;
  on_purge(&bench.port.purge_timer);
}

/* The first `count` workers were ordered to leave, and woken for it; nobody
 * else. Takes the tokens. */
static void assert_left(size_t count) {
  assert_int_equal(bench.pool.leaving, count);
  assert_int_equal(bench.pool.counters.workers_expired, count);
  for (size_t i = 0; i < WORKERS; i++) {
    assert_int_equal(bench.workers[i].leaving, i < count);
    assert_int_equal(uvpool__parker_try_park(&bench.workers[i].parker),
                     i < count);
  }
}

/* Somebody must be idle, more than the minimum must live, and purging be
 * wanted: all combinations. */
static void due_only_if_somebody_may_leave(void** state) {
  (void) state;
  for (size_t idle = 0; idle <= 3; idle++) {
    for (uint64_t busy = 0; busy <= 3; busy++) {
      for (uint64_t min = 0; min <= 6; min++) {
        bench_open(idle, busy, min);
        bool due = idle > 0 && idle + busy > min;
        assert_int_equal(uvpool__purge_due_locked(&bench.pool), due);
        bench.pool.settings.flags = UVPOOL_NO_PURGE;
        assert_false(uvpool__purge_due_locked(&bench.pool));
        bench_close();
      }
    }
  }
}

/* Who was already ordered to leave counts no more. */
static void leavers_do_not_count(void** state) {
  (void) state;
  bench_open(2, 2, 3);
  assert_true(uvpool__purge_due_locked(&bench.pool));
  bench.pool.leaving = 1;
  assert_false(uvpool__purge_due_locked(&bench.pool));
  bench_close();
}

/* Not before its fifth tick, and then at once; the others have their time. */
static void each_leaves_at_its_fifth_tick(void** state) {
  (void) state;
  bench_open(WORKERS, 0, 0);
  for (uint64_t tick = WORKERS; tick <= 5 + WORKERS; tick++) {
    purge_at(tick);
    size_t expired = tick > 5 ? (size_t) tick - 5 : 0;
    assert_int_equal(bench.pool.leaving, expired);
    assert_int_equal(uvpool__worker_queue_len(&bench.pool.idle),
                     WORKERS - expired);
  }
  assert_left(WORKERS);
  bench_close();
}

/* While the clock is younger than an expiry nobody can be old enough, also not
 * who lay down at its very beginning. */
static void nobody_leaves_a_young_clock(void** state) {
  (void) state;
  bench_open(0, 0, 0);
  bench.pool.workers = bench.pool.threads = 1;
  atomic_store(&bench.pool.tick, 0);
  uvpool__idle_locked(&bench.pool, &bench.workers[0]);
  for (uint64_t tick = 0; tick < 5; tick++) {
    purge_at(tick);
    assert_int_equal(bench.pool.leaving, 0);
  }
  purge_at(5);
  assert_left(1);
  bench_close();
}

/* Never below min_workers, busy ones included; the oldest leave. */
static void so_many_are_kept(void** state) {
  (void) state;
  for (uint64_t busy = 0; busy <= 2; busy++) {
    for (uint64_t min = 0; min <= 6; min++) {
      bench_open(4, busy, min);
      uint64_t spare = 4 + busy > min ? 4 + busy - min : 0;
      purge_at(1000);
      assert_left((size_t) (spare < 4 ? spare : 4));
      bench_close();
    }
  }
}

/* ---- Timers -------------------------------------------------------------- */

static bool timers_run(void) {
  bool clock = fake_is_active(&bench.port.clock_timer);
  bool purge = fake_is_active(&bench.port.purge_timer);
  assert_int_equal(clock, purge);
  return clock;
}

/* Who lies down first asks for the timers, once; not if nobody may leave. */
static void the_first_idle_worker_asks(void** state) {
  (void) state;
  bench_open(1, 0, 0);
  assert_true(bench.pool.timers_on);
  bench_close();
  bench_open(2, 0, 2);
  assert_false(bench.pool.timers_on);
  bench_close();
  bench_open(2, 0, 1);
  assert_true(bench.pool.timers_on);
  bench_close();
}

/* Both timers run from start to stop, with the period of the clock. */
static void start_and_stop_are_for_both(void** state) {
  (void) state;
  bench_open(1, 0, 0);
  assert_false(timers_run());
  uvpool__purge_start(&bench.handle);
  assert_true(timers_run());
  assert_int_equal(fake_timer(&bench.port.purge_timer)->repeat_ms, PERIOD_MS);
  uvpool__purge_stop(&bench.handle);
  assert_false(timers_run());
  bench_close();
}

/* The purge that leaves nobody to retire stops the timers, whether all have
 * left or those that are left are kept or at work. */
static void timers_stop_when_nobody_may_leave(void** state) {
  (void) state;
  for (uint64_t min = 0; min <= 2; min++) {
    bench_open(2, 1, min);
    uvpool__purge_start(&bench.handle);
    purge_at(3);
    assert_true(timers_run());
    assert_true(bench.pool.timers_on);
    purge_at(1000);
    assert_false(timers_run());
    assert_false(bench.pool.timers_on);
    bench_close();
  }
}

/* Runs the fake loop for so long, in steps of a tenth of a millisecond. */
static void run_for(uint64_t ms) {
  for (uint64_t i = 0; i < 10 * ms; i++) {
    fake.now_ns += 100000;
    fake_turn();
  }
}

/* Clock and purge together: a worker stays for the expiry, and for half of it
 * more at most. */
static void an_idle_worker_leaves_in_time(void** state) {
  (void) state;
  bench_open(0, 0, 0);
  bench.pool.workers = bench.pool.threads = 1;
  uvpool__idle_locked(&bench.pool, &bench.workers[0]);
  assert_true(bench.pool.timers_on);
  uvpool__purge_start(&bench.handle);
  run_for(EXPIRY_MS - 1);
  assert_int_equal(bench.pool.leaving, 0);
  run_for(EXPIRY_MS / 2 + 10); /* the loop's clock may be behind a little */
  assert_left(1);
  assert_false(timers_run());
  bench_close();
}

/* When each worker lay down; 0 while it is at work. */
static uint64_t since_ns[WORKERS];

static void go_to_sleep(struct uvpool__worker* worker) {
  if (since_ns[worker - bench.workers] > 0) {
    return;
  }
  since_ns[worker - bench.workers] = fake.now_ns;
  bench.pool.busy--;
  uvpool__idle_locked(&bench.pool, worker);
  if (!timers_run()) {
    uvpool__purge_start(&bench.handle);
  }
}

static void get_to_work(void) {
  struct uvpool__idle* idle = uvpool__worker_queue_detach(&bench.pool.idle);
  if (idle != NULL) {
    struct uvpool__worker* worker =
        UVPOOL__CONTAINER_OF(idle, struct uvpool__worker, idle);
    since_ns[worker - bench.workers] = 0;
    bench.pool.busy++;
  }
}

/* Whoever was ordered to leave has been idle for the expiry; a new worker comes
 * in its place. Returns how many have left. */
static uint64_t replace_leavers(void) {
  uint64_t left = 0;
  for (size_t i = 0; i < WORKERS; i++) {
    if (bench.workers[i].leaving) {
      assert_true(uvpool__parker_try_park(&bench.workers[i].parker));
      assert_true(since_ns[i] > 0);
      assert_true(fake.now_ns - since_ns[i] >= EXPIRY_MS * UINT64_C(1000000));
      bench.workers[i].leaving = false;
      since_ns[i] = 0;
      bench.pool.leaving--;
      bench.pool.busy++;
      left++;
    }
  }
  return left;
}

/* Random workers that lie down and are woken again: nobody leaves early. */
static void nobody_leaves_early(void** state) {
  (void) state;
  dice_t dice = dice_new();
  uint64_t left = 0;
  memset(since_ns, 0, sizeof(since_ns));
  bench_open(0, WORKERS, 0);
  uvpool__purge_start(&bench.handle);
  for (int i = 0; i < dice_rounds(200000); i++) {
    switch (dice_below(&dice, 8)) {
      case 0:
        go_to_sleep(&bench.workers[dice_below(&dice, WORKERS)]);
        break;
      case 1:
        get_to_work();
        break;
      default:
        break;
    }
    fake.now_ns += dice_below(&dice, 3000000);
    fake_turn();
    left += replace_leavers();
  }
  assert_int_equal(bench.pool.counters.workers_expired, left);
  assert_true(left > 100);
  bench_close();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(due_only_if_somebody_may_leave),
      cmocka_unit_test(leavers_do_not_count),
      cmocka_unit_test(each_leaves_at_its_fifth_tick),
      cmocka_unit_test(nobody_leaves_a_young_clock),
      cmocka_unit_test(so_many_are_kept),
      cmocka_unit_test(the_first_idle_worker_asks),
      cmocka_unit_test(start_and_stop_are_for_both),
      cmocka_unit_test(timers_stop_when_nobody_may_leave),
      cmocka_unit_test(an_idle_worker_leaves_in_time),
      cmocka_unit_test(nobody_leaves_early),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
