/* The private words of a task, and who may change them.
 *
 * `mark` tells whether the task is in flight: it then holds a number mixed from
 * the task's own address. Memory that was never a task of ours holds that
 * number with a probability of 2^-64, so that a second submit is refused
 * without asking the user to initialise anything.
 *
 *   free --claim, by submit--> in flight --free, before done--> free */
#ifndef UVPOOL_SRC_TASK_H
#define UVPOOL_SRC_TASK_H

#include <stdbool.h>
#include <uvpool/task.h>
#include <uvpool/task_options.h>

/* uvpool_task_t.flags. Set by the submitter before the task is admitted,
 * guarded by the pool's lock while it waits, the owner's after. */
enum {
  /* Submitted on its loop's thread: it keeps the loop alive. */
  UVPOOL__TASK_HOLDS_LOOP = 1 << 0,
  /* It stands in pool->waiting. */
  UVPOOL__TASK_WAITING = 1 << 1,
  /* A worker has taken it. */
  UVPOOL__TASK_STARTED = 1 << 2,
  /* Set by the dying worker; link.worker holds the reason. */
  UVPOOL__TASK_PANICKED = 1 << 3,
  /* Accepted, and not yet in pool->waiting: see hold.h. Set before submit
   * returns, cleared under the pool's lock. */
  UVPOOL__TASK_HELD = 1 << 4,
  /* Will end, or has ended, without its work. */
  UVPOOL__TASK_CANCELLED = 1 << 5,
  /* `since` was read from the exact clock, for the histogram: timing.h. */
  UVPOOL__TASK_TIMED = 1 << 6,

  /* Submitted with options: the words for them are set. */
  UVPOOL__TASK_OPTIONS = 1 << 7,
  /* It has a deadline, and while it waits, a place in its handle's heap. */
  UVPOOL__TASK_DEADLINE = 1 << 8,
  /* It has a group; `group` is its place there until it is delivered. */
  UVPOOL__TASK_GROUPED = 1 << 9,
  /* It has a serial queue. */
  UVPOOL__TASK_SERIAL = 1 << 10,
  /* It waits in that, for its predecessor. */
  UVPOOL__TASK_BEHIND = 1 << 11
};

static inline bool uvpool__task_is(const uvpool_task_t* task, unsigned flags) {
  return (task->flags & flags) != 0;
}

static inline void uvpool__task_set(uvpool_task_t* task, unsigned flags) {
  task->flags = (uint16_t) (task->flags | flags);
}

static inline void uvpool__task_clear(uvpool_task_t* task, unsigned flags) {
  task->flags = (uint16_t) (task->flags & ~flags);
}

static inline void uvpool__task_change(uvpool_task_t* task,
                                       unsigned from,
                                       unsigned to) {
  task->flags = (uint16_t) ((task->flags & ~from) | to);
}

/* A plain task's second half is not looked at: it is in the submitter's cache,
 * and of no use to a worker. */
static inline unsigned uvpool__task_class(const uvpool_task_t* task) {
  return uvpool__task_is(task, UVPOOL__TASK_OPTIONS) ? task->task_class : 0;
}

static inline unsigned uvpool__task_priority(const uvpool_task_t* task) {
  return uvpool__task_is(task, UVPOOL__TASK_OPTIONS) ? task->priority
                                                     : UVPOOL_PRIORITY_NORMAL;
}

/* Since when a waiting task has waited, in microseconds of the monotonic clock:
 * 48 bits, which is nine years. */
static inline uint64_t uvpool__task_since_us(const uvpool_task_t* task) {
  return ((uint64_t) task->since_high << 32) | task->end.since_low;
}

static inline void uvpool__task_set_since_us(uvpool_task_t* task, uint64_t us) {
  task->end.since_low = (uint32_t) us;
  task->since_high = (uint16_t) (us >> 32);
}

/* The mark of this object in flight; never 0. */
uint64_t uvpool__flight_mark(const void* object);

/* Submitters: makes it in flight; false if it is so already. */
bool uvpool__task_claim(uvpool_task_t* task);

/* Whoever owns it: no longer in flight. */
void uvpool__task_free(uvpool_task_t* task);

/* Any thread: is it in flight? */
bool uvpool__task_in_flight(const uvpool_task_t* task);

/* Loop thread or submitter, after claim: sets the other words. */
void uvpool__task_prepare(uvpool_task_t* task,
                          uvpool_t* handle,
                          uvpool_work_cb work,
                          uvpool_done_cb done,
                          unsigned flags);

#endif /* UVPOOL_SRC_TASK_H */
