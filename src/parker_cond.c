/* The parker on a mutex and a condition variable, for systems without futexes.
 *
 * One waiter per condition variable, and the signal is given with the mutex
 * held: this keeps clear of the lost wake-up that glibc's condition variables
 * had for years when several waiters re-wait on one of them. */
#include "parker.h"

#ifdef UVPOOL_PARKER_COND

#include "util.h"

int uvpool__parker_init(struct uvpool__parker* parker) {
  pthread_condattr_t attr;
  atomic_init(&parker->token, false);
  int err = pthread_condattr_init(&attr);
  if (err != 0) {
    return err;
  }
#ifndef __APPLE__ /* which has a relative wait instead */
  err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
#endif
  if (err == 0) {
    err = pthread_cond_init(&parker->cond, &attr);
  }
  pthread_condattr_destroy(&attr);
  if (err != 0) {
    return err;
  }
  err = pthread_mutex_init(&parker->mutex, NULL);
  if (err != 0) {
    pthread_cond_destroy(&parker->cond);
  }
  return err;
}

void uvpool__parker_destroy(struct uvpool__parker* parker) {
  pthread_cond_destroy(&parker->cond);
  pthread_mutex_destroy(&parker->mutex);
}

/* Waits once, until a signal, the deadline or nothing at all. */
static void cond_wait(struct uvpool__parker* parker, uint64_t deadline_ns) {
  if (deadline_ns == UVPOOL__NEVER) {
    pthread_cond_wait(&parker->cond, &parker->mutex);
    return;
  }
#ifdef __APPLE__
  uint64_t now = uvpool__monotonic_ns();
  deadline_ns = deadline_ns > now ? deadline_ns - now : 0;
#endif
  struct timespec until;
  until.tv_sec = (time_t) (deadline_ns / 1000000000u);
  until.tv_nsec = (long) (deadline_ns % 1000000000u);
#ifdef __APPLE__
  pthread_cond_timedwait_relative_np(&parker->cond, &parker->mutex, &until);
#else
  pthread_cond_timedwait(&parker->cond, &parker->mutex, &until);
#endif
}

bool uvpool__parker_park_until(struct uvpool__parker* parker,
                               uint64_t deadline_ns) {
  pthread_mutex_lock(&parker->mutex);
  while (!atomic_load(&parker->token)) {
    if (deadline_ns != UVPOOL__NEVER && uvpool__monotonic_ns() >= deadline_ns) {
      break;
    }
    cond_wait(parker, deadline_ns);
  }
  bool taken = atomic_exchange(&parker->token, false);
  pthread_mutex_unlock(&parker->mutex);
  return taken;
}

void uvpool__parker_park(struct uvpool__parker* parker) {
  bool woken = uvpool__parker_park_until(parker, UVPOOL__NEVER);
  assert(woken);
  (void) woken;
}

bool uvpool__parker_try_park(struct uvpool__parker* parker) {
  if (!atomic_load(&parker->token)) {
    return false;
  }
  /* Through the mutex, so that the waker has left before we go on. */
  return uvpool__parker_park_until(parker, 0);
}

void uvpool__parker_unpark(struct uvpool__parker* parker) {
  pthread_mutex_lock(&parker->mutex);
  atomic_store(&parker->token, true);
  pthread_cond_signal(&parker->cond);
  pthread_mutex_unlock(&parker->mutex);
}

#else
/* ISO C wants a declaration in every translation unit. */
typedef int uvpool__parker_cond_unused;
#endif
