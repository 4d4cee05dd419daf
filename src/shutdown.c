/* Release, drain, reboot and close on the loop; see shutdown.h. */
#include "shutdown.h"

#include "admission.h"
#include "alloc.h"
#include "fork.h"
#include "liveness.h"
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
  handle->settled = handle->accepted == handle->delivered;
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

static void answer(uvpool_t* handle, int status) {
  uvpool_release_cb cb = handle->release_cb;
  handle->release_cb = NULL;
  uv_timer_stop(&handle->release_timer);
  cb(handle, status);
  uvpool__liveness_drop(handle);
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

static void on_release_timer(uv_timer_t* timer);

static void arm_release_timer(uvpool_t* handle) {
  uint64_t now = uvpool__monotonic_ns();
  uint64_t until = handle->release_deadline_ns;
  uint64_t left_ms = until > now ? (until - now + 999999u) / 1000000u : 0;
  if (until != UVPOOL__NEVER) {
    uv_timer_start(&handle->release_timer, on_release_timer, left_ms, 0);
  }
}

static void on_release_timer(uv_timer_t* timer) {
  uvpool_t* handle = UVPOOL__CONTAINER_OF(timer, uvpool_t, release_timer);
  /* It may be over without the bell having been heard yet. */
  uvpool__reap(handle->pool);
  if (uvpool__shutdown_answer(handle)) {
    return;
  }
  /* The loop's own notion of now may have been behind when it was armed. */
  if (uvpool__monotonic_ns() < handle->release_deadline_ns) {
    arm_release_timer(handle);
    return;
  }
  answer(handle, UV_ETIMEDOUT);
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
  uvpool__liveness_hold(handle);
  handle->release_deadline_ns = timeout_ms == UINT64_MAX
                                    ? UVPOOL__NEVER
                                    : uvpool__deadline_ns(timeout_ms);
  arm_release_timer(handle);
  uvpool__lock_acquire(&pool->lock);
  begin(pool, &effects);
  uvpool__doorbell_post(&handle->doorbell, UVPOOL__NOTICE_STATE);
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

/* The last uv_close callback of a handle. */
static void on_shut(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  uvpool_allocator_t allocator = pool->settings.allocator;
  bool inherited = pool->fork_generation != uvpool__fork_generation();
  if (handle->close_cb != NULL) {
    handle->close_cb(handle);
  }
  uvpool__free(&allocator, handle);
  uvpool__pool_unref(pool, inherited);
}

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

/* Lock held. Has everything happened that must before uv_close begins? */
static bool may_shut(uvpool_t* handle) {
  return handle->closing && !handle->witness_open &&
         handle->accepted == handle->delivered && handle->callers == 0 &&
         UVPOOL__IMPLIES(is_last_locked(handle),
                         handle->pool->state == UVPOOL__RELEASED);
}

void uvpool__shutdown_step(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  (void) uvpool__shutdown_answer(handle);
  uvpool__lock_acquire(&pool->lock);
  settle(handle);
  bool shut = may_shut(handle);
  bool wait = shut && uvpool__doorbell_busy(&handle->doorbell);
  if (wait) {
    /* Somebody stands between its push and the end of its send. */
    uvpool__doorbell_ring(&handle->doorbell);
  } else if (shut) {
    if (is_last_locked(handle)) {
      unlist(handle);
      uvpool__state_move_locked(pool, UVPOOL__CLOSED);
    } else {
      unlist(handle);
    }
  }
  handle->winding_down = handle->closing || handle->release_cb != NULL ||
                         pool->state == UVPOOL__RELEASING;
  uvpool__lock_release(&pool->lock);
  if (shut && !wait) {
    handle->winding_down = false;
    uvpool__handle_shut(handle, on_shut);
  }
}

void uvpool__shutdown_abandon(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  uvpool__lock_acquire(&pool->lock);
  unlist(handle);
  uvpool__lock_release(&pool->lock);
  if (handle->inner_open > 0) {
    uvpool__handle_shut(handle, on_shut);
  } else {
    on_shut(handle);
  }
}

static void on_rescue(uv_timer_t* timer) {
  uvpool_t* handle = UVPOOL__CONTAINER_OF(timer, uvpool_t, rescue_timer);
  uvpool__reap(handle->pool);
  handle->winding_down = true;
  uvpool__handle_turn(handle);
}

/* Runs once in every close, at the end of the loop's turn: if the user's
 * uv_walk has closed the doorbell's async, before or after uvpool_close, polls
 * in its place. The first tick comes a turn after the async's own close
 * callback, so that its memory may go when all is done. */
static void on_witness_closed(uv_handle_t* witness) {
  uvpool_t* handle = UVPOOL__CONTAINER_OF(witness, uvpool_t, witness_timer);
  handle->witness_open = false;
  if (uv_is_closing((uv_handle_t*) &handle->doorbell.async)) {
    uv_timer_init(handle->loop, &handle->rescue_timer);
    uv_timer_start(&handle->rescue_timer, on_rescue, 1, 1);
  } else {
    uvpool__doorbell_post(&handle->doorbell, UVPOOL__NOTICE_STATE);
  }
}

/* A handle of ours that is closed from the start cannot be closed by others. */
static void call_witness(uvpool_t* handle) {
  uv_timer_init(handle->loop, &handle->witness_timer);
  handle->witness_open = true;
  uv_close((uv_handle_t*) &handle->witness_timer, on_witness_closed);
}

/* Lock held. The timers that this handle runs for the pool are another's
 * now. */
static void hand_over_roles(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  if (is_last_locked(handle)) {
    return;
  }
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

static bool all_others_closing(const uvpool_t* handle) {
  for (const uvpool_t* h = handle->pool->handles; h != NULL; h = h->next) {
    if (!h->closing) {
      return false;
    }
  }
  return true;
}

/* In a forked child: nobody is there to wait for, and no lock to trust. */
static int close_inherited(uvpool_t* handle, uvpool_close_cb close_cb) {
  if (handle->closing) {
    return UV_EALREADY;
  }
  handle->closing = true;
  handle->close_cb = close_cb;
  if (uv_is_closing((uv_handle_t*) &handle->doorbell.async)) {
    uv_timer_init(handle->loop, &handle->rescue_timer);
  }
  uvpool__handle_shut(handle, on_shut);
  return 0;
}

int uvpool_close(uvpool_t* handle, uvpool_close_cb close_cb) {
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
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  handle->close_cb = close_cb;
  uvpool__liveness_hold(handle);
  uvpool__purge_stop(handle);
  uvpool__retry_stop(handle);
  uvpool__lock_acquire(&pool->lock);
  handle->closing = true;
  uvpool__cancel_handle_locked(pool, handle, &effects);
  uvpool__dismiss_locked(pool, handle, UV_ESHUTDOWN, &effects);
  if (all_others_closing(handle)) {
    uvpool__release_locked(pool, &effects);
  }
  hand_over_roles(handle);
  uvpool__doorbell_post(&handle->doorbell, UVPOOL__NOTICE_STATE);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  call_witness(handle);
  return 0;
}
