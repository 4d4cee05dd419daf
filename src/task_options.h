/* What a task's options ask for, at the stations of its way. For tasks with
 * UVPOOL__TASK_OPTIONS only: plain ones pass by with one branch each.
 *
 *   admitted   joins its group; its deadline is armed; into its lane, or behind
 *              its predecessor in its serial queue
 *   taken      its deadline is disarmed; its class has one more busy worker
 *   finished   its class has one less; in its serial queue, the next moves up
 *   ended unrun, from its lane or from behind: see release.c
 *
 * All functions are called with the pool's lock held. */
#ifndef UVPOOL_SRC_TASK_OPTIONS_H
#define UVPOOL_SRC_TASK_OPTIONS_H

#include "effects.h"
#include "pool.h"

void uvpool__options_admitted_locked(struct uvpool__pool* pool,
                                     uvpool_task_t* task);

/* True: the task is on its way to the loop, else the caller pushes it, after
 * the lock. The caller dispatches. */
bool uvpool__options_finished_locked(struct uvpool__pool* pool,
                                     uvpool_task_t* task);

/* It is to end unrun, and leaves its lane, or its place behind. The caller
 * dispatches, if the pool may go on. */
void uvpool__options_ended_locked(struct uvpool__pool* pool,
                                  uvpool_task_t* task);

/* Takes the task that may begin next out of its lane, of any kind; NULL: there
 * is none. Those whose deadline has passed are ended. */
uvpool_task_t* uvpool__options_pop_locked(struct uvpool__pool* pool,
                                          struct uvpool__effects* effects);

#endif /* UVPOOL_SRC_TASK_OPTIONS_H */
