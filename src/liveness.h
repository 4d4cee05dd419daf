/* What keeps the loop alive: the async of the doorbell is referenced while
 * somebody on the loop's thread has something to wait for.
 *
 * Reasons are counted: each task that was submitted on the loop's thread, a
 * pending release or drain, a close, a uvpool_ref. A task from another thread
 * cannot be one: uv_ref is for the loop's thread alone, and the loop could
 * decide to end before it is told. */
#ifndef UVPOOL_SRC_LIVENESS_H
#define UVPOOL_SRC_LIVENESS_H

#include "port.h"

/* Loop thread only, both. */
static inline void uvpool__liveness_hold(struct uvpool__port* port) {
  if (port->holds++ == 0) {
    uv_ref((uv_handle_t*) &port->doorbell.async);
  }
}

static inline void uvpool__liveness_drop(struct uvpool__port* port) {
  if (--port->holds == 0) {
    uv_unref((uv_handle_t*) &port->doorbell.async);
  }
}

#endif /* UVPOOL_SRC_LIVENESS_H */
