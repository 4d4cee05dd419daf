/* Posts: a callback on the loop, asked for by any thread.
 *
 * For progress and partial results of a work that still runs, or to bring
 * anything else to the loop's thread:
 *
 *     post->data = chunk;
 *     uvpool_post(uvpool_task_handle(task), post, on_chunk);
 *
 * Posts travel with finished tasks, in order: what a work has posted is on the
 * loop before its done, and posts of one thread arrive as they were made. */
#ifndef UVPOOL_POST_H
#define UVPOOL_POST_H

#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocated by the caller, and the pool's from uvpool_post until its callback
 * is entered, inside which it may be freed or posted again. Memory of any
 * content will do. */
typedef struct uvpool_post_s uvpool_post_t;

/* On the loop of the handle that it was posted with. */
typedef void (*uvpool_post_cb)(uvpool_post_t* post);

struct uvpool_post_s {
  /* Public: the caller's, never touched by the library. */
  void* data;

  /* Private. */
  uvpool_post_cb cb;
  uvpool_task_t task; /* a place in the handle's list of finished tasks */
};

/* Has cb(post) called on the handle's loop.
 *
 * It takes no worker and counts nowhere: it works also when the pool is full,
 * draining or released. Nothing is allocated.
 *
 * Thread:   any, also from work and from done.
 * Blocks:   never.
 * Owns:     the pool, from success until cb is entered.
 * Callback: cb on the loop, exactly once, never inside the call. The loop is
 *           kept alive for posts that its own thread makes; for others see
 *           uvpool_ref. Posts count in completions_per_turn.
 * Returns:  0; UV_EINVAL an argument is NULL; UV_EALREADY the post is on its
 *           way; UV_ESHUTDOWN the handle is closing; UV_EPERM in a forked
 *           child.
 *
 * Unlike uv_async_send, n posts are n callbacks. */
UVPOOL_EXTERN int uvpool_post(uvpool_t* handle,
                              uvpool_post_t* post,
                              uvpool_post_cb cb);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_POST_H */
