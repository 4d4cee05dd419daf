/* Polling instead of sleeping, for whoever has asked for it by spin_us.
 *
 * A sleep and a wake-up cost several microseconds, polling for work that comes
 * sooner than that costs less, and polling for work that does not come costs a
 * processor. So the time is bounded, and whoever polls in vain gives up: after
 * each miss in a row it passes over twice as many chances, up to 64; after a
 * hit it takes them all again.
 *
 * Who polls: of a pool's workers, one at a time, before it parks; and a loop,
 * at the end of its turn, while it has tasks in flight. */
#ifndef UVPOOL_SRC_SPIN_H
#define UVPOOL_SRC_SPIN_H

#include "sync.h"

enum { UVPOOL__SPIN_PASS_MAX = 64, UVPOOL__SPIN_POLLS = 32 };

/* The luck of one poller; its thread only. */
struct uvpool__spin {
  unsigned pass; /* chances to pass over after the next miss */
  unsigned left; /* chances to pass over now */
};

/* Is it worth a try? */
static inline bool uvpool__spin_is_due(struct uvpool__spin* spin) {
  if (spin->left == 0) {
    return true;
  }
  spin->left--;
  return false;
}

static inline void uvpool__spin_learn(struct uvpool__spin* spin, bool hit) {
  if (hit) {
    spin->pass = 0;
    return;
  }
  spin->left = spin->pass;
  spin->pass = 2 * spin->pass + 1;
  if (spin->pass > UVPOOL__SPIN_PASS_MAX) {
    spin->pass = UVPOOL__SPIN_PASS_MAX;
  }
}

#endif /* UVPOOL_SRC_SPIN_H */
