/* parker.h: one token, which is never lost, never doubled, and the only thing
 * that ends a wait. Built and run once for each form of the parker.
 *
 * Waits of other threads are bounded by the watchdog time, so that a lost
 * wake-up shows as a failed test. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* syscall, gettid by it */
#endif
#include "parker.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "dice.h"
#include "kit.h"

/* ThreadSanitizer makes each step some ten times slower. */
enum { ROUNDS = KIT_TSAN ? 20000 : 100000 };

static void parker_make(struct uvpool__parker* parker) {
  memset(parker, 0xa5, sizeof(*parker));
  assert_int_equal(uvpool__parker_init(parker), 0);
}

static uint64_t watchdog_ns(void) {
  return uvpool__deadline_ns(KIT_WATCHDOG_MS);
}

/* ---- One thread ---------------------------------------------------------- */

/* A token that was there before is taken at once, by all three calls. */
static void token_before_park(void** state) {
  (void) state;
  struct uvpool__parker parker;
  parker_make(&parker);
  uvpool__parker_unpark(&parker);
  uvpool__parker_park(&parker);
  uvpool__parker_unpark(&parker);
  assert_true(uvpool__parker_park_until(&parker, UVPOOL__NEVER));
  uvpool__parker_unpark(&parker);
  assert_true(uvpool__parker_try_park(&parker));
  assert_false(uvpool__parker_try_park(&parker));
  uvpool__parker_destroy(&parker);
}

/* A token that is there beats a deadline that is over. */
static void token_beats_the_deadline(void** state) {
  (void) state;
  struct uvpool__parker parker;
  parker_make(&parker);
  uvpool__parker_unpark(&parker);
  assert_true(uvpool__parker_park_until(&parker, 0));
  assert_false(uvpool__parker_park_until(&parker, 0));
  uvpool__parker_destroy(&parker);
}

/* There is at most one: tokens that nobody has taken coalesce. */
static void two_tokens_are_one(void** state) {
  (void) state;
  struct uvpool__parker parker;
  parker_make(&parker);
  uvpool__parker_unpark(&parker);
  uvpool__parker_unpark(&parker);
  assert_true(uvpool__parker_try_park(&parker));
  assert_false(uvpool__parker_try_park(&parker));
  uvpool__parker_destroy(&parker);
}

/* A wait whose time is over ends with false, not before its time, and leaves
 * the parker as it was. */
static void timeout_leaves_no_token(void** state) {
  (void) state;
  struct uvpool__parker parker;
  parker_make(&parker);
  for (uint64_t ms = 0; ms < 5; ms++) {
    uint64_t deadline_ns = uvpool__deadline_ns(ms);
    assert_false(uvpool__parker_park_until(&parker, deadline_ns));
    assert_true(uvpool__monotonic_ns() >= deadline_ns);
    assert_false(uvpool__parker_try_park(&parker));
  }
  uvpool__parker_unpark(&parker);
  assert_true(uvpool__parker_park_until(&parker, 0));
  uvpool__parker_destroy(&parker);
}

/* A deadline that is too far to be counted in nanoseconds is none. */
static void far_deadlines_do_not_wrap(void** state) {
  (void) state;
  assert_true(uvpool__deadline_ns(UINT64_MAX) == UVPOOL__NEVER);
  assert_true(uvpool__deadline_ns(UINT64_MAX / 1000000) == UVPOOL__NEVER);
  uint64_t now = uvpool__monotonic_ns();
  uint64_t deadline_ns = uvpool__deadline_ns(1000);
  assert_true(deadline_ns >= now + 1000000000);
  assert_true(deadline_ns <= uvpool__monotonic_ns() + 1000000000);
}

/* ---- A sleeper ----------------------------------------------------------- */

/* A thread that parks once. */
typedef struct sleeper_s {
  struct uvpool__parker parker;
  helper_t helper;
  pthread_t thread; /* valid once `ready` */
  long tid;         /* the same for /proc, 0 where there is none */
  atomic_int ready;
  atomic_int result; /* of park_until; -1 as long as it has not returned */
} sleeper_t;

static void sleep_once(void* arg) {
  sleeper_t* sleeper = arg;
  sleeper->thread = pthread_self();
#if defined(__linux__)
  sleeper->tid = syscall(SYS_gettid);
#endif
  atomic_store(&sleeper->ready, 1);
  atomic_store(&sleeper->result,
               uvpool__parker_park_until(&sleeper->parker, watchdog_ns()));
}

/* Does the system say that the thread sleeps? True where it does not tell. */
static int is_asleep(const sleeper_t* sleeper) {
  char path[64];
  char line[128] = "";
  snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", sleeper->tid);
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    return 1;
  }
  (void) fgets(line, sizeof(line), file);
  fclose(file);
  const char* name_end = strrchr(line, ')');
  return name_end != NULL && name_end[1] == ' ' && name_end[2] == 'S';
}

