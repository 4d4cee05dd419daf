/* A loop of numbers: what clock.c and purge.c see of time and of timers, in the
 * hands of the test. Include it before their sources, which it gives its own
 * versions of clock_gettime, uv_timer_start and uv_timer_stop, and of the first
 * step of taking a lock.
 *
 * Time stands still unless something takes time: the test says so, or the hook
 * `at_each_look` that is called whenever the code under test reads the clock or
 * is about to take a lock, which is where a thread may be held up for any time
 * in the real world. */
#ifndef UVPOOL_TEST_FAKE_LOOP_H
#define UVPOOL_TEST_FAKE_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "kit.h"

typedef struct fake_timer_s {
  uv_timer_t* timer; /* NULL: never started */
  uv_timer_cb cb;
  uint64_t due_ms; /* in the loop's time */
  uint64_t repeat_ms;
  bool active;
} fake_timer_t;

static struct {
  uint64_t now_ns;      /* the monotonic clock */
  uint64_t loop_now_ms; /* the loop's own notion of it: updated once a turn */
  void (*at_each_look)(void);
  fake_timer_t timers[2];
} fake;

static inline void fake_reset(uint64_t now_ns) {
  memset(&fake, 0, sizeof(fake));
  fake.now_ns = now_ns;
  fake.loop_now_ms = now_ns / 1000000;
}

static inline void fake_look(void) {
  if (fake.at_each_look != NULL) {
    fake.at_each_look();
  }
}

static inline int fake_clock_gettime(clockid_t clock, struct timespec* now) {
  assert_true(clock == CLOCK_MONOTONIC);
  fake_look();
  now->tv_sec = (time_t) (fake.now_ns / 1000000000);
  now->tv_nsec = (long) (fake.now_ns % 1000000000);
  return 0;
}

static inline int fake_trylock(pthread_mutex_t* mutex) {
  fake_look();
  return pthread_mutex_trylock(mutex);
}

/* The slot of a timer; a new one at its first start. */
static inline fake_timer_t* fake_timer(const uv_timer_t* timer) {
  for (size_t i = 0; i < KIT_COUNT(fake.timers); i++) {
    if (fake.timers[i].timer == timer) {
      return &fake.timers[i];
    }
  }
  return NULL;
}

static inline int fake_timer_start(uv_timer_t* timer,
                                   uv_timer_cb cb,
                                   uint64_t timeout_ms,
                                   uint64_t repeat_ms) {
  fake_timer_t* slot = fake_timer(timer);
  if (slot == NULL) {
    slot = fake_timer(NULL);
  }
  assert_non_null(slot);
  slot->timer = timer;
  slot->cb = cb;
  slot->due_ms = fake.loop_now_ms + timeout_ms;
  slot->repeat_ms = repeat_ms;
  slot->active = true;
  return 0;
}

static inline int fake_timer_stop(uv_timer_t* timer) {
  fake_timer_t* slot = fake_timer(timer);
  if (slot != NULL) {
    slot->active = false;
  }
  return 0;
}

static inline bool fake_is_active(const uv_timer_t* timer) {
  const fake_timer_t* slot = fake_timer(timer);
  return slot != NULL && slot->active;
}

static inline fake_timer_t* fake_next_due(void) {
  fake_timer_t* next = NULL;
  for (size_t i = 0; i < KIT_COUNT(fake.timers); i++) {
    fake_timer_t* slot = &fake.timers[i];
    if (slot->active && slot->due_ms <= fake.loop_now_ms &&
        (next == NULL || slot->due_ms < next->due_ms)) {
      next = slot;
    }
  }
  return next;
}

/* A turn of the loop: it looks at the clock, once, and calls what is due. A
 * repeated timer does not catch up. */
static inline void fake_turn(void) {
  fake.loop_now_ms = fake.now_ns / 1000000;
  for (;;) {
    fake_timer_t* slot = fake_next_due();
    if (slot == NULL) {
      return;
    }
    slot->active = slot->repeat_ms > 0;
    slot->due_ms = fake.loop_now_ms + slot->repeat_ms;
    slot->cb(slot->timer);
  }
}

/* Could another thread have this lock now? */
static inline bool fake_is_free(pthread_mutex_t* mutex) {
  if (pthread_mutex_trylock(mutex) != 0) {
    return false;
  }
  pthread_mutex_unlock(mutex);
  return true;
}

#define clock_gettime fake_clock_gettime
#define pthread_mutex_trylock fake_trylock
#define uv_timer_start fake_timer_start
#define uv_timer_stop fake_timer_stop

#endif /* UVPOOL_TEST_FAKE_LOOP_H */
