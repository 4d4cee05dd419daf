/* The pool: its life, its submits, its figures.
 *
 * "Loop" as a thread means the loop thread of the handle: the thread that
 * called uvpool_create. It is the thread that must run the loop. Every call of
 * this library returns UV_EINVAL for a NULL handle, and UV_EPERM in a forked
 * child for a handle made by its parent; that is not repeated below. */
#ifndef UVPOOL_POOL_H
#define UVPOOL_POOL_H

#include <stdint.h>
#include <uv.h>
#include <uvpool/options.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A release_timeout or drain has come to its end: `status` 0, the pool is
 * released; UV_ETIMEDOUT; or UV_ECANCELED, the handle is being closed. */
typedef void (*uvpool_release_cb)(uvpool_t* handle, int status);

/* The handle is closed. Its memory is freed when the callback returns. */
typedef void (*uvpool_close_cb)(uvpool_t* handle);

/* The work of uvpool_go. */
typedef void (*uvpool_go_cb)(void* arg);

/* ---- Life ---------------------------------------------------------------- */

/* Makes a pool and its first handle, bound to `loop`.
 *
 * No thread is started unless options->min_workers says so; they come with the
 * tasks. Whatever can run out is acquired here, except threads.
 *
 * Thread:   the thread that runs `loop`; it becomes the handle's loop thread.
 * Blocks:   never.
 * Owns:     the library. Every success needs one uvpool_close. A failure leaves
 *           nothing to close; where libuv had already been given a handle, the
 *           loop must be run once more before uv_loop_close, as after uv_close.
 * Returns:  0, with *handle set;
 *           UV_EINVAL  loop or handle is NULL, or an option is out of range,
 *           UV_ENOMEM  no memory,
 *           UV_EMFILE, UV_ENFILE or what uv_async_init returned,
 *           UV_EAGAIN  min_workers threads could not be started.
 *
 * options NULL: the defaults. */
UVPOOL_EXTERN int uvpool_create(uv_loop_t* loop,
                                const uvpool_options_t* options,
                                uvpool_t** handle);

/* Closes this handle: its waiting tasks end with UV_ECANCELED, its running ones
 * finish. Closing the last handle releases the pool.
 *
 * Thread:   loop; also from inside any callback of this library.
 * Blocks:   never. A task that never ends holds close_cb back.
 * Owns:     the library, which frees the handle after close_cb. Threads inside
 *           uvpool_submit_wait are woken and waited for; every other call with
 *           this handle must have returned before close_cb runs.
 * Callback: a pending release or drain callback with UV_ECANCELED, then every
 *           done that is due, then close_cb; close_cb exactly once, never
 *           inside the call. close_cb may be NULL.
 * Returns:  0; UV_EALREADY the handle is closing;
 *           UV_EPERM not the loop thread, or the handle is part of a func or of
 *           a multi-pool and closed with it.
 *
 * In a forked child, for a parent's handle: frees without waiting for anyone
 * (uv_loop_fork must have been called for the loop), no done is called.
 *
 * After a user's uv_walk has closed the inner libuv handles, uvpool_close is
 * still due, and still does all of the above. A walk that closes them between
 * uvpool_close and close_cb, later than in the same turn of the loop, is not
 * noticed: close_cb then never comes. */
UVPOOL_EXTERN int uvpool_close(uvpool_t* handle, uvpool_close_cb close_cb);

/* Releases the pool: no new work, waiting tasks end with UV_ECANCELED, running
 * ones finish, idle workers leave. Does not wait. Idempotent.
 *
 * Thread:   any.
 * Blocks:   never.
 * Callback: done(UV_ECANCELED) for what waited, on its loop.
 * Returns:  0.
 *
 * In ants a released pool cannot be waited for; here
 * uvpool_release_timeout may follow. */
UVPOOL_EXTERN int uvpool_release(uvpool_t* handle);

