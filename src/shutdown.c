/* Release, drain, reboot and close on the loop; see shutdown.h. */
#include "shutdown.h"

#include "admission.h"
#include "default_pool.h"
#include "dispatch.h"
#include "liveness.h"
#include "member.h"
#include "notice.h"
#include "pool.h"
#include "purge.h"
#include "release.h"
#include "retry.h"
#include "spawn.h"
#include "util.h"

/* ---- Settling ------------------------------------------------------------ */

/* Lock held, on the loop of `handle`. Moves on to RELEASED when all is done. */
static void settle(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  if (pool->state != UVPOOL__RELEASING) {
    return;
  }
  /* Of tasks: posts may come and go for ever. */
  handle->settled =
      handle->accepted - handle->posted == handle->delivered - handle->arrived;
  if (pool->threads > 0) {
    return;
  }
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    if (!h->settled) {
      return;
    }
  }
  uvpool__state_move_locked(pool, UVPOOL__RELEASED);
  uvpool__notice_all_locked(pool, UVPOOL__NOTICE_STATE);
}

void uvpool__shutdown_rest(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  uvpool__lock_acquire(&pool->lock);
  bool releasing = pool->state >= UVPOOL__RELEASING;
  if (releasing) {
    pool->timers_on = false;
    pool->retry_on = false;
  }
  uvpool__lock_release(&pool->lock);
  if (releasing) {
    uvpool__purge_stop(handle);
    uvpool__retry_stop(handle);
  }
}

/* ---- Release and drain with a callback ----------------------------------- */

static void on_release_timer(uv_timer_t* timer);

/* For the handle whose time is up first. */
static void arm_release_timer(struct uvpool__port* port) {
  uint64_t first = UVPOOL__NEVER;
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->release_cb != NULL && h->release_deadline_ns < first) {
      first = h->release_deadline_ns;
    }
  }
  if (first == UVPOOL__NEVER) {
    uv_timer_stop(&port->release_timer);
    return;
  }
  uv_timer_start(
      &port->release_timer, on_release_timer, uvpool__ms_until(first), 0);
}

static void answer(uvpool_t* handle, int status) {
  uvpool_release_cb cb = handle->release_cb;
  handle->release_cb = NULL;
  arm_release_timer(handle->port);
  cb(handle, status);
  uvpool__liveness_drop(handle->port);
}

bool uvpool__shutdown_answer(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  if (handle->release_cb == NULL) {
    return false;
  }
  uvpool__lock_acquire(&pool->lock);
  settle(handle);
  bool released = pool->state == UVPOOL__RELEASED;
  uvpool__lock_release(&pool->lock);
  if (handle->closing || released) {
    answer(handle, handle->closing ? UV_ECANCELED : 0);
    return true;
  }
  return false;
}

static void on_release_timer(uv_timer_t* timer) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(timer, struct uvpool__port, release_timer);
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->release_cb == NULL) {
      continue;
    }
    /* It may be over without the bell having been heard yet; and the loop's own
     * notion of now may have been behind when the timer was armed. */
    uvpool__reap(h->pool);
    if (!uvpool__shutdown_answer(h) &&
        uvpool__monotonic_ns() >= h->release_deadline_ns) {
      answer(h, UV_ETIMEDOUT);
    }
  }
  arm_release_timer(port);
}

typedef void (*begin_locked)(struct uvpool__pool* pool,
                             struct uvpool__effects* effects);

static int request(uvpool_t* handle,
                   uint64_t timeout_ms,
                   uvpool_release_cb cb,
                   begin_locked begin) {
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  if (cb == NULL) {
    return UV_EINVAL;
  }
  if (!uvpool__on_loop(handle)) {
    return UV_EPERM;
  }
  if (handle->closing) {
    return UV_ESHUTDOWN;
  }
  if (handle->release_cb != NULL) {
    return UV_EALREADY;
  }
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  handle->release_cb = cb;
  uvpool__liveness_hold(handle->port);
  handle->release_deadline_ns = timeout_ms == UINT64_MAX
                                    ? UVPOOL__NEVER
                                    : uvpool__deadline_ns(timeout_ms);
  arm_release_timer(handle->port);
  uvpool__lock_acquire(&pool->lock);
  begin(pool, &effects);
  uvpool__handle_post(handle, UVPOOL__NOTICE_STATE);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  return 0;
}

int uvpool_release_timeout(uvpool_t* handle,
                           uint64_t timeout_ms,
                           uvpool_release_cb cb) {
  return request(handle, timeout_ms, cb, uvpool__release_locked);
}

int uvpool_drain(uvpool_t* handle, uint64_t timeout_ms, uvpool_release_cb cb) {
  return request(handle, timeout_ms, cb, uvpool__drain_locked);
}

/* ---- Reboot -------------------------------------------------------------- */

int uvpool__shutdown_may_reboot(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  uvpool__reap(pool);
  uvpool__lock_acquire(&pool->lock);
  settle(handle);
  bool may = pool->state == UVPOOL__OPEN || pool->state == UVPOOL__RELEASED;
  uvpool__lock_release(&pool->lock);
  return may ? 0 : UV_EBUSY;
}

/* Lock held. 0 if the pool may be opened, UV_EBUSY, or 1 if it is open. */
static int reopen(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  settle(handle);
  if (pool->state == UVPOOL__OPEN) {
    return 1;
  }
  if (pool->state != UVPOOL__RELEASED) {
    return UV_EBUSY;
  }
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    h->settled = false;
  }
  pool->backoff = (struct uvpool__spawn_backoff) {0};
  uvpool__state_move_locked(pool, UVPOOL__OPEN);
  return 0;
}

