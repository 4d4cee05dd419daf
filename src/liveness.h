/* What keeps the loop alive: the async of the doorbell is referenced while
 * somebody on the loop's thread has something to wait for.
 *
 * Reasons are counted: each task that was submitted on the loop's thread, a
 * pending release or drain, a close. uvpool_ref adds one that is not counted. A
 * task from another thread cannot be one: uv_ref is for the loop's thread
 * alone, and the loop could decide to end before it is told. */
#ifndef UVPOOL_SRC_LIVENESS_H
#define UVPOOL_SRC_LIVENESS_H

#include "handle.h"

/* Loop thread only, all of them. */
static inline void uvpool__liveness_update(uvpool_t* handle) {
  uv_handle_t* async = (uv_handle_t*) &handle->doorbell.async;
  if (handle->holds > 0 || handle->referenced) {
    uv_ref(async);
  } else {
    uv_unref(async);
  }
}

static inline void uvpool__liveness_hold(uvpool_t* handle) {
  if (handle->holds++ == 0) {
    uvpool__liveness_update(handle);
  }
}

static inline void uvpool__liveness_drop(uvpool_t* handle) {
  if (--handle->holds == 0) {
    uvpool__liveness_update(handle);
  }
}

#endif /* UVPOOL_SRC_LIVENESS_H */
