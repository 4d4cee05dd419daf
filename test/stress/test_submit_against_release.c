/* Submits race with a release, again and again on one pool: once the release
 * callback has said 0, nothing of that life runs any more.
 *
 * Three threads submit as fast as they can, each in its own way, while the loop
 * releases at a random moment; some works panic. From the callback on, a flag
 * is up, which every work, done, on_panic and worker-stop hook looks at, until
 * the pool is opened for the next round. */
#include <stdatomic.h>
#include <string.h>

#include "dice.h"
#include "kit.h"
#include "scale.h"

enum { CAPACITY = 2, MAX_WAITING = 4, FLIGHTS = 16 };

enum { ONE_IN_PANICS = 64, ONE_IN_TAKES_TIME = 8 };

/* One task of a producer, used again and again. */
typedef struct flight_s {
  uvpool_task_t task;
  atomic_int flying; /* producer: raises it before a submit; done: lowers it */
} flight_t;

typedef struct producer_s producer_t;

/* One try to submit, by the producer's way of doing so. Thread: producer. */
typedef int (*submit_way)(producer_t* producer);

struct producer_s {
  helper_t helper;
  submit_way submit;         /* constant while it runs */
  flight_t flights[FLIGHTS]; /* producer, but for `flying` */
  long accepted;             /* producer; test thread between the rounds */
  long odd;                  /* likewise: results that may not be */
};

/* Lets the producers into each round, and tells when they have left it. */
typedef struct rounds_s {
  uv_mutex_t mutex;
  uv_cond_t changed; /* anything below has changed */

  /* Guarded by `mutex`. */
  long current; /* the first is 1; 0: none yet; -1: all are over */
  int inside;   /* producers that are still in it */
} rounds_t;

typedef struct race_s {
  uvpool_t* pool;
  rounds_t rounds;
  producer_t producers[3];
  atomic_int released;  /* the callback said 0, and no reboot since */
  atomic_long running;  /* works inside */
  atomic_long worked;   /* works that began */
  atomic_long late;     /* what ran although released */
  atomic_uint dice;     /* which works panic, which take time; any worker */
  long ended;           /* loop: done callbacks */
  long ended_cancelled; /* loop: those with UV_ECANCELED */
  long told;            /* loop: on_panic callbacks */
} race_t;

/* Static, as a failed test leaves threads behind that use it. */
static race_t race;

static void note_if_late(void) {
  if (atomic_load(&race.released)) {
    atomic_fetch_add(&race.late, 1);
  }
}

/* ---- What the pool calls ------------------------------------------------- */

static void work_for(void* arg) {
  (void) arg;
  atomic_fetch_add(&race.running, 1);
  atomic_fetch_add(&race.worked, 1);
  note_if_late();
  unsigned number = atomic_fetch_add(&race.dice, 0x9e3779b9u);
  if ((number >> 8) % ONE_IN_TAKES_TIME == 0) {
    uv_sleep(0); /* a moment all the same, so that a release finds it at work */
  }
  note_if_late();
  atomic_fetch_sub(&race.running, 1);
  if ((number >> 16) % ONE_IN_PANICS == 0) {
    uvpool_panic("one of some");
  }
}

static int work(uvpool_task_t* task) {
  work_for(task);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  note_if_late();
  race.ended++;
  race.ended_cancelled += status == UV_ECANCELED;
  atomic_store(&((flight_t*) task)->flying, 0);
}

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason) {
  (void) pool;
  (void) task;
  (void) reason;
  note_if_late();
  race.told++;
}

static void on_worker_stop(void* data, void* worker_data) {
  (void) data;
  (void) worker_data;
  note_if_late();
}

static void on_release(uvpool_t* pool, int status) {
  atomic_store(&race.released, 1);
  pool_on_release(pool, status);
}

/* ---- The producers ------------------------------------------------------- */

static flight_t* take_flight(producer_t* producer) {
  for (int i = 0; i < FLIGHTS; i++) {
    flight_t* flight = &producer->flights[i];
    if (!atomic_load(&flight->flying)) {
      atomic_store(&flight->flying, 1);
      return flight;
    }
  }
  return NULL;
}

/* All flights in the air count as no room. */
static int submit_with(producer_t* producer, uint64_t timeout_ms) {
  flight_t* flight = take_flight(producer);
  if (flight == NULL) {
    return UV_EAGAIN;
  }
  int err = timeout_ms == 0
                ? uvpool_submit(race.pool, &flight->task, work, done)
                : uvpool_submit_wait(
                      race.pool, &flight->task, work, done, timeout_ms);
  if (err != 0) {
    atomic_store(&flight->flying, 0);
  }
  return err;
}

static int submit_at_once(producer_t* producer) {
  return submit_with(producer, 0);
}

static int submit_and_wait(producer_t* producer) {
  return submit_with(producer, UINT64_MAX);
}

static int submit_and_forget(producer_t* producer) {
  (void) producer;
  return uvpool_go(race.pool, work_for, NULL);
}

/* Waits for a round that is not `last`. */
static long enter_round(long last) {
  rounds_t* rounds = &race.rounds;
  uv_mutex_lock(&rounds->mutex);
  while (rounds->current == last) {
    uv_cond_wait(&rounds->changed, &rounds->mutex);
  }
  last = rounds->current;
  uv_mutex_unlock(&rounds->mutex);
  return last;
}

static void leave_round(void) {
  rounds_t* rounds = &race.rounds;
  uv_mutex_lock(&rounds->mutex);
  rounds->inside--;
  uv_cond_broadcast(&rounds->changed);
  uv_mutex_unlock(&rounds->mutex);
}