int uvpool_reboot(uvpool_t* handle) {
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  if (!uvpool__on_loop(handle)) {
    return UV_EPERM;
  }
  if (handle->closing) {
    return UV_ESHUTDOWN;
  }
  uvpool__reap(handle->pool);
  uvpool__lock_acquire(&handle->pool->lock);
  err = reopen(handle);
  uvpool__lock_release(&handle->pool->lock);
  if (err != 0) {
    return err < 0 ? err : 0;
  }
  err = uvpool__pool_warm_up(handle->pool);
  if (err != 0) {
    uvpool_release(handle);
  }
  return err;
}

/* ---- Close --------------------------------------------------------------- */

/* Lock held. */
static void unlist(uvpool_t* handle) {
  uvpool_t** link = &handle->pool->handles;
  while (*link != handle) {
    link = &(*link)->next;
  }
  *link = handle->next;
}

static bool is_last_locked(const uvpool_t* handle) {
  const uvpool_t* first = handle->pool->handles;
  return first == handle && first->next == NULL;
}

/* Lock held. Has everything happened that must before the handle may go? */
static bool may_leave(uvpool_t* handle) {
  return handle->closing && !handle->port->witness_open &&
         handle->accepted == handle->delivered && handle->callers == 0 &&
         handle->members == NULL && handle->members_due == NULL &&
         UVPOOL__IMPLIES(is_last_locked(handle),
                         handle->pool->state == UVPOOL__RELEASED);
}

/* Returns whether the handle has left. */
static bool step(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  (void) uvpool__shutdown_answer(handle);
  uvpool__lock_acquire(&pool->lock);
  settle(handle);
  bool leave = may_leave(handle);
  if (leave) {
    bool last = is_last_locked(handle);
    unlist(handle);
    if (last) {
      uvpool__state_move_locked(pool, UVPOOL__CLOSED);
    }
  }
  handle->winding_down =
      !leave && (handle->closing || handle->release_cb != NULL ||
                 pool->state == UVPOOL__RELEASING);
  uvpool__lock_release(&pool->lock);
  return leave;
}

void uvpool__shutdown_step(struct uvpool__port* port) {
  uvpool_t* next = NULL;
  port->winding_down = false;
  for (uvpool_t* h = port->handles; h != NULL; h = next) {
    next = h->next_in_port;
    if (h->winding_down && step(h)) {
      uvpool__port_leave(h);
    }
    port->winding_down = port->winding_down || h->winding_down;
  }
  uvpool__port_end(port);
}

void uvpool__shutdown_look(uvpool_t* handle) {
  uvpool__reap(handle->pool);
  handle->winding_down = true;
}

/* Lock held, the handle was the keeper. The timers that it runs for the pool
 * are another's now. */
static void hand_over_roles(struct uvpool__pool* pool) {
  unsigned notices = pool->exited != NULL ? UVPOOL__NOTICE_REAP : 0u;
  if (pool->timers_on) {
    notices |= UVPOOL__NOTICE_TIMERS;
  }
  if (pool->retry_on) {
    notices |= UVPOOL__NOTICE_RETRY;
  }
  if (notices != 0) {
    uvpool__notice_keeper_locked(pool, notices);
  }
}

static bool all_are_closing(const struct uvpool__pool* pool) {
  for (const uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    if (!h->closing) {
      return false;
    }
  }
  return true;
}

/* In a forked child: nobody is there to wait for, and no lock to trust. */
static int close_inherited(uvpool_t* handle, uvpool_close_cb close_cb) {
  struct uvpool__port* port = handle->port;
  if (handle->closing) {
    return UV_EALREADY;
  }
  handle->closing = true;
  handle->close_cb = close_cb;
  uvpool__members_forsake(handle);
  uvpool__port_leave(handle);
  if (port->handles == NULL) {
    uvpool__port_end_inherited(port);
  }
  return 0;
}

static void begin_close(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  bool was_keeper = uvpool__keeper_locked(pool) == handle;
  handle->closing = true;
  uvpool__cancel_handle_locked(pool, handle, &effects);
  uvpool__dismiss_locked(pool, handle, UV_ESHUTDOWN, &effects);
  if (all_are_closing(pool)) {
    uvpool__release_locked(pool, &effects);
  } else if (was_keeper) {
    hand_over_roles(pool);
  }
  uvpool__dispatch_locked(pool, &effects);
  uvpool__handle_post(handle, UVPOOL__NOTICE_STATE);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
}

int uvpool__close(uvpool_t* handle, uvpool_close_cb close_cb) {
  int err = uvpool__handle_enter(handle);
  if (err == UV_EPERM) {
    return close_inherited(handle, close_cb);
  }
  if (err != 0) {
    return err;
  }
  if (!uvpool__on_loop(handle)) {
    return UV_EPERM;
  }
  if (handle->closing) {
    return UV_EALREADY;
  }
  if (handle->is_default) {
    uvpool__default_forget(handle);
  }
  handle->close_cb = close_cb;
  uvpool__liveness_hold(handle->port);
  uvpool__purge_stop(handle);
  uvpool__retry_stop(handle);
  begin_close(handle);
  uvpool__members_close(handle);
  uvpool__port_call_witness(handle->port);
  return 0;
}

int uvpool_close(uvpool_t* handle, uvpool_close_cb close_cb) {
  if (handle == NULL) {
    return UV_EINVAL;
  }
  return handle->owned ? UV_EPERM : uvpool__close(handle, close_cb);
}
