/* Callers that wait for room in any pool of a multi-pool, while tasks panic,
 * callers give up, and capacities change: what a pool tells must reach somebody
 * who can use it. Every caller gets an answer and every task ends by itself, or
 * the watchdog says that nothing moves any more. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "dice.h"
#include "kit.h"
#include "scale.h"
#include "watch.h"

enum { PRODUCERS = 6, POOLS = 3 };

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
  watch_t watch; /* its progress: tasks ended and callers gone away */
  uvpool_multi_t* multi;
  long total;     /* submits; constant while they run */
  int impatient;  /* some callers wait for a millisecond only; constant */
  int is_retuned; /* producers change capacities; constant */
  producer_t producers[PRODUCERS];
  atomic_long timed_out;
  atomic_long refused;
  long ended; /* loop: by done */
  long wrong; /* loop: status or number of works is not what it must be */
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
  siege.wrong += status != (flight->panics ? UVPOOL_EPANIC : 0);
  siege.wrong += flight->worked != 1;
  siege.ended++;
  free(flight);
  atomic_fetch_add(&siege.watch.progress, 1);
}

static void submit_one(producer_t* self) {
  flight_t* flight = calloc(1, sizeof(*flight));
  flight->panics = dice_below(&self->dice, 16) == 0;
  bool in_haste = siege.impatient && dice_below(&self->dice, 2) == 0;
  int err = uvpool_multi_submit_wait(
      siege.multi, &flight->task, work, done, in_haste ? 1 : UINT64_MAX);
  if (err != 0) {
    free(flight);
    atomic_fetch_add(
        in_haste && err == UV_ETIMEDOUT ? &siege.timed_out : &siege.refused, 1);
    atomic_fetch_add(&siege.watch.progress, 1);
  }
}

static void produce(void* arg) {
  producer_t* self = arg;
  for (long i = 0; i < self->count; i++) {
    if (siege.is_retuned && dice_below(&self->dice, 8) == 0) {
      uvpool_t* pool =
          uvpool_multi_pool(siege.multi,
                            (int64_t) dice_below(&self->dice, POOLS));
      (void) uvpool_tune(pool, 1 + (int64_t) dice_below(&self->dice, 2));
    }
    submit_one(self);
  }
}

static int all_ended(void* arg) {
  (void) arg;
  return atomic_load(&siege.watch.progress) == siege.total;
}

static void run_siege(uv_loop_t* loop, uvpool_strategy_t strategy, long total) {
  uvpool_options_t options = pool_options(1, 0);
  dice_t dice = dice_new();
  options.flags = UVPOOL_NO_PURGE;
  options.on_panic = pool_ignore_panic;
  assert_status(
      uvpool_multi_create(loop, POOLS, strategy, &options, &siege.multi), 0);
  siege.watch.pool = uvpool_multi_pool(siege.multi, 0);
  siege.watch.is_over = all_ended;
  siege.watch.what = "tasks and callers";
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
  assert_int_equal(atomic_load(&siege.refused), 0);
  assert_int_equal(siege.wrong, 0);
  assert_int_equal(siege.ended + atomic_load(&siege.timed_out), siege.total);
  assert_int_equal(uvpool_multi_blocked(siege.multi), 0);
  multi_close(loop, siege.multi);
}

static void patient_callers(void** state) {
  siege = (siege_t) {.impatient = 0};
  run_siege(*state, UVPOOL_ROUND_ROBIN, scaled(1000000, "patient callers"));
}

static void impatient_callers(void** state) {
  siege = (siege_t) {.impatient = 1};
  run_siege(*state, UVPOOL_LEAST_TASKS, scaled(1000000, "callers in haste"));
}

static void changing_capacities(void** state) {
  siege = (siege_t) {.impatient = 1, .is_retuned = 1};
  run_siege(*state, UVPOOL_ROUND_ROBIN, scaled(1000000, "callers and tunes"));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(patient_callers),
      loop_test(impatient_callers),
      loop_test(changing_capacities),
  };
  return kit_run(argc, argv, tests);
}
