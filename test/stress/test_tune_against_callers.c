/* Tune up against callers that wait: the new room is theirs at once.
 *
 * Each work stays until a second one runs beside it. At capacity 1 there is
 * none, so that nothing ends and nothing else can let a waiting caller in: only
 * the tune can. A growth that forgets the callers, or misses one that is just
 * lying down, stops everything, and the watchdog says so. */
#include <stdatomic.h>
#include <stdlib.h>

#include "kit.h"
#include "scale.h"
#include "watch.h"

enum { CALLERS = 3 };

/* Where two works meet. */
typedef struct meeting_s {
  uv_mutex_t mutex;
  uv_cond_t changed; /* anything below has changed */

  /* Guarded by `mutex`. */
  long count; /* pairs that have met */
  int alone;  /* one is here and waits for the other */
  int over;   /* nobody needs to wait any more */
} meeting_t;

/* One submit. Allocated by its caller, freed in done. */
typedef struct flight_s {
  uvpool_task_t task;
  int worked; /* worker; then loop: how often the work began */
} flight_t;

typedef struct duel_s {
  watch_t watch; /* its progress: pairs that have met, and tasks that ended */
  meeting_t meeting;
  long rounds; /* of the tuner; constant while it runs */
  helper_t tuner;
  helper_t callers[CALLERS];
  atomic_int stop;     /* tuner: the callers submit no more */
  atomic_long present; /* callers that have not returned */
  atomic_long accepted;
  atomic_long failures; /* results that may not be */
  atomic_long ended;    /* loop */
  long wrong;           /* loop: a task did not end as it must */
} duel_t;

/* Static, as a failed test leaves threads behind that use it. */
static duel_t duel;

static int work(uvpool_task_t* task) {
  meeting_t* meeting = &duel.meeting;
  ((flight_t*) task)->worked++;
  uv_mutex_lock(&meeting->mutex);
  if (meeting->alone) {
    meeting->alone = 0;
    meeting->count++;
    atomic_fetch_add(&duel.watch.progress, 1);
    uv_cond_broadcast(&meeting->changed);
  } else {
    long before = meeting->count;
    meeting->alone = 1;
    while (meeting->count == before && !meeting->over) {
      uv_cond_wait(&meeting->changed, &meeting->mutex);
    }
  }
  uv_mutex_unlock(&meeting->mutex);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  flight_t* flight = (flight_t*) task;
  duel.wrong += status != 0 || flight->worked != 1;
  free(flight);
  atomic_fetch_add(&duel.ended, 1);
  atomic_fetch_add(&duel.watch.progress, 1);
}

static void call(void* arg) {
  (void) arg;
  while (!atomic_load(&duel.stop)) {
    flight_t* flight = calloc(1, sizeof(*flight));
    if (flight == NULL) {
      abort();
    }
    int err = uvpool_submit_wait(
        duel.watch.pool, &flight->task, work, done, UINT64_MAX);
    atomic_fetch_add(err == 0 ? &duel.accepted : &duel.failures, 1);
    if (err != 0) {
      free(flight);
    }
  }
  atomic_fetch_sub(&duel.present, 1);
}

static long pairs_met(void) {
  uv_mutex_lock(&duel.meeting.mutex);
  long count = duel.meeting.count;
  uv_mutex_unlock(&duel.meeting.mutex);
  return count;
}

static void await_next_pair(long before) {
  uv_mutex_lock(&duel.meeting.mutex);
  while (duel.meeting.count == before) {
    uv_cond_wait(&duel.meeting.changed, &duel.meeting.mutex);
  }
  uv_mutex_unlock(&duel.meeting.mutex);
}

static void leave_nobody_alone(void) {
  uv_mutex_lock(&duel.meeting.mutex);
  duel.meeting.over = 1;
  uv_cond_broadcast(&duel.meeting.changed);
  uv_mutex_unlock(&duel.meeting.mutex);
}

/* The callers need room at every moment, so that each growth leads to a pair
 * without any further help. */
static void tune(void* arg) {
  (void) arg;
  for (long i = 0; i < duel.rounds; i++) {
    long before = pairs_met();
    if (uvpool_tune(duel.watch.pool, 2) != 0) {
      atomic_fetch_add(&duel.failures, 1);
    }
    await_next_pair(before);
    if (uvpool_tune(duel.watch.pool, 1) != 0) {
      atomic_fetch_add(&duel.failures, 1);
    }
  }
  atomic_store(&duel.stop, 1);
  leave_nobody_alone();
}

static int all_ended(void* arg) {
  (void) arg;
  return helper_finished(&duel.tuner) && atomic_load(&duel.present) == 0 &&
         atomic_load(&duel.ended) == atomic_load(&duel.accepted);
}

static void open_duel(uv_loop_t* loop) {
  uvpool_options_t options = pool_options(1, 0);
  options.flags = UVPOOL_NO_PURGE;
  duel = (duel_t) {.present = CALLERS};
  assert_int_equal(uv_mutex_init(&duel.meeting.mutex), 0);
  assert_int_equal(uv_cond_init(&duel.meeting.changed), 0);
  duel.watch.pool = pool_open_with(loop, &options);
  duel.watch.is_over = all_ended;
  duel.watch.what = "pairs";
}

static void close_duel(uv_loop_t* loop) {
  pool_close(loop, duel.watch.pool);
  uv_cond_destroy(&duel.meeting.changed);
  uv_mutex_destroy(&duel.meeting.mutex);
}

/* Up and down again, for as long as it takes: nobody is left waiting, and each
 * caller that was let in has run once. */
static void growth_lets_callers_in(void** state) {
  open_duel(*state);
  duel.rounds = scaled(2000000, "rounds of 1 -> 2 -> 1");
  helper_start(&duel.tuner, tune, NULL);
  for (int i = 0; i < CALLERS; i++) {
    helper_start(&duel.callers[i], call, NULL);
  }
  watch_run(*state, &duel.watch);
  helper_join(*state, &duel.tuner);
  for (int i = 0; i < CALLERS; i++) {
    helper_join(*state, &duel.callers[i]);
  }
  uvpool_stats_t stats = pool_stats(duel.watch.pool);
  assert_int_equal(atomic_load(&duel.failures), 0);
  assert_int_equal(duel.wrong, 0);
  assert_true(duel.meeting.count >= duel.rounds);
  assert_int_equal(stats.accepted, atomic_load(&duel.accepted));
  assert_int_equal(stats.completed, atomic_load(&duel.accepted));
  assert_int_equal(stats.refused, 0);
  assert_int_equal(stats.busy_max, 2);
  close_duel(*state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(growth_lets_callers_in),
  };
  return kit_run(argc, argv, tests);
}
