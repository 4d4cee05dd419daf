/* Deadlines, classes and priorities under fire: threads submit with all of
 * them, the loop cancels and is held up now and then, another thread tunes and
 * looks.
 *
 * Whatever the schedule: every accepted task ends once, with the status that
 * fits its deadline; no class is above its cap; the figures add up at every
 * moment; and all ends with nobody helping. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "kit.h"
#include "scale.h"
#include "watch.h"

#define MS UINT64_C(1000000)

enum { THREADS = 3, CAPACITY = 4, CAPPED = 1, RESERVING = 2, CAP = 2 };

typedef struct shot_s {
  uvpool_task_t task;
  int32_t task_class;
  uint64_t deadline_ns;
  atomic_int accepted; /* set by the submitter once its submit has returned */
  atomic_int began;
  int done; /* loop thread */
} shot_t;

typedef struct storm_s {
  uvpool_t* pool;
  shot_t* shots;
  long count;       /* of shots */
  atomic_long next; /* shot to be submitted */
  atomic_long ended;
  atomic_long refused;
  atomic_int submitters; /* that are not through yet */
  atomic_int looking;
  atomic_long broken; /* snapshots that do not add up */
  gauge_t gauges[UVPOOL_CLASSES];

  /* Loop thread. */
  long ran;
  long expired;
  long cancelled;
  long wrong; /* ends that do not fit */
} storm_t;

static storm_t storm;
static watch_t watch;

/* ---- Tasks --------------------------------------------------------------- */

static int work(uvpool_task_t* task) {
  shot_t* shot = (shot_t*) task;
  atomic_fetch_add(&shot->began, 1);
  gauge_enter(&storm.gauges[shot->task_class]);
  if (shot->deadline_ns % 16 == 0) {
    uv_sleep(1);
  }
  gauge_leave(&storm.gauges[shot->task_class]);
  return 0;
}

/* One of the loop's own cancels, of a task that is certainly not done. */
static void cancel_one(uint64_t number) {
  shot_t* shot = &storm.shots[number % (uint64_t) storm.count];
  if (atomic_load(&shot->accepted) && shot->done == 0) {
    (void) uvpool_cancel(&shot->task);
  }
}

static bool fits(const shot_t* shot, int status, int started) {
  if (atomic_load(&shot->began) != started) {
    return false;
  }
  switch (status) {
    case 0:
      return started == 1;
    case UV_ETIMEDOUT:
      return started == 0 && shot->deadline_ns != 0 &&
             uv_hrtime() >= shot->deadline_ns;
    default:
      return status == UV_ECANCELED && started == 0;
  }
}

static void done(uvpool_task_t* task, int status) {
  shot_t* shot = (shot_t*) task;
  shot->done++;
  storm.wrong +=
      shot->done != 1 || !fits(shot, status, uvpool_task_started(task));
  storm.ran += status == 0;
  storm.expired += status == UV_ETIMEDOUT;
  storm.cancelled += status == UV_ECANCELED;
  long ended = atomic_fetch_add(&storm.ended, 1) + 1;
  atomic_fetch_add(&watch.progress, 1);
  if (ended % 5 == 0) {
    cancel_one((uint64_t) ended * 2654435761u);
  }
  if (ended % 1000 == 0) {
    uv_sleep(3); /* a loop that has other things to do */
  }
}

/* ---- Threads ------------------------------------------------------------- */

static void submit_one(dice_t* dice, shot_t* shot) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.task_class = (int32_t) dice_below(dice, 4);
  options.priority = (int32_t) dice_below(dice, 3);
  options.label = "shot";
  switch (dice_below(dice, 4)) {
    case 0:
      break;
    case 1:
      options.deadline_ns = 1 + dice_below(dice, 1000);
      break;
    default:
      options.deadline_ns = uv_hrtime() + dice_below(dice, 20 * MS);
  }
  shot->task_class = options.task_class;
  shot->deadline_ns = options.deadline_ns;
  int err = uvpool_submit_ex(storm.pool, &shot->task, work, done, &options);
  if (err == 0) {
    atomic_store(&shot->accepted, 1);
  } else {
    atomic_fetch_add(&storm.refused, 1);
    uv_sleep(1);
  }
}

