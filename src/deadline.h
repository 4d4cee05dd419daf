/* Deadlines: a task that still waits at its deadline ends with UV_ETIMEDOUT.
 *
 * Each handle keeps the deadlines of its own waiting tasks, and its own loop
 * ends those that are over, by a timer: no other loop, and no worker, can hold
 * that up. The timer is set for the soonest; when that task is taken before, it
 * is left alone, fires for nothing, and is set for the next. So a submit asks
 * for it only when its deadline is the soonest of all, and a loop whose tasks
 * are taken in time has it fire about once in the length of a deadline.
 *
 * Nothing depends on the timer for being right: a worker that takes a task
 * looks at its deadline, and ends it in place of running it. */
#ifndef UVPOOL_SRC_DEADLINE_H
#define UVPOOL_SRC_DEADLINE_H

#include "effects.h"
#include "pool.h"

struct uvpool__port;

/* How far in the future a deadline may be: 20 days, see deadline_heap.h. */
#define UVPOOL__DEADLINE_MAX_NS (UINT64_C(20) * 24 * 3600 * 1000000000)

/* An option as a deadline of a task; one in the past is now. */
uint32_t uvpool__deadline_of_ns(uint64_t deadline_ns, uint64_t now_ns);

/* Lock held: a task with a deadline begins to wait. */
void uvpool__deadline_arm_locked(uvpool_task_t* task);

/* Lock held: it waits no longer. */
void uvpool__deadline_disarm_locked(uvpool_task_t* task);

/* Is it over? */
bool uvpool__deadline_has_passed(const uvpool_task_t* task, uint64_t now_ns);

/* Loop thread: sets the timer for the soonest deadline of the port's
 * handles. */
void uvpool__deadline_set_timer(struct uvpool__port* port);

#endif /* UVPOOL_SRC_DEADLINE_H */
