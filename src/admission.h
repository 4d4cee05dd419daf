/* Admission: may a task come in, now, later or not at all?
 *
 * A task is admitted if and only if
 *
 *     waiting < max_waiting + (capacity - busy, if positive)
 *
 * and no caller of uvpool_submit_wait is queued before it. The bound is thus on
 * what waits beyond the free workers: with max_waiting 0, as many tasks are
 * admitted as there are workers to run them.
 *
 * A pool in which no worker lives is asked for a thread before the task is
 * admitted, so that the submitter can be told when there is none to be had. */
#ifndef UVPOOL_SRC_ADMISSION_H
#define UVPOOL_SRC_ADMISSION_H

#include "effects.h"
#include "pool.h"

/* Lock held. Is there room for `more` tasks? Promised room counts as taken. */
static inline bool uvpool__has_room_for_locked(const struct uvpool__pool* pool,
                                               uint64_t more) {
  uint64_t vacant =
      pool->capacity > pool->busy ? pool->capacity - pool->busy : 0;
  uint64_t waiting = pool->waiting.len + pool->reserved + more;
  return waiting <= vacant || waiting - vacant <= pool->settings.max_waiting;
}

static inline bool uvpool__has_room_locked(const struct uvpool__pool* pool) {
  return uvpool__has_room_for_locked(pool, 1);
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

#endif /* UVPOOL_SRC_ADMISSION_H */
