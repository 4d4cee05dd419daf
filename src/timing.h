/* Timing: how long tasks wait and run, without reading the clock for each.
 *
 * A clock read costs as much as half a plain task, so it is done as often as
 * tells, and no more:
 *
 *   Enqueued. A task is stamped when it joins a lane. What a loop hands over at
 *   the end of a stride (hold.h) shares one read. A direct submit takes the
 *   coarse clock, which is cheap and up to a few milliseconds behind; the exact
 *   one whenever the coarse one has moved on, for every 64th task, for tasks
 *   with options, and for plain ones while any of those wait: their order
 *   depends on it. Tasks whose stamp is exact are TIMED, and go into the
 *   histogram of waits.
 *
 *   Taken and returned. Each worker has a stopwatch. While tasks are long, it
 *   is read at every start and end, with one read between two tasks in a row;
 *   while they are short, the worker passes over some, twice as many each time,
 *   up to 63, such that it reads the clock about every 2 us. A worker that has
 *   slept, or whose last tasks took long, reads it again at once, and so does
 *   one whose last read is some milliseconds older than the stamp of the task
 *   that was last enqueued: a task that is stuck is not taken for as old as
 *   those before it, as long as others come.
 *
 * A sample stands for all tasks since the one before, and is counted as many
 * times: otherwise phases of long tasks, where every task is read, would weigh
 * too much. With UVPOOL_EXACT_TIMES every task is read. */
#ifndef UVPOOL_SRC_TIMING_H
#define UVPOOL_SRC_TIMING_H

#include <uvpool/stats.h>

#include "sync.h"
#include "task.h"

struct uvpool__pool;

/* Of a pool; guarded by its lock. */
struct uvpool__timing {
  uint64_t coarse_us;     /* of the last exact stamp */
  unsigned left;          /* coarse stamps to go before the next exact one */
  uint64_t timed_ns;      /* of the last hand-over with a sample */
  uint64_t waits_counted; /* counters.started, at the last sample */
  uint64_t runs_counted;  /* works that had returned, at the last one */
  uvpool_histogram_t wait;
  uvpool_histogram_t run;
};

/* Of a worker; its thread only, but for began_ns. */
struct uvpool__stopwatch {
  /* When the task in hand began, 0: just now. Written by the worker, read by
   * uvpool_stats under the pool's lock; relaxed, only its value matters. */
  atomic_uint_least64_t began_ns;

  uint64_t last_ns;    /* last read of the clock */
  uint64_t adapted_ns; /* when skip was last chosen */
  unsigned skip;       /* tasks to pass over between two reads */
  unsigned left;       /* of those, now */
  bool slept;          /* since the last read */
  bool fresh;          /* last_ns was read after the last task */
  bool timed;          /* the task in hand is a sample of run times */
  bool has_wait;       /* and of waits */
  uint64_t wait_ns;
  uint64_t wait_weight;
  uint64_t run_ns;
  uint64_t recent_ns; /* the longest run read; each read takes an eighth off */
};

/* A read of the clock that is so much older than the last stamp is too old to
 * tell when a task began. More than the coarse clock is behind. */
enum { UVPOOL__READ_OLD_NS = 5000000 };

/* Lock held: a task that joins a lane, or the room behind a serial queue, by
 * itself. */
void uvpool__timing_stamp_locked(struct uvpool__pool* pool,
                                 uvpool_task_t* task);

/* Lock held: notes the time of a hand-over; may one of its tasks be a
 * sample? */
bool uvpool__timing_sample_locked(struct uvpool__pool* pool, uint64_t now_ns);

/* The same at a known time; `timed`: it goes into the histogram. */
static inline void uvpool__timing_stamp_at(uvpool_task_t* task,
                                           uint64_t now_ns,
                                           bool timed) {
  uvpool__task_set_since_us(task, now_ns / 1000u);
  if (timed) {
    uvpool__task_set(task, UVPOOL__TASK_TIMED);
  }
}

/* Worker, lock held, once its last task is counted: if that was timed, what the
 * stopwatch has shown; of its run only if its work has returned. */
void uvpool__timing_record_locked(struct uvpool__pool* pool,
                                  struct uvpool__stopwatch* watch,
                                  bool returned);

void uvpool__timing_weigh_wait_locked(struct uvpool__pool* pool,
                                      struct uvpool__stopwatch* watch);

/* Worker, lock held: it has taken a task, which is counted as started.
 * `stamped_ns`: as the pool has it. */
static inline void uvpool__timing_taken_locked(struct uvpool__pool* pool,
                                               uint64_t stamped_ns,
                                               struct uvpool__stopwatch* watch,
                                               const uvpool_task_t* task) {
  atomic_store_explicit(&watch->began_ns, 0, memory_order_relaxed);
  if (stamped_ns > watch->last_ns + UVPOOL__READ_OLD_NS) {
    watch->left = 0;
  }
  if (uvpool__task_is(task, UVPOOL__TASK_TIMED)) {
    uvpool__timing_weigh_wait_locked(pool, watch);
  }
}

/* Worker: it has slept, and its notion of time is old. */
static inline void uvpool__stopwatch_wind(struct uvpool__stopwatch* watch) {
  watch->left = 0;
  watch->slept = true;
  watch->fresh = false;
}

void uvpool__stopwatch_read(struct uvpool__stopwatch* watch,
                            const uvpool_task_t* task,
                            bool exact);
void uvpool__stopwatch_read_end(struct uvpool__stopwatch* watch);

/* Worker, around the work. */
static inline void uvpool__stopwatch_start(struct uvpool__stopwatch* watch,
                                           const uvpool_task_t* task,
                                           uint32_t pool_flags) {
  if (watch->left > 0 && !uvpool__task_is(task, UVPOOL__TASK_TIMED)) {
    watch->left--;
    watch->timed = false;
    watch->fresh = false;
  } else {
    uvpool__stopwatch_read(watch, task, (pool_flags & UVPOOL_EXACT_TIMES) != 0);
  }
  atomic_store_explicit(&watch->began_ns, watch->last_ns, memory_order_relaxed);
}

static inline void uvpool__stopwatch_stop(struct uvpool__stopwatch* watch) {
  if (watch->timed) {
    uvpool__stopwatch_read_end(watch);
  }
}

#endif /* UVPOOL_SRC_TIMING_H */
