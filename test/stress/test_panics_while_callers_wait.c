/* A worker dies of a panic while callers wait for room: somebody else has to
 * let them in, and start its successor, as nobody is left who could take a
 * task.
 *
 * There is no purge, no timeout and no release that would put things right
 * later: every caller gets in and every task ends by itself, or the watchdog
 * says that nothing moves any more. */
#include <stdatomic.h>
#include <stdlib.h>

#include "dice.h"
#include "kit.h"
#include "scale.h"
#include "watch.h"

enum { PRODUCERS = 4 };

/* One submit. Allocated by its producer, freed in done. */
typedef struct flight_s {
  uvpool_task_t task;
  int panics; /* producer: is it to panic? */
  int worked; /* worker; then loop: how often the work began */
} flight_t;

typedef struct producer_s {
  helper_t helper;
  dice_t dice;
  long count; /* tasks to submit */
} producer_t;

typedef struct siege_s {
  watch_t watch;   /* its progress: tasks that have ended */
  long total;      /* tasks; constant while they run */
  unsigned one_in; /* so many of them panic; constant while they run */
  producer_t producers[PRODUCERS];
  atomic_long refused;
  long panicked; /* loop: by done */
  long told;     /* loop: by on_panic */
  long wrong;    /* loop: status or number of works is not what it must be */
} siege_t;

/* Static, as a failed test leaves threads behind that use it. */
static siege_t siege;

static int work(uvpool_task_t* task) {
  flight_t* flight = (flight_t*) task;
  flight->worked++;
  if (flight->panics) {
    uvpool_panic("as one of many");
  }
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  flight_t* flight = (flight_t*) task;
  siege.panicked += status == UVPOOL_EPANIC;
  siege.wrong += status != (flight->panics ? UVPOOL_EPANIC : 0);
  siege.wrong += flight->worked != 1;
  free(flight);
  atomic_fetch_add(&siege.watch.progress, 1);
}

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason) {
  (void) pool;
  (void) task;
  (void) reason;
  siege.told++;
}

static void produce(void* arg) {
  producer_t* self = arg;
  for (long i = 0; i < self->count; i++) {
    flight_t* flight = calloc(1, sizeof(*flight));
    if (flight == NULL) {
      abort();
    }
    flight->panics = dice_below(&self->dice, siege.one_in) == 0;
    if (uvpool_submit_wait(
            siege.watch.pool, &flight->task, work, done, UINT64_MAX) != 0) {
      atomic_fetch_add(&siege.refused, 1);
      free(flight);
    }
  }
}

static int all_ended(void* arg) {
  (void) arg;
  return atomic_load(&siege.watch.progress) == siege.total;
}

static void open_siege(uv_loop_t* loop,
                       int64_t capacity,
                       int64_t max_waiting,
                       unsigned one_in) {
  uvpool_options_t options = pool_options(capacity, max_waiting);
  options.flags = UVPOOL_NO_PURGE;
  options.on_panic = on_panic;
  siege = (siege_t) {.one_in = one_in};
  siege.watch.pool = pool_open_with(loop, &options);
  siege.watch.is_over = all_ended;
  siege.watch.what = "tasks";
}

static void run_siege(uv_loop_t* loop, long total) {
  dice_t dice = dice_new();
  siege.total = total / PRODUCERS * PRODUCERS;
  for (int i = 0; i < PRODUCERS; i++) {
    producer_t* producer = &siege.producers[i];
    producer->dice.state = dice_next(&dice);
    producer->count = siege.total / PRODUCERS;
    helper_start(&producer->helper, produce, producer);
  }
  watch_run(loop, &siege.watch);
  for (int i = 0; i < PRODUCERS; i++) {
    helper_join(loop, &siege.producers[i].helper);
  }
}

static void close_siege(uv_loop_t* loop) {
  uvpool_stats_t stats = pool_stats(siege.watch.pool);
  assert_int_equal(atomic_load(&siege.refused), 0);
  assert_int_equal(siege.wrong, 0);
  assert_int_equal(siege.told, siege.panicked);
  assert_int_equal(stats.accepted, siege.total);
  assert_int_equal(stats.panicked, siege.panicked);
  assert_int_equal(stats.completed, siege.total - siege.panicked);
  assert_int_equal(stats.spawn_failures, 0);
  assert_true(stats.workers_max <= (uint64_t) stats.capacity);
  pool_close(loop, siege.watch.pool);
}

/* Every single task takes its worker with it, and no task may wait: all there
 * is are callers. */
static void each_task_panics(void** state) {
  open_siege(*state, 1, 0, 1);
  run_siege(*state, scaled(1000000, "panicking tasks"));
  assert_int_equal(siege.panicked, siege.total);
  assert_int_equal(pool_stats(siege.watch.pool).workers_started, siege.total);
  close_siege(*state);
}

/* One in three panics: the survivors compete with the successors of the dead,
 * and tasks wait besides the callers. */
static void panics_among_others(void** state) {
  open_siege(*state, 3, 2, 3);
  run_siege(*state, scaled(1000000, "tasks, one in three panics"));
  assert_true(siege.panicked > 0 && siege.panicked < siege.total);
  close_siege(*state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(each_task_panics),
      loop_test(panics_among_others),
  };
  return kit_run(argc, argv, tests);
}
