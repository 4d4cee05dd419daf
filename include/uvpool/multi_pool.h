/* The multi-pool: several pools of one kind behind one submit.
 *
 * Each has its own workers, queue and lock, so that many submitting threads
 * rarely meet; on the loop they share one uv_async_t and one set of timers, and
 * their done callbacks come in one order.
 *
 *     uvpool_multi_create(loop, 4, UVPOOL_LEAST_TASKS, &options, &multi);
 *     uvpool_multi_submit(multi, &task, work, done);
 *
 * uvpool_multi_pool gives a single pool of them, for everything that can be
 * done with one. Callbacks in the options are called with the handle of the
 * pool that they are about.
 *
 * Every call returns UV_EINVAL for a NULL multi, and UV_EPERM in a forked child
 * for one made by its parent. MultiPool of ants. */
#ifndef UVPOOL_MULTI_POOL_H
#define UVPOOL_MULTI_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include <uvpool/options.h>
#include <uvpool/pool.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most pools that one multi-pool may have. */
#define UVPOOL_MULTI_MAX 1024

/* Which pool a task is offered to first. */
typedef enum uvpool_strategy_e {
  UVPOOL_ROUND_ROBIN = 1, /* one after the other; but not one whose workers are
                             all busy while another has a free one */
  UVPOOL_LEAST_TASKS = 2  /* the one with the fewest tasks, busy and waiting; of
                             several, the one with the lowest index */
} uvpool_strategy_t;

/* Allocated by uvpool_multi_create, freed by the library when its close
 * callback has returned. */
typedef struct uvpool_multi_s uvpool_multi_t;

/* A release_timeout or drain has come to its end: `status` 0, all pools are
 * released; UV_ETIMEDOUT, and `late` holds the indices, ascending, of the
 * `late_count` pools that are not; or UV_ECANCELED, the multi-pool is being
 * closed. `late` is valid during the call. */
typedef void (*uvpool_multi_release_cb)(uvpool_multi_t* multi,
                                        int status,
                                        const size_t* late,
                                        size_t late_count);

/* The multi-pool is closed. Its memory is freed when the callback returns. */
typedef void (*uvpool_multi_close_cb)(uvpool_multi_t* multi);

/* ---- Life ---------------------------------------------------------------- */

/* Makes `count` pools, each with these options.
 *
 * Thread:   the thread that runs `loop`; it becomes the loop thread.
 * Blocks:   never.
 * Owns:     the library. Every success needs one uvpool_multi_close. A failure,
 *           at whichever pool, leaves nothing to close; where libuv had already
 *           been given a handle, the loop must be run before uv_loop_close.
 * Returns:  0, with *multi set;
 *           UV_EINVAL  loop or multi is NULL; count is below 1 or above
 *                      UVPOOL_MULTI_MAX; strategy is neither of the two; or an
 *                      option is out of range;
 *           else as uvpool_create. */
UVPOOL_EXTERN int uvpool_multi_create(uv_loop_t* loop,
                                      int64_t count,
                                      uvpool_strategy_t strategy,
                                      const uvpool_options_t* options,
                                      uvpool_multi_t** multi);

/* Closes all pools, as uvpool_close does.
 *
 * Thread:   loop; also from inside any callback of this library.
 * Blocks:   never. A task that never ends holds close_cb back.
 * Owns:     the library, which frees all after close_cb; see uvpool_close.
 * Callback: a pending release or drain callback with UV_ECANCELED, every done
 *           that is due, then close_cb; exactly once, never inside the call.
 *           close_cb may be NULL.
 * Returns:  0; UV_EALREADY it is closing; UV_EPERM not the loop thread. */
UVPOOL_EXTERN int uvpool_multi_close(uvpool_multi_t* multi,
                                     uvpool_multi_close_cb close_cb);

/* Releases all pools, as uvpool_release does. Idempotent.
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  0. */
UVPOOL_EXTERN int uvpool_multi_release(uvpool_multi_t* multi);

/* Releases all pools at once, and tells when they are done or which of them
 * take too long. All in all it takes as long as the slowest of them.
 *
 * Thread:   loop.
 * Blocks:   never.
 * Callback: cb, once, never inside the call; after UV_ETIMEDOUT it may be asked
 *           again. UINT64_MAX: no timeout. The loop is kept alive for it.
 * Returns:  0; UV_EALREADY a release_timeout or drain is pending on the
 *           multi-pool, or on one of its pools; UV_ESHUTDOWN it is closing;
 *           UV_EINVAL cb is NULL; UV_EPERM not the loop thread. */
UVPOOL_EXTERN int uvpool_multi_release_timeout(uvpool_multi_t* multi,
                                               uint64_t timeout_ms,
                                               uvpool_multi_release_cb cb);

/* The same, but what waits is run, not cancelled; see uvpool_drain.
 *
 * Thread, Blocks, Callback, Returns: as uvpool_multi_release_timeout. */
UVPOOL_EXTERN int uvpool_multi_drain(uvpool_multi_t* multi,
                                     uint64_t timeout_ms,
                                     uvpool_multi_release_cb cb);

