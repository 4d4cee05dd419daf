/* Random numbers for property tests, from a seed that is always printed:
 *
 *     UVPOOL_TEST_SEED=<seed> ./unit.worker_queue
 *
 * runs the same operations again. UVPOOL_TEST_FULL=1 makes the runs ten times
 * as long. */
#ifndef UVPOOL_TEST_DICE_H
#define UVPOOL_TEST_DICE_H

#include <stdint.h>
#include <stdlib.h>

#include "kit.h"

typedef struct dice_s {
  uint64_t state;
} dice_t;

/* Any 64 bits, by SplitMix64. */
static inline uint64_t dice_next(dice_t* dice) {
  uint64_t x = (dice->state += UINT64_C(0x9e3779b97f4a7c15));
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* 0 <= result < limit; `limit` is far below 2^64, so that the bias of the
 * remainder does not matter. */
static inline uint64_t dice_below(dice_t* dice, uint64_t limit) {
  return dice_next(dice) % limit;
}

/* Seeds from the environment or the clock, and says with what. */
static inline dice_t dice_new(void) {
  const char* wish = getenv("UVPOOL_TEST_SEED");
  dice_t dice = {wish != NULL ? strtoull(wish, NULL, 0) : uv_hrtime()};
  print_message("UVPOOL_TEST_SEED=%llu\n", (unsigned long long) dice.state);
  return dice;
}

/* How many operations a run has that normally has `count`. */
static inline int dice_rounds(int count) {
  const char* full = getenv("UVPOOL_TEST_FULL");
  return full != NULL && full[0] == '1' ? count * 10 : count;
}

#endif /* UVPOOL_TEST_DICE_H */
