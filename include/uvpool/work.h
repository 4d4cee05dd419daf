/* uv_queue_work and uv_cancel, on a pool of one's own: the same request, the
 * same callbacks, another first argument.
 *
 *     -  uv_queue_work(loop, &req->work, query, after_query);
 *     +  uvpool_queue_work(pool, &req->work, query, after_query);
 *
 * docs/migrating.md says what changes with it. New code has less to carry with
 * uvpool_submit. */
#ifndef UVPOOL_WORK_H
#define UVPOOL_WORK_H

#include <uv.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs work_cb(req) on a worker, then after_work_cb(req, status) on the loop.
 *
 * Admitted as by uvpool_submit. The task object comes from a bounded cache of
 * the pool, and only when that is empty from the allocator. Memory of any
 * content will do for `req`; `req->data` is left alone and `req->loop` is set
 * to the handle's loop. While the request is the pool's, its type is
 * UV_UNKNOWN_REQ, so that uv_cancel answers UV_EINVAL instead of touching it;
 * and so it stays. After a refusal the request may be given to uv_queue_work; a
 * request that is in flight there must not be queued here.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     the pool, from success until after_work_cb is entered, inside
 *           which the request may be freed or queued again. With after_work_cb
 *           NULL nothing tells when it is the caller's again but the close of
 *           the handle.
 * Callback: work_cb on a worker; then after_work_cb, which may be NULL, on the
 *           loop, exactly once, with 0, UV_ECANCELED or UVPOOL_EPANIC. The loop
 *           is kept alive for requests that its own thread queues.
 * Returns:  as uvpool_submit: UV_EAGAIN, which uv_queue_work never answers,
 *           UV_EALREADY, UV_ESHUTDOWN; UV_EINVAL handle, req or work_cb is
 *           NULL; UV_ENOMEM.
 *
 * uv_queue_work may be called on the loop thread only. */
UVPOOL_EXTERN int uvpool_queue_work(uvpool_t* handle,
                                    uv_work_t* req,
                                    uv_work_cb work_cb,
                                    uv_after_work_cb after_work_cb);

/* Cancels a request of uvpool_queue_work that still waits; asks one that runs
 * to end early, which it can see by uvpool_work_is_cancelled.
 *
 * Thread:   the request's loop thread; or any thread that itself makes sure
 *           that work_cb of this request has not returned, and that it has not
 *           been cancelled, before the call returns: the pool's own object
 *           goes back before after_work_cb is entered.
 * Blocks:   never.
 * Callback: after_work_cb(req, UV_ECANCELED) later on its loop, never inside
 *           the call.
 * Returns:  0          it will not run, now or since an earlier call,
 *           UV_EBUSY   it runs or has run,
 *           UV_EINVAL  NULL, or not in flight,
 *           UV_EPERM   in a forked child, of a pool made by the parent. */
UVPOOL_EXTERN int uvpool_cancel_work(uv_work_t* req);

/* Has uvpool_cancel_work been called for this request since its work began?
 *
 * Thread:   the worker, inside work_cb of this request only.
 * Blocks:   never.
 * Returns:  1 or 0; 0 for NULL. */
UVPOOL_EXTERN int uvpool_work_is_cancelled(const uv_work_t* req);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_WORK_H */
