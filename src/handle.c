/* The handle: its libuv handles, and what a turn of its loop does. */
#include "handle.h"

#include "completion_queue.h"
#include "fork.h"
#include "hold.h"
#include "liveness.h"
#include "notice.h"
#include "pool.h"
#include "purge.h"
#include "retry.h"
#include "shutdown.h"
#include "spawn.h"
#include "util.h"

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

/* ---- A turn -------------------------------------------------------------- */

static void heed(uvpool_t* handle, unsigned notices) {
  const struct uvpool__settings* settings = &handle->pool->settings;
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
    uvpool__shutdown_rest(handle);
    (void) uvpool__shutdown_answer(handle);
  }
  if ((notices & UVPOOL__NOTICE_ROOM) != 0 && !handle->closing) {
    settings->on_drain(handle);
  }
}

void uvpool__handle_turn(uvpool_t* handle) {
  struct uvpool__doorbell* bell = &handle->doorbell;
  for (;;) {
    heed(handle, uvpool__doorbell_take(bell));
    if (uvpool__completion_deliver(handle)) {
      uvpool__doorbell_again(bell);
      break;
    }
    uvpool__doorbell_hush(bell);
    if (!uvpool__completion_pending(handle) &&
        !uvpool__doorbell_has_notices(bell)) {
      break;
    }
    if (!uvpool__doorbell_resume(bell)) {
      break;
    }
  }
  if (handle->winding_down) {
    uvpool__shutdown_step(handle);
  }
}

static void on_bell(uv_async_t* async) {
  uvpool__handle_turn(UVPOOL__CONTAINER_OF(async, uvpool_t, doorbell.async));
}

/* ---- Open and shut ------------------------------------------------------- */

enum { INNER_TIMERS = 4 };

static void list_timers(uvpool_t* handle, uv_timer_t* timers[INNER_TIMERS]) {
  timers[0] = &handle->clock_timer;
  timers[1] = &handle->purge_timer;
  timers[2] = &handle->retry_timer;
  timers[3] = &handle->release_timer;
}

int uvpool__handle_open(uvpool_t* handle) {
  uv_timer_t* timers[INNER_TIMERS];
  list_timers(handle, timers);
  int err = uvpool__doorbell_init(&handle->doorbell, handle->loop, on_bell);
  if (err != 0) {
    return err;
  }
  uv_unref((uv_handle_t*) &handle->doorbell.async);
  handle->inner_open = 1;
  for (int i = 0; i < INNER_TIMERS; i++) {
    err = uv_timer_init(handle->loop, timers[i]);
    if (err != 0) {
      return err;
    }
    uv_unref((uv_handle_t*) timers[i]);
    handle->inner_open++;
  }
  return 0;
}

/* One inner handle is closed; the last one ends the handle. */
static void count_down(uvpool_t* handle) {
  if (--handle->inner_open == 0) {
    handle->on_shut(handle);
  }
}

static void on_async_closed(uv_handle_t* async) {
  count_down(UVPOOL__CONTAINER_OF(async, uvpool_t, doorbell.async));
}

static void on_timer_closed(uv_handle_t* timer) {
  /* A timer cannot tell which of ours it is, so its data does. */
  count_down(timer->data);
}

void uvpool__handle_shut(uvpool_t* handle, void (*on_shut)(uvpool_t* handle)) {
  uv_timer_t* timers[INNER_TIMERS];
  unsigned timers_open = handle->inner_open - 1;
  list_timers(handle, timers);
  handle->on_shut = on_shut;
  /* The doorbell's share of the count is taken last, by itself or by the rescue
   * timer in its place. */
  for (unsigned i = 0; i < timers_open; i++) {
    timers[i]->data = handle;
    if (uv_is_closing((uv_handle_t*) timers[i])) {
      handle->inner_open--; /* by the user's uv_walk, and long ago */
    } else {
      uv_close((uv_handle_t*) timers[i], on_timer_closed);
    }
  }
  if (!uv_is_closing((uv_handle_t*) &handle->doorbell.async)) {
    uv_close((uv_handle_t*) &handle->doorbell.async, on_async_closed);
    return;
  }
  /* Whoever closed the doorbell's async has made us use the rescue timer. */
  handle->rescue_timer.data = handle;
  uv_close((uv_handle_t*) &handle->rescue_timer, on_timer_closed);
}