/* Has the sleeper gone to sleep? For sleepers that nothing else can hold up. */
static int has_parked(void* arg) {
  sleeper_t* sleeper = arg;
  return atomic_load(&sleeper->ready) && is_asleep(sleeper);
}

static void sleeper_start(uv_loop_t* loop, sleeper_t* sleeper) {
  memset(sleeper, 0, sizeof(*sleeper));
  parker_make(&sleeper->parker);
  atomic_init(&sleeper->ready, 0);
  atomic_init(&sleeper->result, -1);
  helper_start(&sleeper->helper, sleep_once, sleeper);
  loop_run_until(loop, has_parked, sleeper, "a thread to park");
}

/* Wakes it by the rules; its park must have waited for that and for nothing
 * else. */
static void sleeper_wake(uv_loop_t* loop, sleeper_t* sleeper) {
  assert_int_equal(atomic_load(&sleeper->result), -1);
  uvpool__parker_unpark(&sleeper->parker);
  helper_join(loop, &sleeper->helper);
  assert_int_equal(atomic_load(&sleeper->result), 1);
  assert_false(uvpool__parker_try_park(&sleeper->parker));
  uvpool__parker_destroy(&sleeper->parker);
}

/* Unpark ends a sleep. */
static void unpark_wakes_the_sleeper(void** state) {
  sleeper_t sleeper;
  sleeper_start(*state, &sleeper);
  sleeper_wake(*state, &sleeper);
}

