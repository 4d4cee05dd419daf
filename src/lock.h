/* The lock: a mutex that is worth polling for a moment before it sleeps.
 *
 * Critical sections of this library are a few dozen instructions long and never
 * run the user's code, so that a thread that finds the lock taken will most
 * likely have it sooner than a sleep and a wake-up would take. It therefore
 * tries a bounded number of times with exponential back-off, and then blocks
 * like any mutex: a holder that was preempted is not fought with.
 *
 * Ranks: a thread may acquire a lock only if its rank is higher than that of
 * every lock it holds. Debug builds assert that.
 *
 *   rank 10  pool    uvpool__pool.lock
 *   rank 20  leaf    uvpool__task_cache.lock, uvpool__multi_wait.lock */
#ifndef UVPOOL_SRC_LOCK_H
#define UVPOOL_SRC_LOCK_H

#include "sync.h"

enum { UVPOOL__RANK_POOL = 10, UVPOOL__RANK_LEAF = 20 };

struct uvpool__lock {
  pthread_mutex_t mutex;
  int rank; /* constant */
};

/* 0, or a positive error number of pthread_mutex_init. */
int uvpool__lock_init(struct uvpool__lock* lock, int rank);
void uvpool__lock_destroy(struct uvpool__lock* lock);

/* The second half of acquire: poll, then block. */
void uvpool__lock_contended(struct uvpool__lock* lock);

#ifdef NDEBUG
static inline void uvpool__lock_check_rank(struct uvpool__lock* lock) {
  (void) lock;
}
static inline void uvpool__lock_drop_rank(struct uvpool__lock* lock) {
  (void) lock;
}
#else
void uvpool__lock_check_rank(struct uvpool__lock* lock);
void uvpool__lock_drop_rank(struct uvpool__lock* lock);
#endif

static inline void uvpool__lock_acquire(struct uvpool__lock* lock) {
  uvpool__lock_check_rank(lock);
  if (pthread_mutex_trylock(&lock->mutex) != 0) {
    uvpool__lock_contended(lock);
  }
}

static inline void uvpool__lock_release(struct uvpool__lock* lock) {
  uvpool__lock_drop_rank(lock);
  pthread_mutex_unlock(&lock->mutex);
}

#endif /* UVPOOL_SRC_LOCK_H */
