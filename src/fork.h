/* Fork: how a child process knows that a pool is not its own.
 *
 * A child has only the thread that forked: the workers of an inherited pool do
 * not exist in it, and its locks may be held by nobody for ever. Each pool
 * remembers the generation of processes in which it was made; a handler that
 * runs in every child bumps it. A call on a pool thus costs one relaxed load
 * and no system call. */
#ifndef UVPOOL_SRC_FORK_H
#define UVPOOL_SRC_FORK_H

/* Installs the handler, once for the process. 0, or UV_ENOMEM. */
int uvpool__fork_watch(void);

/* The generation of this process. */
unsigned uvpool__fork_generation(void);

#endif /* UVPOOL_SRC_FORK_H */
