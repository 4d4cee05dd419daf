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

/* uvpool_task_t.flags */
enum {
  /* Set by submit; read by the loop. */
  UVPOOL__TASK_HOLDS_LOOP = 1 << 0,
  /* Guarded by the pool's lock: it stands in pool->waiting. */
  UVPOOL__TASK_WAITING = 1 << 1,
  /* Set under the pool's lock by the worker that takes it. */
  UVPOOL__TASK_STARTED = 1 << 2,
  /* Set by the dying worker; link.worker holds the reason. */
  UVPOOL__TASK_PANICKED = 1 << 3,
  /* Accepted, and not yet in pool->waiting: see hold.h. Set before submit
   * returns, cleared under the pool's lock. */
  UVPOOL__TASK_HELD = 1 << 5,
  /* Guarded by the pool's lock: will end, or has ended, without its work. */
  UVPOOL__TASK_CANCELLED = 1 << 6
};

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
                          uint32_t flags);

#endif /* UVPOOL_SRC_TASK_H */