/* Releases the pool and tells when it is done, or that it takes too long.
 *
 * Thread:   loop.
 * Blocks:   never.
 * Callback: cb(handle, 0) after every worker has been joined and every done and
 *           on_panic has returned; or cb(handle, UV_ETIMEDOUT) after
 *           timeout_ms, when it may be asked again. UINT64_MAX: no timeout.
 *           Never inside the call. The loop is kept alive for it.
 * Returns:  0; UV_EALREADY a release_timeout or drain is pending on this
 *           handle; UV_ESHUTDOWN the handle is closing; UV_EINVAL cb is NULL;
 *           UV_EPERM not the loop thread. */
UVPOOL_EXTERN int uvpool_release_timeout(uvpool_t* handle,
                                         uint64_t timeout_ms,
                                         uvpool_release_cb cb);

/* Like uvpool_release_timeout, but what waits is run, not cancelled. After a
 * timeout it goes on draining. A release overtakes it.
 *
 * Thread, Blocks, Callback, Returns: as uvpool_release_timeout. Callers blocked
 * in uvpool_submit_wait get UV_ESHUTDOWN. */
UVPOOL_EXTERN int uvpool_drain(uvpool_t* handle,
                               uint64_t timeout_ms,
                               uvpool_release_cb cb);

/* Opens a released pool again, with its capacity and options.
 *
 * Thread:   loop.
 * Blocks:   never.
 * Returns:  0, also for a pool that is open;
 *           UV_EBUSY      a worker, or a done callback, is still to come,
 *           UV_ESHUTDOWN  the handle is closing,
 *           UV_EAGAIN     min_workers threads could not be started; the pool
 *                         stays released,
 *           UV_EPERM      not the loop thread. */
UVPOOL_EXTERN int uvpool_reboot(uvpool_t* handle);

/* Another handle on the same pool, for another loop: completions of what is
 * submitted with it come back there.
 *
 * Thread:   the thread that runs `loop`; it becomes the new handle's loop
 *           thread. `pool` must not be closed meanwhile.
 * Blocks:   never.
 * Owns:     the library. Every success needs one uvpool_close; handles are
 *           closed in any order, each on its loop.
 * Returns:  0, with *handle set;
 *           UV_EINVAL     loop or handle is NULL, or `pool` is part of a
 *                         multi-pool,
 *           UV_ENOMEM     no memory,
 *           UV_ESHUTDOWN  `pool` is closing,
 *           UV_EMFILE, UV_ENFILE or what uv_async_init returned. */
UVPOOL_EXTERN int uvpool_attach(uvpool_t* pool,
                                uv_loop_t* loop,
                                uvpool_t** handle);

/* ---- Submit -------------------------------------------------------------- */

/* Hands a task to the pool. An idle worker takes it, or a new one is started,
 * or it waits its turn in the order of submission.
 *
 * Admitted if and only if fewer tasks wait than max_waiting plus the workers
 * that are not busy, and no caller of uvpool_submit_wait is queued before it.
 * A task whose done callback has been entered counts no more: with max_waiting
 * 0 and no other submitter, a submit from done succeeds.
 *
 * Thread:   any, also from work and from done.
 * Blocks:   never.
 * Owns:     the pool, from success until done is entered. Nothing is allocated
 *           for the task.
 * Callback: work on a worker; then done on the loop, exactly once, never before
 *           the call returns to the loop. The loop is kept alive for tasks that
 *           its own thread submits; for others see uvpool_ref. A task that is
 *           submitted inside a done callback may begin only when that callback,
 *           and a few after it, have returned: done must not block for it.
 * Returns:  0; on error nothing is kept and nothing is called:
 *           UV_EINVAL     task, work or done is NULL,
 *           UV_EALREADY   the task is in flight; that flight is unharmed,
 *           UV_EAGAIN     no room; or no worker lives and none can be started,
 *           UV_ESHUTDOWN  the pool is released or draining, the handle closing.
 *
 * uv_queue_work never refuses and may be called on the loop thread only. */
UVPOOL_EXTERN int uvpool_submit(uvpool_t* handle,
                                uvpool_task_t* task,
                                uvpool_work_cb work,
                                uvpool_done_cb done);

