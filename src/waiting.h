/* The waiting room: the tasks that no worker has taken yet.
 *
 * A lane for each class and priority, first come, first served; a bit for each
 * lane that is not empty, so that a pool that knows only plain tasks works with
 * one lane and sees the others never. Between lanes the oldest head goes first,
 * where a task of normal priority counts as younger than it is by one ageing
 * interval, and one of low priority by two: however many of a higher priority
 * come, they overtake only what has waited for less than that.
 *
 * Tasks that wait for their predecessor in a serial queue stand in that (see
 * serial.h): they wait too, but in no lane.
 *
 * Guarded by the pool's lock. */
#ifndef UVPOOL_SRC_WAITING_H
#define UVPOOL_SRC_WAITING_H

#include "task.h"
#include "task_queue.h"

enum {
  UVPOOL__PRIORITIES = 3,
  UVPOOL__LANES = UVPOOL_CLASSES * UVPOOL__PRIORITIES,
  UVPOOL__PLAIN_LANE = 0 /* class 0, normal */
};

struct uvpool__waiting {
  uint64_t len;        /* all of them */
  uint64_t behind;     /* in serial queues, and not in a lane */
  uint64_t stamped_ns; /* the time, as of the last that joined */
  uint32_t occupied;   /* a bit for each lane */
  struct uvpool_task_queue_s lanes[UVPOOL__LANES];
  struct uvpool_serial_s* backed_up; /* with something behind */
  uint64_t of_class[UVPOOL_CLASSES]; /* with options; also those behind */
};

static inline unsigned uvpool__lane_of(const uvpool_task_t* task) {
  return uvpool__task_class(task) * UVPOOL__PRIORITIES +
         uvpool__task_priority(task);
}

static inline void uvpool__waiting_join(struct uvpool__waiting* waiting,
                                        uvpool_task_t* task) {
  unsigned lane = uvpool__lane_of(task);
  uvpool__task_queue_push(&waiting->lanes[lane], task);
  waiting->occupied |= 1u << lane;
}

static inline void uvpool__waiting_quit(struct uvpool__waiting* waiting,
                                        uvpool_task_t* task) {
  unsigned lane = uvpool__lane_of(task);
  uvpool__task_queue_remove(&waiting->lanes[lane], task);
  if (waiting->lanes[lane].head == NULL) {
    waiting->occupied &= ~(1u << lane);
  }
}

/* ---- Plain tasks, without a look at what they are ------------------------ */

static inline void uvpool__waiting_join_plain(struct uvpool__waiting* waiting,
                                              uvpool_task_t* task) {
  uvpool__task_queue_push(&waiting->lanes[UVPOOL__PLAIN_LANE], task);
  waiting->occupied |= 1u << UVPOOL__PLAIN_LANE;
}

/* Do all that stand in lanes stand in theirs, or does nobody? */
static inline bool uvpool__waiting_all_in_one(
    const struct uvpool__waiting* waiting) {
  return (waiting->occupied & ~(1u << UVPOOL__PLAIN_LANE)) == 0;
}

static inline void uvpool__waiting_join_plain_all(
    struct uvpool__waiting* waiting,
    struct uvpool_task_queue_s* tasks) {
  uvpool__task_queue_splice(&waiting->lanes[UVPOOL__PLAIN_LANE], tasks);
  waiting->occupied |= 1u << UVPOOL__PLAIN_LANE;
}

/* The oldest, if all that stand in lanes stand in theirs; else NULL. */
static inline uvpool_task_t* uvpool__waiting_all_plain(
    const struct uvpool__waiting* waiting) {
  return waiting->occupied == 1u << UVPOOL__PLAIN_LANE
             ? waiting->lanes[UVPOOL__PLAIN_LANE].head
             : NULL;
}

/* Takes that one out. */
static inline void uvpool__waiting_pop_plain(struct uvpool__waiting* waiting) {
  if (uvpool__task_queue_drop(&waiting->lanes[UVPOOL__PLAIN_LANE])) {
    waiting->occupied &= ~(1u << UVPOOL__PLAIN_LANE);
  }
}

/* ---- Figures ------------------------------------------------------------- */

/* In lanes. */
static inline uint64_t uvpool__waiting_ready(
    const struct uvpool__waiting* waiting) {
  return waiting->len - waiting->behind;
}

/* Of one class, wherever. */
uint64_t uvpool__waiting_of_class(const struct uvpool__waiting* waiting,
                                  unsigned task_class);

/* In the lanes of one class. */
uint64_t uvpool__waiting_in_lanes(const struct uvpool__waiting* waiting,
                                  unsigned task_class);

/* Which task is next, of those whose class has its bit set in `classes`; NULL:
 * none. It stays where it is. */
uvpool_task_t* uvpool__waiting_first(const struct uvpool__waiting* waiting,
                                     unsigned classes,
                                     uint64_t ageing_us);

/* Which task in a lane has waited for the longest time; NULL: none. */
uvpool_task_t* uvpool__waiting_oldest(const struct uvpool__waiting* waiting);

#endif /* UVPOOL_SRC_WAITING_H */