/* Submits until the pool says that it is released, and then a few times more,
 * which must be refused in the same way. */
static void submit_through_release(producer_t* self) {
  int refused = 0;
  while (refused < 4) {
    int err = self->submit(self);
    if (err == UV_ESHUTDOWN) {
      refused++;
    } else if (err == 0) {
      self->accepted++;
      self->odd += refused > 0;
    } else if (err == UV_EAGAIN) {
      uv_sleep(0);
    } else {
      self->odd++;
    }
  }
}

static void produce(void* arg) {
  for (long round = enter_round(0); round > 0; round = enter_round(round)) {
    submit_through_release(arg);
    leave_round();
  }
}

/* ---- The loop ------------------------------------------------------------ */

static void begin_round(long number) {
  rounds_t* rounds = &race.rounds;
  uv_mutex_lock(&rounds->mutex);
  rounds->current = number;
  rounds->inside = (int) KIT_COUNT(race.producers);
  uv_cond_broadcast(&rounds->changed);
  uv_mutex_unlock(&rounds->mutex);
}

static int all_left(void) {
  uv_mutex_lock(&race.rounds.mutex);
  int inside = race.rounds.inside;
  uv_mutex_unlock(&race.rounds.mutex);
  return inside == 0;
}

/* Nobody runs a loop for them: once released, they need no help to leave. */
static void await_all_left(void) {
  uint64_t deadline = uv_hrtime() + KIT_WATCHDOG_MS * UINT64_C(1000000);
  while (!all_left()) {
    assert_true(uv_hrtime() < deadline);
    uv_sleep(0);
  }
}

/* Any number of works, none included, before the release. */
static void let_some_through(uv_loop_t* loop, dice_t* dice) {
  long enough = atomic_load(&race.worked) + (long) dice_below(dice, 12);
  uint64_t deadline = uv_hrtime() + KIT_WATCHDOG_MS * UINT64_C(1000000);
  while (atomic_load(&race.worked) < enough) {
    (void) uv_run(loop, UV_RUN_NOWAIT);
    assert_true(uv_hrtime() < deadline);
  }
}

static void release_round(uv_loop_t* loop, pool_end_t* end) {
  end->count = 0;
  assert_status(uvpool_release_timeout(race.pool, UINT64_MAX, on_release), 0);
  loop_run(loop);
  assert_int_equal(end->count, 1);
  assert_status(end->status, 0);
  assert_int_equal(atomic_load(&race.running), 0);
}

/* With nothing running and nobody submitting every account must be level. */
static void check_accounts(void) {
  uvpool_stats_t stats = pool_stats(race.pool);
  long accepted = 0;
  for (size_t i = 0; i < KIT_COUNT(race.producers); i++) {
    accepted += race.producers[i].accepted;
    assert_int_equal(race.producers[i].odd, 0);
  }
  long forgotten = race.producers[2].accepted;
  assert_int_equal(atomic_load(&race.late), 0);
  assert_int_equal(stats.accepted, accepted);
  assert_int_equal(stats.workers, 0);
  assert_int_equal(stats.waiting, 0);
  assert_int_equal(stats.blocked, 0);
  assert_int_equal(stats.completed + stats.panicked, atomic_load(&race.worked));
  assert_int_equal(stats.cancelled, accepted - atomic_load(&race.worked));
  assert_int_equal(stats.panicked, race.told);
  assert_int_equal(race.ended, accepted - forgotten);
  assert_true((long) stats.cancelled >= race.ended_cancelled);
}

static void open_race(uv_loop_t* loop, pool_end_t* end) {
  static const submit_way ways[] = {
      submit_at_once, submit_and_wait, submit_and_forget};
  uvpool_options_t options = pool_options(CAPACITY, MAX_WAITING);
  options.on_panic = on_panic;
  options.on_worker_stop = on_worker_stop;
  memset(&race, 0, sizeof(race));
  assert_int_equal(uv_mutex_init(&race.rounds.mutex), 0);
  assert_int_equal(uv_cond_init(&race.rounds.changed), 0);
  race.pool = pool_open_with(loop, &options);
  uvpool_set_data(race.pool, end);
  for (size_t i = 0; i < KIT_COUNT(race.producers); i++) {
    race.producers[i].submit = ways[i];
    helper_start(&race.producers[i].helper, produce, &race.producers[i]);
  }
}

static void close_race(uv_loop_t* loop) {
  begin_round(-1);
  for (size_t i = 0; i < KIT_COUNT(race.producers); i++) {
    helper_join(loop, &race.producers[i].helper);
  }
  pool_close(loop, race.pool);
  uv_cond_destroy(&race.rounds.changed);
  uv_mutex_destroy(&race.rounds.mutex);
}

/* Open, race, release, check, open again. */
static void nothing_runs_after_it(void** state) {
  static pool_end_t end;
  dice_t dice = dice_new();
  long count = scaled(100000, "rounds");
  open_race(*state, &end);
  atomic_store(&race.dice, (unsigned) dice_next(&dice));
  for (long round = 1; round <= count; round++) {
    begin_round(round);
    let_some_through(*state, &dice);
    release_round(*state, &end);
    await_all_left();
    loop_turn(*state, 2);
    check_accounts();
    atomic_store(&race.released, 0);
    assert_status(uvpool_reboot(race.pool), 0);
  }
  print_message("  %ld works, %ld panics, %ld cancelled\n",
                atomic_load(&race.worked),
                race.told,
                race.ended_cancelled);
  assert_true(race.told > 0);
  close_race(*state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(nothing_runs_after_it),
  };
  return kit_run(argc, argv, tests);
}