#ifdef UVPOOL_PARKER_COND
static void stray_wake(sleeper_t* sleeper) {
  pthread_mutex_lock(&sleeper->parker.mutex);
  pthread_cond_broadcast(&sleeper->parker.cond);
  pthread_mutex_unlock(&sleeper->parker.mutex);
}
#else
static void stray_wake(sleeper_t* sleeper) {
  syscall(
      SYS_futex, &sleeper->parker.word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
#endif

/* A wake-up of the system without a token does not end it. */
static void a_stray_wake_does_not(void** state) {
  sleeper_t sleeper;
  sleeper_start(*state, &sleeper);
  for (int i = 0; i < 100; i++) {
    stray_wake(&sleeper);
    loop_run_until(*state, has_parked, &sleeper, "it to park again");
  }
  sleeper_wake(*state, &sleeper);
}

static atomic_int signals_handled;

static void on_signal(int signum) {
  (void) signum;
  atomic_fetch_add(&signals_handled, 1);
}

static int is_handled(void* count) {
  return atomic_load(&signals_handled) == *(int*) count;
}

/* Nor does a signal whose handler runs on the sleeping thread. */
static void a_signal_does_not(void** state) {
  sleeper_t sleeper;
  struct sigaction action;
  struct sigaction before;
  memset(&action, 0, sizeof(action));
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_signal; /* no SA_RESTART: calls end with EINTR */
  atomic_init(&signals_handled, 0);
  assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
  sleeper_start(*state, &sleeper);
  for (int sent = 1; sent <= 100; sent++) {
    assert_int_equal(pthread_kill(sleeper.thread, SIGUSR1), 0);
    loop_run_until(*state, is_handled, &sent, "the signal to be handled");
    loop_run_until(*state, has_parked, &sleeper, "it to park again");
  }
  sleeper_wake(*state, &sleeper);
  assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

/* ---- Two threads --------------------------------------------------------- */

/* A rally: each side writes the ball before it unparks the other, and reads it
 * after it was unparked itself. The ball is a plain number, so that a missing
 * order shows under ThreadSanitizer. */
typedef struct rally_s {
  struct uvpool__parker sides[2];
  uint64_t ball;
  int errors[2]; /* each side's own; read after the end */
} rally_t;

typedef struct player_s {
  rally_t* rally;
  unsigned side;
} player_t;

/* Side 0 plays the even balls, side 1 the odd ones. */
static void play(void* arg) {
  player_t* player = arg;
  rally_t* rally = player->rally;
  unsigned side = player->side;
  for (uint64_t ball = side; ball < ROUNDS; ball += 2) {
    if (!uvpool__parker_park_until(&rally->sides[side], watchdog_ns()) ||
        rally->ball != ball) {
      rally->errors[side]++;
      return;
    }
    rally->ball = ball + 1;
    uvpool__parker_unpark(&rally->sides[1 - side]);
  }
}

/* 10^5 tokens to and fro: none is lost, and what was written before an unpark
 * is seen after it. */
static void ping_pong(void** state) {
  rally_t rally = {.ball = 0};
  player_t players[2] = {{&rally, 0}, {&rally, 1}};
  helper_t helpers[2];
  parker_make(&rally.sides[0]);
  parker_make(&rally.sides[1]);
  helper_start(&helpers[0], play, &players[0]);
  helper_start(&helpers[1], play, &players[1]);
  uvpool__parker_unpark(&rally.sides[0]);
  helper_join(*state, &helpers[0]);
  helper_join(*state, &helpers[1]);
  assert_int_equal(rally.errors[0], 0);
  assert_int_equal(rally.errors[1], 0);
  assert_int_equal(rally.ball, ROUNDS);
  uvpool__parker_destroy(&rally.sides[0]);
  uvpool__parker_destroy(&rally.sides[1]);
}

/* A token that comes when the owner is about to give up: it may be inside the
 * system then, or just have looked at the clock. */
typedef struct brink_s {
  struct uvpool__parker parker;
  atomic_int round;     /* counted up by the owner when it is about to park */
  uint64_t deadline_ns; /* of this round; published by `round`; 0: at once */
  dice_t dice;          /* the waking side's */
  int rounds;
} brink_t;

/* Unparks once a round, somewhere around the moment of giving up. */
static void wake_at_the_brink(void* arg) {
  brink_t* brink = arg;
  for (int round = 1; round <= brink->rounds; round++) {
    while (atomic_load(&brink->round) < round) {
      sched_yield();
    }
    uint64_t deadline_ns = brink->deadline_ns;
    if (deadline_ns == 0) {
      for (uint64_t i = dice_below(&brink->dice, 40); i > 0; i--) {
        uvpool__cpu_relax();
      }
    } else {
      deadline_ns += dice_below(&brink->dice, 150000);
      while (uvpool__monotonic_ns() < deadline_ns) {
        uvpool__cpu_relax();
      }
    }
    uvpool__parker_unpark(&brink->parker);
  }
}

/* Whether it beats the deadline or not, each token is taken exactly once: by
 * the wait, or by the next one. */
static void a_token_at_the_deadline_is_kept(void** state) {
  brink_t brink = {.rounds = KIT_TSAN ? 4000 : 20000};
  helper_t helper;
  int in_time = 0;
  parker_make(&brink.parker);
  atomic_init(&brink.round, 0);
  brink.dice = dice_new();
  helper_start(&helper, wake_at_the_brink, &brink);
  for (int round = 1; round <= brink.rounds; round++) {
    brink.deadline_ns = round % 2 == 0 ? 0 : uvpool__monotonic_ns() + 10000;
    atomic_store(&brink.round, round);
    if (uvpool__parker_park_until(&brink.parker, brink.deadline_ns)) {
      in_time++;
    } else {
      assert_true(uvpool__parker_park_until(&brink.parker, watchdog_ns()));
    }
    assert_false(uvpool__parker_try_park(&brink.parker));
  }
  helper_join(*state, &helper);
  print_message("%d of %d tokens came in time\n", in_time, brink.rounds);
  uvpool__parker_destroy(&brink.parker);
}

/* The owner may take the parker away as soon as it has its token: each round
 * has a parker of its own, whose memory is overwritten at once. */
typedef struct relay_s {
  _Atomic(struct uvpool__parker*) next; /* to be unparked */
  atomic_int over;
} relay_t;

static void unpark_each(void* arg) {
  relay_t* relay = arg;
  while (!atomic_load(&relay->over)) {
    struct uvpool__parker* parker = atomic_exchange(&relay->next, NULL);
    if (parker != NULL) {
      uvpool__parker_unpark(parker);
    } else {
      sched_yield();
    }
  }
}

static void the_parker_may_go_after_the_token(void** state) {
  relay_t relay;
  helper_t helper;
  atomic_init(&relay.next, NULL);
  atomic_init(&relay.over, 0);
  helper_start(&helper, unpark_each, &relay);
  for (int i = 0; i < ROUNDS / 10; i++) {
    struct uvpool__parker* parker = malloc(sizeof(*parker));
    assert_non_null(parker);
    parker_make(parker);
    atomic_store(&relay.next, parker);
    if (i % 2 == 0) {
      assert_true(uvpool__parker_park_until(parker, watchdog_ns()));
    } else {
      while (!uvpool__parker_try_park(parker)) {
        sched_yield();
      }
    }
    uvpool__parker_destroy(parker);
    memset(parker, 0xa5, sizeof(*parker));
    free(parker);
  }
  atomic_store(&relay.over, 1);
  helper_join(*state, &helper);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(token_before_park),
      cmocka_unit_test(token_beats_the_deadline),
      cmocka_unit_test(two_tokens_are_one),
      cmocka_unit_test(timeout_leaves_no_token),
      cmocka_unit_test(far_deadlines_do_not_wrap),
      loop_test(unpark_wakes_the_sleeper),
      loop_test(a_stray_wake_does_not),
      loop_test(a_signal_does_not),
      loop_test(ping_pong),
      loop_test(a_token_at_the_deadline_is_kept),
      loop_test(the_parker_may_go_after_the_token),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
