/* Serial queues: of the tasks of one, at most one is active.
 *
 *   admitted --nobody active--> active: waits in a lane, then runs
 *       \--somebody is--> behind, until all before it have ended --> active
 *
 * The active one is an ordinary task in an ordinary lane, so that dispatch
 * needs to know nothing; what stands behind it waits, but is in no lane. When
 * the active one has run, or leaves its lane in another way, the next takes its
 * place under the same lock: a hand-over costs a few instructions. */
#ifndef UVPOOL_SRC_SERIAL_H
#define UVPOOL_SRC_SERIAL_H

#include <stdbool.h>
#include <uvpool/serial.h>

struct uvpool__pool;

/* Lock held. An admitted task; true: it is active, and goes into its lane. */
bool uvpool__serial_join_locked(struct uvpool__pool* pool, uvpool_task_t* task);

/* Lock held. A task from behind is ended. */
void uvpool__serial_quit_locked(struct uvpool__pool* pool, uvpool_task_t* task);

/* Lock held. The active task has run, or has left its lane: the next one joins
 * its own. The caller dispatches. */
void uvpool__serial_next_locked(struct uvpool__pool* pool,
                                uvpool_serial_t* serial);

/* No lock held, on the loop: the done of a task has returned. */
void uvpool__serial_delivered(uvpool_serial_t* serial);

/* No lock held, on the loop: it has ended. */
void uvpool__serial_ended(uvpool_serial_t* serial);

#endif /* UVPOOL_SRC_SERIAL_H */
