/* The default pool of the process, and a figure over all of its pools.
 *
 * For programs that want one pool and do not care which. It is made, with the
 * default options, by the first call that asks for it, and costs nothing
 * before; there is no other state that pools share.
 *
 * The package-level functions of ants, whose default pool exists from the start
 * and has no bound. */
#ifndef UVPOOL_DEFAULT_POOL_H
#define UVPOOL_DEFAULT_POOL_H

#include <stdint.h>
#include <uv.h>
#include <uvpool/pool.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The default pool as `loop` sees it: one pool for the process, one handle on
 * it per loop. The first call of a loop makes the handle, later ones return it,
 * also when the pool has been released; uvpool_reboot opens it again. Once
 * uvpool_close was called for it, the next call makes another one.
 *
 * Thread:   the thread that runs `loop`.
 * Blocks:   never.
 * Owns:     the library. Each handle needs one uvpool_close before its loop is
 *           closed, however often it was asked for.
 * Returns:  as uvpool_create. */
UVPOOL_EXTERN int uvpool_default(uv_loop_t* loop, uvpool_t** handle);

/* Releases the default pool, as uvpool_release does, if there is one.
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  0. */
UVPOOL_EXTERN int uvpool_release_default(void);

/* Live worker threads of all pools of this process: the sum of uvpool_workers
 * over all of them.
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  the number. */
UVPOOL_EXTERN int64_t uvpool_workers_all(void);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_DEFAULT_POOL_H */
