/* Coalescing: when a finished task may wait for company on its way to the loop.
 *
 * Tasks of a microsecond come back faster than a loop falls asleep and is woken
 * again, and each time it is, it takes the processor from a worker, for a task
 * or two. So while many wait, a worker lets a few of its completions come
 * together before it wakes a loop that dozes (doorbell.h).
 *
 * Nobody must notice. A completion is left lying only
 *
 *   - if the worker goes on with another task: whoever has nothing more to do
 *     wakes the loop;
 *   - if its tasks have been short lately, 30 us at the most, and for about 200
 *     us of its time;
 *   - for a sixteenth of what waits: those behind it in the queue wait longer
 *     than it does, and are not gone before the loop submits the next ones.
 *
 * What was short so far may be long this time. Then the loop's alarm goes off,
 * which is never more than a millisecond away. */
#ifndef UVPOOL_SRC_COALESCE_H
#define UVPOOL_SRC_COALESCE_H

#include <stdbool.h>
#include <stdint.h>
#include <uvpool/task.h>

enum {
  UVPOOL__COALESCE_RUN_NS = 30000,
  UVPOOL__COALESCE_ALL_NS = 200000,
  UVPOOL__COALESCE_SHARE = 16,
  UVPOOL__COALESCE_MAX = 64
};

/* Of a worker; its thread only. */
struct uvpool__coalescer {
  const uvpool_t* handle; /* of the last completion; only compared */
  uint64_t count;         /* left lying since the loop was last woken */
};

/* May this one wait, too? `backlog`: what waits, if the worker goes on, else 0.
 * `run_ns`: how long its tasks take; 0: not known. */
static inline bool uvpool__coalesce(struct uvpool__coalescer* coalescer,
                                    const uvpool_t* handle,
                                    uint64_t backlog,
                                    uint64_t run_ns) {
  if (coalescer->handle == handle &&
      coalescer->count < backlog / UVPOOL__COALESCE_SHARE &&
      coalescer->count < UVPOOL__COALESCE_MAX && run_ns != 0 &&
      run_ns <= UVPOOL__COALESCE_RUN_NS &&
      (coalescer->count + 1) * run_ns <= UVPOOL__COALESCE_ALL_NS) {
    coalescer->count++;
    return true;
  }
  coalescer->handle = handle;
  coalescer->count = 0;
  return false;
}

#endif /* UVPOOL_SRC_COALESCE_H */
