/* The slow half of the lock, and the check of lock ranks in debug builds. */
#include "lock.h"

#include "util.h"

/* Rounds of polling, each twice as long as the one before: 1 + 2 + ... + 64
 * relax instructions, about 2 to 5 microseconds, the price of the wake-up that
 * a sleep would cost the holder. */
enum { POLL_ROUNDS = 7 };

int uvpool__lock_init(struct uvpool__lock* lock, int rank) {
  lock->rank = rank;
  return pthread_mutex_init(&lock->mutex, NULL);
}

void uvpool__lock_destroy(struct uvpool__lock* lock) {
  pthread_mutex_destroy(&lock->mutex);
}

void uvpool__lock_contended(struct uvpool__lock* lock) {
  for (int round = 0; round < POLL_ROUNDS; round++) {
    for (int i = 0; i < 1 << round; i++) {
      uvpool__cpu_relax();
    }
    if (pthread_mutex_trylock(&lock->mutex) == 0) {
      return;
    }
  }
  pthread_mutex_lock(&lock->mutex);
}

#ifndef NDEBUG
/* The locks that this thread holds, in the order of acquisition: ranks rise. */
enum { HELD_MAX = 4 };
static _Thread_local int held[HELD_MAX];
static _Thread_local int held_count;

void uvpool__lock_check_rank(struct uvpool__lock* lock) {
  assert(held_count < HELD_MAX);
  assert(held_count == 0 || held[held_count - 1] < lock->rank);
  held[held_count++] = lock->rank;
}

void uvpool__lock_drop_rank(struct uvpool__lock* lock) {
  assert(held_count > 0 && held[held_count - 1] == lock->rank);
  (void) lock;
  held_count--;
}
#endif
