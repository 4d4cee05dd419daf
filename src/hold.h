/* Held submits: what a loop submits from inside its done callbacks.
 *
 * The usual server submits its next task from the done callback of the one
 * before. Taking the lock and waking a worker for each would have loop and
 * workers fight for the lock all the time, and a worker that is woken for one
 * small task is asleep again before the next. So while a stride of done
 * callbacks runs (completion_queue.c), the loop's own submits are admitted
 * against credits that it was granted in advance, gathered in a list of its
 * own, and handed over, with one visit to the lock and the wake-ups that are
 * due, at the end of the stride, some 40 us later at most.
 *
 * The bound stays exact. Credits are room that is already taken: admission
 * counts them as waiting (`pool->reserved`). Whoever is about to be refused, or
 * wants to end admission (release, drain), first revokes the unused ones, which
 * is one swap; a credit is either used before that, and its task is accepted,
 * or not. They are granted only where there is plenty of room, and never while
 * callers are blocked.
 *
 * A held task is accepted and in flight, but not yet in the queue:
 * UVPOOL__TASK_HELD. Another thread that cancels it only marks it, and the
 * hand-over ends it. Calls on the loop's own thread hand over first, and so
 * see every task where it belongs.
 *
 *   submit --credit--> held --hand over--> queue; or cancelled, if it was so
 *                                          while held, or the pool is
 *                                          released */
#ifndef UVPOOL_SRC_HOLD_H
#define UVPOOL_SRC_HOLD_H

#include "effects.h"
#include "handle.h"

/* Loop thread, around a stride of done callbacks. */
void uvpool__hold_begin(struct uvpool__port* port);
void uvpool__hold_end(struct uvpool__port* port);

/* Loop thread, inside a stride: holds a task that is claimed and prepared, if
 * there is a credit for it. */
bool uvpool__hold_submit(uvpool_t* handle, uvpool_task_t* task);

/* Loop thread: hands over what is held, and dispatches. */
void uvpool__hold_flush(uvpool_t* handle);

/* Lock held, loop thread: the same without dispatching. */
void uvpool__hold_hand_over_locked(uvpool_t* handle,
                                   struct uvpool__effects* effects);

/* Lock held, loop thread, inside a stride: grants credits, if there is plenty
 * of room. */
void uvpool__hold_grant_locked(uvpool_t* handle);

/* Lock held, any thread: takes all unused credits of the pool back. */
void uvpool__hold_revoke_locked(struct uvpool__pool* pool);

#endif /* UVPOOL_SRC_HOLD_H */
