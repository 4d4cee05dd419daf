/* The parking place of one thread: where it sleeps until somebody wakes it.
 *
 * A parker holds at most one token. Unpark puts it there and wakes the owner;
 * park waits for it and takes it. A token that comes before the owner sleeps
 * is not lost: park then returns at once. Nothing else makes park return,
 * spurious wake-ups of the system included.
 *
 * Only its owner parks. Any thread may unpark, but whoever does must know that
 * the owner has not yet received an earlier token, which is so when the right
 * to wake is handed out under a lock, one wake per sleep.
 *
 * The node may be freed as soon as the owner has taken the token that was due
 * to it. The futex form then still may wake the address, which a program must
 * bear anyhow; the form with a condition variable leans on POSIX's rule that
 * both objects may be destroyed once the waiter has the mutex.
 *
 * Two forms, one of them in a build: futexes on Linux, else a mutex and a
 * condition variable; UVPOOL_PARKER_COND chooses the latter everywhere. */
#ifndef UVPOOL_SRC_PARKER_H
#define UVPOOL_SRC_PARKER_H

#include "sync.h"

#if !defined(__linux__) && !defined(UVPOOL_PARKER_COND)
#define UVPOOL_PARKER_COND
#endif

struct uvpool__parker {
#ifdef UVPOOL_PARKER_COND
  pthread_mutex_t mutex;
  pthread_cond_t cond;
  atomic_bool token; /* written under mutex; read without it by try_park */
#else
  atomic_uint word; /* EMPTY, PARKED or TOKEN; see parker_futex.c */
#endif
};

/* 0, or a positive error number. */
int uvpool__parker_init(struct uvpool__parker* parker);
void uvpool__parker_destroy(struct uvpool__parker* parker);

/* Owner: waits for the token and takes it. */
void uvpool__parker_park(struct uvpool__parker* parker);

/* Owner: the same until `deadline_ns` of the monotonic clock. Returns whether
 * the token was taken. */
bool uvpool__parker_park_until(struct uvpool__parker* parker,
                               uint64_t deadline_ns);

/* Owner: takes the token if it is there, and does not wait. */
bool uvpool__parker_try_park(struct uvpool__parker* parker);

/* Any thread: puts the token and wakes the owner. */
void uvpool__parker_unpark(struct uvpool__parker* parker);

#endif /* UVPOOL_SRC_PARKER_H */
