/* Admission: may a task come in, now, later or not at all?
 *
 * A task is admitted if and only if
 *
 *     waiting < max_waiting + (capacity - busy, if positive)
 *
 * and no caller of uvpool_submit_wait, all of whom are of class 0, is queued
 * before it. The bound is thus on what waits beyond the free workers: with
 * max_waiting 0, as many tasks are admitted as there are workers to run them.
 * Where there are caps and reservations (classes.h), free workers are not free
 * for everybody, and the same is said of what could begin: with the new task,
 *
 *     waiting - runnable <= max_waiting
 *
 * and if its class has a bound of its own, the like for that class alone.
 *
 * A pool in which no worker lives is asked for a thread before the task is
 * admitted, so that the submitter can be told when there is none to be had. */
#ifndef UVPOOL_SRC_ADMISSION_H
#define UVPOOL_SRC_ADMISSION_H

#include "classes.h"
#include "effects.h"
#include "pool.h"

/* Lock held. Is there room for `more` tasks of a class? Promised room counts as
 * taken. */
static inline bool uvpool__has_room_for_locked(const struct uvpool__pool* pool,
                                               unsigned task_class,
                                               uint64_t more) {
  if (pool->settings.classed) {
    return uvpool__class_has_room_locked(pool, task_class, more);
  }
  uint64_t waiting = pool->waiting.len + pool->reserved + more;
  uint64_t vacant =
      pool->capacity > pool->busy ? pool->capacity - pool->busy : 0;
  return waiting <= vacant || waiting - vacant <= pool->settings.max_waiting;
}

/* For one plain task. */
static inline bool uvpool__has_room_locked(const struct uvpool__pool* pool) {
  return uvpool__has_room_for_locked(pool, 0, 1);
}

/* Lock held. Room may have come up: gives it to blocked callers, oldest first,
 * and calls for on_drain. */
void uvpool__room_locked(struct uvpool__pool* pool,
                         struct uvpool__effects* effects);

/* Lock held. Sends every blocked caller away with `result`; only those of
 * `handle`, if it is not NULL. */
void uvpool__dismiss_locked(struct uvpool__pool* pool,
                            const uvpool_t* handle,
                            int result,
                            struct uvpool__effects* effects);

/* No lock held: submits a task that is claimed and prepared. On the loop's
 * thread the task keeps the loop alive. 0, UV_EAGAIN or UV_ESHUTDOWN. */
int uvpool__admit(uvpool_t* handle, uvpool_task_t* task);

/* What a refusal for want of room leaves behind. */
enum {
  UVPOOL__REFUSAL_COUNTS = 1 << 0, /* in counters.refused */
  UVPOOL__REFUSAL_WANTS = 1 << 1,  /* on_drain is due */
  UVPOOL__REFUSAL_WATCHES = 1 << 2 /* callers of the multi-pool will hear */
};

/* Why a task was not admitted, besides negative UV_E*: UV_EAGAIN then means
 * that there is room, but no thread to be had. */
enum { UVPOOL__NO_ROOM = 1 };

/* The same with the choice what a refusal leaves behind: 0, UVPOOL__NO_ROOM,
 * UV_EAGAIN or UV_ESHUTDOWN. The caller tells on_task. */
int uvpool__admit_or(uvpool_t* handle,
                     uvpool_task_t* task,
                     unsigned on_refusal);

/* No lock held: uvpool_submit_wait for a task that is claimed and prepared. */
int uvpool__admit_wait(uvpool_t* handle,
                       uvpool_task_t* task,
                       uint64_t timeout_ms);

/* Around a blocking call: the handle cannot go away in between. Enter is called
 * with the lock held, leave without. */
void uvpool__caller_enter_locked(uvpool_t* handle);
void uvpool__caller_leave(uvpool_t* handle);

#endif /* UVPOOL_SRC_ADMISSION_H */
