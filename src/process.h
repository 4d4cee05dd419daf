/* What all pools of a process share, and how a child of fork gets rid of it.
 *
 * A child has only the thread that forked: the workers of an inherited pool do
 * not exist in it, and its locks may be held by nobody for ever. Each pool
 * remembers the generation of processes in which it was made; a handler that
 * runs in every child bumps it. A call on a pool thus costs one relaxed load
 * and no system call.
 *
 * The process lock guards the registry of the default pool (default_pool.c).
 * Fork holds it, so that no child finds it held by a thread that it does not
 * have. It comes before every pool's lock. */
#ifndef UVPOOL_SRC_PROCESS_H
#define UVPOOL_SRC_PROCESS_H

#include <stdint.h>

/* Installs the handlers, once for the process. 0, or UV_ENOMEM. Once it has
 * returned 0 it takes no lock. */
int uvpool__process_watch(void);

/* The generation of this process. */
unsigned uvpool__fork_generation(void);

void uvpool__process_lock(void);
void uvpool__process_unlock(void);

/* A worker more (1) or less (-1) lives in this process. */
void uvpool__process_count_worker(int change);
int64_t uvpool__process_workers(void);

#endif /* UVPOOL_SRC_PROCESS_H */
