/* The parker on a Linux futex: one word, and a system call only when somebody
 * really sleeps.
 *
 *            park                    unpark
 *   EMPTY -----------> PARKED -----------------> TOKEN, and wake
 *   EMPTY ------------------------------------> TOKEN
 *   TOKEN -----------> EMPTY   (the token is taken)
 *
 * The kernel compares the word with PARKED before it puts the thread to sleep,
 * so that a token which arrives between our swap and the call is seen there. */
#define _DEFAULT_SOURCE 1 /* syscall() */
#include "parker.h"

#ifndef UVPOOL_PARKER_COND

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

enum { EMPTY, PARKED, TOKEN };

/* Sleeps while *word is PARKED; returns early for a signal or a stray wake. */
static void futex_wait(atomic_uint* word, uint64_t deadline_ns) {
  struct timespec until;
  struct timespec* limit = NULL;
  if (deadline_ns != UVPOOL__NEVER) {
    until.tv_sec = (time_t) (deadline_ns / 1000000000u);
    until.tv_nsec = (long) (deadline_ns % 1000000000u);
    limit = &until;
  }
  /* The bitset form takes an absolute time of the monotonic clock. */
  syscall(SYS_futex,
          word,
          FUTEX_WAIT_BITSET_PRIVATE,
          PARKED,
          limit,
          NULL,
          FUTEX_BITSET_MATCH_ANY);
}

int uvpool__parker_init(struct uvpool__parker* parker) {
  atomic_init(&parker->word, EMPTY);
  return 0;
}

void uvpool__parker_destroy(struct uvpool__parker* parker) {
  (void) parker;
}

bool uvpool__parker_try_park(struct uvpool__parker* parker) {
  unsigned expected = TOKEN;
  /* Acquire pairs with the release in unpark: what the waker wrote before it
   * is seen by the woken. Relaxed on failure: nothing was handed over. */
  return atomic_load_explicit(&parker->word, memory_order_relaxed) == TOKEN &&
         atomic_compare_exchange_strong_explicit(&parker->word,
                                                 &expected,
                                                 EMPTY,
                                                 memory_order_acquire,
                                                 memory_order_relaxed);
}

bool uvpool__parker_park_until(struct uvpool__parker* parker,
                               uint64_t deadline_ns) {
  unsigned seen = EMPTY;
  /* Relaxed: announces nothing but the wish to be woken; the order that
   * matters is that of the word itself. */
  atomic_compare_exchange_strong_explicit(
      &parker->word, &seen, PARKED, memory_order_relaxed, memory_order_relaxed);
  while (!uvpool__parker_try_park(parker)) {
    if (deadline_ns != UVPOOL__NEVER && uvpool__monotonic_ns() >= deadline_ns) {
      unsigned parked = PARKED;
      /* Give up, unless the token comes at this very moment. */
      if (atomic_compare_exchange_strong_explicit(&parker->word,
                                                  &parked,
                                                  EMPTY,
                                                  memory_order_relaxed,
                                                  memory_order_relaxed)) {
        return false;
      }
      continue;
    }
    futex_wait(&parker->word, deadline_ns);
  }
  return true;
}

void uvpool__parker_park(struct uvpool__parker* parker) {
  bool woken = uvpool__parker_park_until(parker, UVPOOL__NEVER);
  assert(woken);
  (void) woken;
}

void uvpool__parker_unpark(struct uvpool__parker* parker) {
  /* Release pairs with the acquire in try_park. */
  if (atomic_exchange_explicit(&parker->word, TOKEN, memory_order_release) ==
      PARKED) {
    syscall(SYS_futex, &parker->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  }
}

#else
/* ISO C wants a declaration in every translation unit. */
typedef int uvpool__parker_futex_unused;
#endif
