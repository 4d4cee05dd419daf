/* The purge: workers that have been idle for longer than the expiry leave.
 *
 * A timer on the keeper's loop looks once per tick of the clock, at every pool
 * of its port that has asked for it. It never takes
 * the pool below min_workers, and nothing but the number of idle threads
 * depends on it. It runs, with the clock, only while there is somebody to
 * retire: the worker that lies down first asks for both timers, and the purge
 * that finds nobody left stops them. */
#ifndef UVPOOL_SRC_PURGE_H
#define UVPOOL_SRC_PURGE_H

#include "pool.h"

/* Lock held. Is somebody idle who may expire? */
bool uvpool__purge_due_locked(const struct uvpool__pool* pool);

/* Loop thread of `handle`: start and stop the clock as well. */
void uvpool__purge_start(uvpool_t* handle);
void uvpool__purge_stop(uvpool_t* handle);

#endif /* UVPOOL_SRC_PURGE_H */
