/* Tune down with everybody busy: the surplus finishes what it has, and from
 * then on no more run at once than the new capacity allows.
 *
 * The works themselves count how many of them run, so that the pool's own
 * figures are not what is believed. */
#include <stdatomic.h>

#include "dice.h"
#include "kit.h"
#include "scale.h"

enum { MOST = 12 };

typedef struct crowd_s {
  uvpool_t* pool;
  gate_t gate;
  gauge_t gauge;      /* works that run */
  atomic_int limit;   /* as many may, when one begins */
  atomic_long beyond; /* works that began although as many ran */
  atomic_long ran;    /* works that have ended */
  long submitted;     /* test thread */
} crowd_t;

/* Static, as a failed test leaves works behind that use it. */
static crowd_t crowd;

/* The count may hold works that have already given up their place in the pool,
 * never the other way round: they leave the gauge before they return. */
static void enter(void) {
  gauge_enter(&crowd.gauge);
  if (atomic_load(&crowd.gauge.now) > atomic_load(&crowd.limit)) {
    atomic_fetch_add(&crowd.beyond, 1);
  }
}

static void leave(void) {
  gauge_leave(&crowd.gauge);
  atomic_fetch_add(&crowd.ran, 1);
}

static void stand_at_gate(void* arg) {
  (void) arg;
  enter();
  gate_pass(&crowd.gate);
  leave();
}

static void hurry(void* arg) {
  (void) arg;
  enter();
  leave();
}

static void submit(uvpool_go_cb fn, int count) {
  for (int i = 0; i < count; i++) {
    assert_status(uvpool_go(crowd.pool, fn, NULL), 0);
    crowd.submitted++;
  }
}

static void open_crowd(uv_loop_t* loop, int capacity) {
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  crowd = (crowd_t) {.pool = pool_open_with(loop, &options)};
  gate_init(&crowd.gate);
  gauge_init(&crowd.gauge);
  atomic_store(&crowd.limit, capacity);
}

static int all_ran(void* arg) {
  (void) arg;
  return atomic_load(&crowd.ran) == crowd.submitted;
}

static void close_crowd(uv_loop_t* loop) {
  gate_open(&crowd.gate);
  loop_run(loop);
  loop_run_until(loop, all_ran, NULL, "the last works");
  assert_int_equal(atomic_load(&crowd.beyond), 0);
  assert_true(gauge_most(&crowd.gauge) <= MOST);
  assert_true(pool_stats(crowd.pool).workers_max <= MOST);
  pool_close(loop, crowd.pool);
  gate_destroy(&crowd.gate);
}

/* One change of the capacity while all that may run stand at the gate. So many
 * are let through that the new capacity is full again and `more`, at least one,
 * have followed: the last of them cannot begin before the surplus is gone. */
static unsigned change(int before, int after, unsigned arrived, int more) {
  int leaving = (before > after ? before - after : 0) + more;
  int coming = (after > before ? after - before : 0) + more;
  submit(stand_at_gate, coming);
  if (after > before) {
    atomic_store(&crowd.limit, after);
  }
  assert_status(uvpool_tune(crowd.pool, after), 0);
  atomic_store(&crowd.limit, after);
  gate_admit(&crowd.gate, (unsigned) leaving);
  arrived += (unsigned) coming;
  gate_await(&crowd.gate, arrived);
  return arrived;
}

/* Everybody is known to stand at the gate when the capacity changes, so that
 * whatever begins later is under the new one from the first moment. */
static void of_a_full_pool(void** state) {
  dice_t dice = dice_new();
  long rounds = scaled(100000, "changes of a full pool's capacity");
  int capacity = MOST;
  open_crowd(*state, capacity);
  submit(stand_at_gate, MOST + 2 * MOST); /* always more than may run */
  gate_await(&crowd.gate, MOST);
  unsigned arrived = MOST;
  for (long i = 0; i < rounds; i++) {
    int next = 1 + (int) dice_below(&dice, MOST);
    int more = 1 + (int) dice_below(&dice, MOST);
    arrived = change(capacity, next, arrived, more);
    capacity = next;
    assert_int_equal(gate_arrived(&crowd.gate), arrived);
    assert_int_equal(uvpool_busy(crowd.pool), capacity);
    loop_turn(*state, 1);
  }
  close_crowd(*state);
}

static int surplus_has_finished(void* arg) {
  return uvpool_busy(crowd.pool) <= *(int*) arg;
}

static void await_surplus(int capacity) {
  uint64_t deadline = uv_hrtime() + KIT_WATCHDOG_MS * UINT64_C(1000000);
  while (!surplus_has_finished(&capacity)) {
    assert_true(uv_hrtime() < deadline);
  }
}

/* The capacity changes under works that come and go as fast as they can. A
 * work that was taken before a tune may begin after it; the pool's figure says
 * when the last of those is over. */
static void at_full_speed(void** state) {
  enum { BATCH = 64 };
  dice_t dice = dice_new();
  long rounds = scaled(400000, "changes at full speed");
  open_crowd(*state, MOST);
  for (long i = 0; i < rounds; i++) {
    int next = 1 + (int) dice_below(&dice, MOST);
    if (crowd.submitted - atomic_load(&crowd.ran) < BATCH / 2) {
      submit(hurry, BATCH);
    }
    if (next > atomic_load(&crowd.limit)) {
      atomic_store(&crowd.limit, next);
    }
    assert_status(uvpool_tune(crowd.pool, next), 0);
    await_surplus(next);
    atomic_store(&crowd.limit, next);
    loop_turn(*state, 1);
  }
  close_crowd(*state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(of_a_full_pool),
      loop_test(at_full_speed),
  };
  return kit_run(argc, argv, tests);
}