/* As uvpool_submit, but waits for room. Callers are served oldest first.
 *
 * Thread:   any but a loop thread or a worker of this pool, which it would
 *           deadlock (UV_EPERM).
 * Blocks:   until there is room, up to timeout_ms. 0: not at all; UINT64_MAX:
 *           for ever. uvpool_tune, uvpool_release and uvpool_close wake it.
 * Owns, Callback: as uvpool_submit.
 * Returns:  as uvpool_submit, and
 *           UV_ETIMEDOUT  no room within timeout_ms,
 *           UV_EAGAIN     no room, and max_blocked callers wait for some,
 *           UV_EPERM      on a loop thread or a worker of this pool.
 *
 * The blocking Submit of ants. */
UVPOOL_EXTERN int uvpool_submit_wait(uvpool_t* handle,
                                     uvpool_task_t* task,
                                     uvpool_work_cb work,
                                     uvpool_done_cb done,
                                     uint64_t timeout_ms);

/* Fire and forget: runs fn(arg) on a worker.
 *
 * The task object comes from a bounded cache of the pool, and only when that is
 * empty from the allocator. What is cancelled by release or close is not run
 * and nobody is told.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     arg stays the caller's.
 * Returns:  as uvpool_submit, and UV_ENOMEM.
 *
 * The Submit(func) of ants. */
UVPOOL_EXTERN int uvpool_go(uvpool_t* handle, uvpool_go_cb fn, void* arg);

/* Changes the capacity, at once. Growth starts or wakes what the waiting tasks
 * and callers need; shrinking retires idle workers first and busy ones as they
 * finish.
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  0;
 *           UV_EINVAL     capacity <= 0, above UVPOOL_CAPACITY_MAX, below
 *                         min_workers, or not more than what is reserved for
 *                         classes,
 *           UV_ENOTSUP    an unlimited or a preallocated pool,
 *           UV_ESHUTDOWN  the pool is released or draining. */
UVPOOL_EXTERN int uvpool_tune(uvpool_t* handle, int64_t capacity);

/* ---- Figures and accessors ------------------------------------------------
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  the figure at some moment during the call, or a negative UV_E* code
 *           (UV_EINVAL, UV_EPERM as above). */

/* The capacity; -1 if unlimited (UV_EPERM is -1 too on most systems: only in a
 * forked child does it mean that). */
UVPOOL_EXTERN int64_t uvpool_capacity(uvpool_t* handle);
/* Live threads, idle or not: Running() of ants. */
UVPOOL_EXTERN int64_t uvpool_workers(uvpool_t* handle);
/* Threads that execute a task. */
UVPOOL_EXTERN int64_t uvpool_busy(uvpool_t* handle);
/* Threads that are parked. */
UVPOOL_EXTERN int64_t uvpool_idle(uvpool_t* handle);
/* Tasks that no worker has taken yet. */
UVPOOL_EXTERN int64_t uvpool_waiting(uvpool_t* handle);
/* capacity - busy, never below 0; -1 if unlimited: Free() of ants, but true. */
UVPOOL_EXTERN int64_t uvpool_available(uvpool_t* handle);

/* Is the pool released or draining, or the handle closing? 1 or 0. */
UVPOOL_EXTERN int uvpool_is_closed(uvpool_t* handle);

/* The loop that the handle is bound to.
 * Thread: any. Blocks: never. Returns: the loop; NULL for NULL. */
UVPOOL_EXTERN uv_loop_t* uvpool_get_loop(const uvpool_t* handle);

/* The caller's pointer of this handle; first options.data.
 * Thread: the caller's to arrange. Blocks: never. NULL is ignored. */
UVPOOL_EXTERN void* uvpool_get_data(const uvpool_t* handle);
UVPOOL_EXTERN void uvpool_set_data(uvpool_t* handle, void* data);

/* Keeps the loop alive as long as the handle is open: for programs whose tasks
 * are submitted by other threads, which cannot do that themselves.
 * Idempotent: one unref takes back any number of refs.
 *
 * Thread:   loop.
 * Blocks:   never.
 * Returns:  0; UV_EPERM not the loop thread. */
UVPOOL_EXTERN int uvpool_ref(uvpool_t* handle);
UVPOOL_EXTERN int uvpool_unref(uvpool_t* handle);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_POOL_H */
