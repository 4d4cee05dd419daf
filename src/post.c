/* Posts: a callback that takes the way of finished tasks, without having been
 * one. To the handle it is a task accepted and delivered, so that close waits
 * for it; the pool knows nothing of it, and its release does not. */
#include <uvpool/post.h>

#include "completion_queue.h"
#include "handle.h"
#include "liveness.h"
#include "pool.h"
#include "task.h"
#include "util.h"

/* Never run: a post takes no worker. */
static int no_work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void on_arrival(uvpool_task_t* task, int status) {
  uvpool_post_t* post = UVPOOL__CONTAINER_OF(task, uvpool_post_t, task);
  uvpool_t* handle = task->handle;
  (void) status;
  post->cb(post); /* from here on it may be gone, or on its way again */
  handle->arrived++;
}

/* The handle cannot go before it has been delivered. */
static int count_in(uvpool_t* handle) {
  uvpool__lock_acquire(&handle->pool->lock);
  bool closing = handle->closing;
  if (!closing) {
    handle->accepted++;
    handle->posted++;
  }
  uvpool__lock_release(&handle->pool->lock);
  return closing ? UV_ESHUTDOWN : 0;
}

int uvpool_post(uvpool_t* handle, uvpool_post_t* post, uvpool_post_cb cb) {
  if (post == NULL || cb == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_check(handle);
  if (err != 0) {
    return err;
  }
  if (!uvpool__task_claim(&post->task)) {
    return UV_EALREADY;
  }
  err = count_in(handle);
  if (err != 0) {
    uvpool__task_free(&post->task);
    return err;
  }
  bool on_loop = uvpool__on_loop(handle);
  uvpool__task_prepare(&post->task,
                       handle,
                       no_work,
                       on_arrival,
                       on_loop ? UVPOOL__TASK_HOLDS_LOOP : 0);
  post->task.end.status = 0;
  post->cb = cb;
  if (on_loop) {
    uvpool__liveness_hold(handle->port);
  }
  uvpool__completion_push(&post->task);
  return 0;
}