/* Opens the released pools again; those that are open stay so.
 *
 * Thread:   loop.
 * Blocks:   never.
 * Returns:  0; UV_EBUSY one of them is not fully released, or a release or
 *           drain is pending: then none is opened;
 *           UV_ESHUTDOWN it is closing; UV_EAGAIN min_workers threads could not
 *           be started: those that were opened are released again; UV_EPERM not
 *           the loop thread. */
UVPOOL_EXTERN int uvpool_multi_reboot(uvpool_multi_t* multi);

/* ---- Submit -------------------------------------------------------------- */

/* Hands a task to one of the pools, by the strategy; if that has no room, to
 * the one with the fewest tasks, then to any other. It is refused only after
 * each of them has refused it.
 *
 * Thread, Blocks, Owns, Callback: as uvpool_submit. uvpool_task_handle tells
 * which pool has taken it.
 * Returns:  as uvpool_submit; UV_ESHUTDOWN only if no pool is open.
 *
 * ants tries one other pool, and counts idle workers as tasks. */
UVPOOL_EXTERN int uvpool_multi_submit(uvpool_multi_t* multi,
                                      uvpool_task_t* task,
                                      uvpool_work_cb work,
                                      uvpool_done_cb done);

/* As uvpool_multi_submit, but waits for room in any of the pools. Callers that
 * wait are woken oldest first, and compete for the room with new submits.
 *
 * Thread, Blocks, Owns, Callback: as uvpool_submit_wait.
 * Returns:  as uvpool_submit_wait. */
UVPOOL_EXTERN int uvpool_multi_submit_wait(uvpool_multi_t* multi,
                                           uvpool_task_t* task,
                                           uvpool_work_cb work,
                                           uvpool_done_cb done,
                                           uint64_t timeout_ms);

/* Fire and forget, as uvpool_go, on a pool chosen as by uvpool_multi_submit.
 *
 * Thread, Blocks, Owns: as uvpool_go.
 * Returns:  as uvpool_multi_submit, and UV_ENOMEM. */
UVPOOL_EXTERN int uvpool_multi_go(uvpool_multi_t* multi,
                                  uvpool_go_cb fn,
                                  void* arg);

/* Changes the capacity of each pool, as uvpool_tune does; not of all together.
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  as uvpool_tune; UV_ESHUTDOWN if one of them is not open, the others
 *           are changed all the same. */
UVPOOL_EXTERN int uvpool_multi_tune(uvpool_multi_t* multi, int64_t capacity);

/* ---- Figures and accessors -----------------------------------------------
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  the sum over all pools, or with `_at` the figure of one; each as in
 *           <uvpool/pool.h>. capacity and available are -1 if the pools are
 *           unlimited. UV_EINVAL for an index out of range. */
UVPOOL_EXTERN int64_t uvpool_multi_capacity(uvpool_multi_t* multi);
UVPOOL_EXTERN int64_t uvpool_multi_workers(uvpool_multi_t* multi);
UVPOOL_EXTERN int64_t uvpool_multi_busy(uvpool_multi_t* multi);
UVPOOL_EXTERN int64_t uvpool_multi_waiting(uvpool_multi_t* multi);
UVPOOL_EXTERN int64_t uvpool_multi_available(uvpool_multi_t* multi);
UVPOOL_EXTERN int64_t uvpool_multi_capacity_at(uvpool_multi_t* multi,
                                               int64_t index);
UVPOOL_EXTERN int64_t uvpool_multi_workers_at(uvpool_multi_t* multi,
                                              int64_t index);
UVPOOL_EXTERN int64_t uvpool_multi_busy_at(uvpool_multi_t* multi,
                                           int64_t index);
UVPOOL_EXTERN int64_t uvpool_multi_waiting_at(uvpool_multi_t* multi,
                                              int64_t index);
UVPOOL_EXTERN int64_t uvpool_multi_available_at(uvpool_multi_t* multi,
                                                int64_t index);

/* How many callers are inside uvpool_multi_submit_wait and wait for room. */
UVPOOL_EXTERN int64_t uvpool_multi_blocked(uvpool_multi_t* multi);

/* How many pools there are. */
UVPOOL_EXTERN int64_t uvpool_multi_count(uvpool_multi_t* multi);

/* One of the pools, for every call that takes a uvpool_t but uvpool_close,
 * which is uvpool_multi_close's.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     the multi-pool.
 * Returns:  the handle; NULL for NULL and for an index out of range. */
UVPOOL_EXTERN uvpool_t* uvpool_multi_pool(uvpool_multi_t* multi, int64_t index);

/* Are all of its pools released or draining, or is it closing? 1 or 0.
 * Thread: any. Blocks: never. */
UVPOOL_EXTERN int uvpool_multi_is_closed(uvpool_multi_t* multi);

/* The caller's pointer; first options.data.
 * Thread: the caller's to arrange. Blocks: never. NULL is ignored. */
UVPOOL_EXTERN void* uvpool_multi_get_data(const uvpool_multi_t* multi);
UVPOOL_EXTERN void uvpool_multi_set_data(uvpool_multi_t* multi, void* data);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_MULTI_POOL_H */