static void submit_all(void* arg) {
  dice_t dice = {(uint64_t) (uintptr_t) arg};
  for (;;) {
    long i = atomic_fetch_add(&storm.next, 1);
    if (i >= storm.count) {
      break;
    }
    submit_one(&dice, &storm.shots[i]);
  }
  atomic_fetch_sub(&storm.submitters, 1);
}

static bool adds_up(const uvpool_stats_t* s) {
  uint64_t busy = 0;
  uint64_t waiting = 0;
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    busy += s->classes[c].busy;
    waiting += s->classes[c].waiting;
  }
  return s->accepted == s->waiting + s->busy + s->completed + s->cancelled +
                            s->expired + s->panicked &&
         busy == s->busy && waiting == s->waiting &&
         s->classes[CAPPED].busy <= CAP && s->run.count <= s->completed &&
         s->wait.count <= s->started;
}

static void tune_and_look(void* arg) {
  dice_t dice = {(uint64_t) (uintptr_t) arg};
  while (atomic_load(&storm.looking)) {
    uvpool_stats_t s;
    (void) uvpool_tune(storm.pool, 2 + (int64_t) dice_below(&dice, CAPACITY));
    if (uvpool_stats(storm.pool, &s) != 0 || !adds_up(&s)) {
      atomic_fetch_add(&storm.broken, 1);
    }
  }
}

/* ---- Tests --------------------------------------------------------------- */

static int is_over(void* arg) {
  (void) arg;
  return atomic_load(&storm.submitters) == 0 &&
         atomic_load(&storm.ended) + atomic_load(&storm.refused) == storm.count;
}

static void open_storm(uv_loop_t* loop, long count) {
  memset(&storm, 0, sizeof(storm));
  memset(&watch, 0, sizeof(watch));
  uvpool_options_t options = pool_options(CAPACITY, 2000);
  options.ageing_ms = 1;
  options.classes[CAPPED].cap = CAP;
  options.classes[RESERVING].reserved = 1;
  storm.pool = pool_open_with(loop, &options);
  storm.count = count;
  storm.shots = calloc((size_t) count, sizeof(*storm.shots));
  assert_non_null(storm.shots);
  atomic_store(&storm.submitters, THREADS);
  atomic_store(&storm.looking, 1);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    gauge_init(&storm.gauges[c]);
  }
  watch.pool = storm.pool;
  watch.is_over = is_over;
  watch.what = "tasks that run or expire";
}

static void assert_calm(void) {
  uvpool_stats_t s = pool_stats(storm.pool);
  assert_int_equal(storm.wrong, 0);
  assert_int_equal(atomic_load(&storm.broken), 0);
  assert_true(gauge_most(&storm.gauges[CAPPED]) <= CAP);
  assert_int_equal(s.accepted, storm.count - atomic_load(&storm.refused));
  assert_int_equal(s.refused, atomic_load(&storm.refused));
  assert_int_equal(s.completed, storm.ran);
  assert_int_equal(s.expired, storm.expired);
  assert_int_equal(s.cancelled, storm.cancelled);
  for (long i = 0; i < storm.count; i++) {
    assert_int_equal(storm.shots[i].done,
                     atomic_load(&storm.shots[i].accepted));
  }
}

static void every_task_ends_once(void** state) {
  dice_t dice = dice_new();
  helper_t submitters[THREADS];
  helper_t looker;
  open_storm(*state, scaled(400000, "tasks"));
  helper_start(&looker, tune_and_look, (void*) (uintptr_t) dice_next(&dice));
  for (int i = 0; i < THREADS; i++) {
    helper_start(
        &submitters[i], submit_all, (void*) (uintptr_t) dice_next(&dice));
  }
  watch_run(*state, &watch);
  atomic_store(&storm.looking, 0);
  for (int i = 0; i < THREADS; i++) {
    helper_join(*state, &submitters[i]);
  }
  helper_join(*state, &looker);
  assert_calm();
  assert_true(storm.ran > 0 && storm.expired > 0);
  pool_close(*state, storm.pool);
  free(storm.shots);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(every_task_ends_once),
  };
  return kit_run(argc, argv, tests);
}
