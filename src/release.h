/* Release and drain as the pool sees them: what changes under the lock. What
 * the loops do about it is in shutdown.c.
 *
 * All functions are called with the pool's lock held. */
#ifndef UVPOOL_SRC_RELEASE_H
#define UVPOOL_SRC_RELEASE_H

#include "effects.h"
#include "pool.h"

/* Takes a waiting task out of the waiting room, to end with UV_ECANCELED or
 * UV_ETIMEDOUT. In its serial queue the next one takes its place: the caller
 * dispatches, if the pool may go on. */
void uvpool__end_waiting_locked(struct uvpool__pool* pool,
                                uvpool_task_t* task,
                                int status,
                                struct uvpool__effects* effects);

/* uvpool_cancel for a task in flight: 0, or UV_EBUSY with the wish noted. The
 * caller lets the pool know that fewer wait, and dispatches. */
int uvpool__cancel_locked(struct uvpool__pool* pool,
                          uvpool_task_t* task,
                          struct uvpool__effects* effects);

/* The same for every waiting task of `handle`. */
void uvpool__cancel_handle_locked(struct uvpool__pool* pool,
                                  const uvpool_t* handle,
                                  struct uvpool__effects* effects);

/* Fewer wait: blocked callers may come in, or a drain may be over. */
void uvpool__fewer_wait_locked(struct uvpool__pool* pool,
                               struct uvpool__effects* effects);

/* To RELEASING, from OPEN or DRAINING; else nothing. */
void uvpool__release_locked(struct uvpool__pool* pool,
                            struct uvpool__effects* effects);

/* To DRAINING, or at once to RELEASING if nothing waits; only from OPEN. */
void uvpool__drain_locked(struct uvpool__pool* pool,
                          struct uvpool__effects* effects);

#endif /* UVPOOL_SRC_RELEASE_H */
