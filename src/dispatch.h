/* Dispatch: which worker hears of a waiting task, and who takes it.
 *
 * A task stays in the queue, cancellable, until a worker takes it. A worker is
 * told that something waits, not what: it carries a token. `waking` counts the
 * tokens on their way: workers woken or started that have not looked yet.
 *
 * The rule, kept whenever the lock is released:
 *
 *     runnable == 0, or
 *     waking > 0, or
 *     nobody is idle and nobody can be started, or
 *     a loop is inside done callbacks that have submitted, and will dispatch
 *     when they have returned (hold.h).
 *
 * where `runnable` are the waiting tasks that a worker may begin now: all of
 * them, but for those that the cap of their class, a reservation for another,
 * or their predecessor in a serial queue keeps back (classes.h, serial.h). When
 * one of those ends, it is the worker that ran it who looks again.
 *
 * No task is ever without hope: in the second case somebody is on the way who
 * will look, in the third every live worker is busy or on its way and will look
 * when it is done, or none lives and the retry timer runs.
 *
 * How many tokens. A wake-up costs the waker a system call, and who submits is
 * mostly a loop, whose time is short: it sends one worker, if none is on the
 * way, so that a burst of submits costs one call. Whoever looks sends others,
 * as many as there is work for: more tokens than tasks would wake threads for
 * nothing, and more than wake_max, the processors, could not run at once. So
 * the wake-ups chain, and N blocking tasks get N workers.
 *
 * All functions are called with the pool's lock held. */
#ifndef UVPOOL_SRC_DISPATCH_H
#define UVPOOL_SRC_DISPATCH_H

#include "effects.h"
#include "pool.h"

/* Restores the rule above, with as many tokens as are of use. */
void uvpool__dispatch_locked(struct uvpool__pool* pool,
                             struct uvpool__effects* effects);

/* The same for a submit outside of done callbacks, with one. */
void uvpool__dispatch_one_locked(struct uvpool__pool* pool,
                                 struct uvpool__effects* effects);

/* An admitted task joins the waiting room. The caller dispatches. */
void uvpool__enqueue_locked(struct uvpool__pool* pool, uvpool_task_t* task);

/* The same for plain tasks whose flags say that they wait, one at least. */
void uvpool__enqueue_plain_locked(struct uvpool__pool* pool,
                                  struct uvpool_task_queue_s* tasks);

/* A worker looks for a task. NULL: there is none for it; it may have to
 * leave. */
uvpool_task_t* uvpool__take_locked(struct uvpool__pool* pool,
                                   struct uvpool__worker* worker,
                                   struct uvpool__effects* effects);

/* The work of the worker's task has returned, or has panicked. True: the task
 * is on its way to the loop already, else the caller pushes it, after the lock.
 * The caller dispatches, or the worker takes. */
bool uvpool__finish_locked(struct uvpool__pool* pool,
                           struct uvpool__worker* worker,
                           bool panicked,
                           struct uvpool__effects* effects);

/* A worker without a task lies down in the worker queue. */
void uvpool__idle_locked(struct uvpool__pool* pool,
                         struct uvpool__worker* worker);

/* Orders the `count` longest idle workers to end. */
void uvpool__retire_locked(struct uvpool__pool* pool,
                           size_t count,
                           struct uvpool__effects* effects);

#endif /* UVPOOL_SRC_DISPATCH_H */
