/* The cached clock: a tick that the keeper's loop advances and workers read.
 * One timer of a port ticks for all of its pools.
 *
 * A worker is stamped with the tick when it lies down. A tick is at least a
 * quarter of the expiry after the one before, however the loop was held up: the
 * callback measures, and waits for the rest if it comes early. A stamp may be
 * given at any moment between two ticks, so that only four whole ticks lie
 * between a stamp and the fifth tick after it: a worker retired then has been
 * idle for at least the expiry. Ticks are made and read under the pool's
 * lock, so that a late loop makes workers leave late, never
 * early.
 *
 * The timer runs only while a worker that may expire is idle. */
#ifndef UVPOOL_SRC_CLOCK_H
#define UVPOOL_SRC_CLOCK_H

#include "pool.h"

struct uvpool__port;

enum {
  UVPOOL__TICKS_PER_EXPIRY = 4,
  /* A stamp this many ticks old is at least one expiry old. */
  UVPOOL__TICKS_TO_EXPIRE = UVPOOL__TICKS_PER_EXPIRY + 1
};

/* Lock held. The stamp of a worker that becomes idle now. */
static inline uint64_t uvpool__clock_stamp(struct uvpool__pool* pool) {
  /* Relaxed: see pool.h. */
  return atomic_load_explicit(&pool->tick, memory_order_relaxed);
}

/* The period of both timers. */
static inline uint64_t uvpool__clock_period_ms(
    const struct uvpool__settings* settings) {
  return (settings->expiry_ms + UVPOOL__TICKS_PER_EXPIRY - 1) /
         UVPOOL__TICKS_PER_EXPIRY;
}

/* Loop thread. */
void uvpool__clock_start(struct uvpool__port* port);
void uvpool__clock_stop(struct uvpool__port* port);

#endif /* UVPOOL_SRC_CLOCK_H */
