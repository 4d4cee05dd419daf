/* The handle: who may call, and what its loop is asked to do. */
#include "handle.h"

#include "process.h"
#include "deadline.h"
#include "hold.h"
#include "member.h"
#include "notice.h"
#include "pool.h"
#include "purge.h"
#include "retry.h"
#include "shutdown.h"
#include "spawn.h"

int uvpool__handle_check(const uvpool_t* handle) {
  if (handle == NULL) {
    return UV_EINVAL;
  }
  return handle->pool->fork_generation == uvpool__fork_generation() ? 0
                                                                    : UV_EPERM;
}

int uvpool__handle_enter(uvpool_t* handle) {
  int err = uvpool__handle_check(handle);
  if (err == 0 && uvpool__on_loop(handle) && handle->hold_used) {
    uvpool__hold_flush(handle);
  }
  return err;
}

void uvpool__handle_post(uvpool_t* handle, unsigned notices) {
  /* Relaxed: the release in post publishes it. */
  atomic_fetch_or_explicit(&handle->notices, notices, memory_order_relaxed);
  uvpool__doorbell_post(&handle->port->doorbell, 1);
}

void uvpool__handle_heed(uvpool_t* handle) {
  const struct uvpool__settings* settings = &handle->pool->settings;
  /* Relaxed: the doorbell's summary was acquired before. */
  unsigned notices =
      atomic_exchange_explicit(&handle->notices, 0, memory_order_relaxed);
  if ((notices & UVPOOL__NOTICE_REAP) != 0) {
    uvpool__reap(handle->pool);
  }
  if (!handle->closing) { /* else the roles are with another handle, or over */
    if ((notices & UVPOOL__NOTICE_TIMERS) != 0) {
      uvpool__purge_start(handle);
    }
    if ((notices & UVPOOL__NOTICE_RETRY) != 0) {
      uvpool__retry_start(handle);
    }
  }
  if ((notices & (UVPOOL__NOTICE_STATE | UVPOOL__NOTICE_REAP)) != 0) {
    handle->winding_down = true;
    handle->port->winding_down = true;
    uvpool__shutdown_rest(handle);
    (void) uvpool__shutdown_answer(handle);
  }
  if ((notices & UVPOOL__NOTICE_DEADLINE) != 0) {
    uvpool__deadline_set_timer(handle->port);
  }
  if ((notices & UVPOOL__NOTICE_MEMBERS) != 0) {
    uvpool__members_end(handle);
  }
  if ((notices & UVPOOL__NOTICE_ROOM) != 0 && !handle->closing) {
    settings->on_drain(handle);
  }
}
