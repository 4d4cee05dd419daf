/* Starting threads, and joining those that have come to their end.
 *
 * A start is reserved under the lock, which counts the thread as waking, and
 * carried out after it, as pthread_create is a slow system call. A failure is
 * an ordinary event: the reservation is taken back, and no thread is started
 * for a while, unless none lives. If tasks wait, the keeper's retry timer tries
 * again; so does every dispatch once the while is over. */
#ifndef UVPOOL_SRC_SPAWN_H
#define UVPOOL_SRC_SPAWN_H

#include "effects.h"
#include "pool.h"

/* Lock held. Reserves a thread, if there may be one more and starting is not
 * suspended after a failure; then uvpool__spawn is due. */
bool uvpool__spawn_reserve_locked(struct uvpool__pool* pool);

/* Lock held. The same for the first worker, which is always tried. The pool
 * must be below its capacity. */
void uvpool__spawn_reserve_first_locked(struct uvpool__pool* pool);

/* No lock held. Starts one reserved thread. 0, or a negative error with the
 * reservation taken back. Joins what has exited first, so that a pool whose
 * loop does not run leaves no dead threads behind. */
int uvpool__spawn(struct uvpool__pool* pool, struct uvpool__effects* effects);

/* Lock held. A thread could not be started, or its start hook refused (err 0):
 * counts it and suspends further starts. */
void uvpool__spawn_failed_locked(struct uvpool__pool* pool, int err);

/* Lock held. Makes `worker` a spare record, if nobody needs it any more. */
void uvpool__spawn_recycle_locked(struct uvpool__worker* worker);

/* No lock held. Joins the threads that have exited. */
void uvpool__reap(struct uvpool__pool* pool);

/* No lock held. Allocates records until there are `count`; 0 or UV_ENOMEM. */
int uvpool__spawn_prealloc(struct uvpool__pool* pool, uint64_t count);

/* No thread left, or in a forked child: frees all records and the memory of the
 * worker queue. */
void uvpool__spawn_free_records(struct uvpool__pool* pool, bool inherited);

#endif /* UVPOOL_SRC_SPAWN_H */
