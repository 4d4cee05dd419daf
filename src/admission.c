/* Admission, and the queue of callers that wait for room. The rule is in
 * admission.h. */
#include "admission.h"

#include <uvpool/pool.h>

#include "caller.h"
#include "dispatch.h"
#include "handle.h"
#include "hold.h"
#include "hooks.h"
#include "liveness.h"
#include "member.h"
#include "notice.h"
#include "spawn.h"
#include "task.h"
#include "timing.h"
#include "util.h"
#include "worker.h"

/* ---- Callers ------------------------------------------------------------- */

/* Takes a caller off the queue, to be woken with `result`. */
static void callers_answer(struct uvpool__pool* pool,
                           struct uvpool__caller* caller,
                           int result,
                           struct uvpool__effects* effects) {
  uvpool__caller_queue_remove(&pool->callers, caller);
  caller->result = result;
  caller->next = effects->admitted;
  effects->admitted = caller;
}

/* Whoever waits for room in any pool of the multi-pool looks again. */
static void unwatch(struct uvpool__pool* pool,
                    struct uvpool__effects* effects) {
  if (pool->room_watched) {
    pool->room_watched = false;
    effects->room = true;
  }
}

void uvpool__dismiss_locked(struct uvpool__pool* pool,
                            const uvpool_t* handle,
                            int result,
                            struct uvpool__effects* effects) {
  struct uvpool__caller* caller = pool->callers.head;
  while (caller != NULL) {
    struct uvpool__caller* next = caller->next;
    if (handle == NULL || caller->task->handle == handle) {
      callers_answer(pool, caller, result, effects);
    }
    caller = next;
  }
  if (handle == NULL) {
    unwatch(pool, effects);
  }
}

/* ---- Room ---------------------------------------------------------------- */

/* `effects` NULL: the caller dispatches, later. */
static void take_in(struct uvpool__pool* pool,
                    uvpool_task_t* task,
                    struct uvpool__effects* effects) {
  task->handle->accepted++;
  uvpool__timing_stamp_locked(pool, task);
  uvpool__enqueue_locked(pool, task);
  if (effects != NULL) {
    uvpool__dispatch_one_locked(pool, effects);
  }
}

/* Is there room again for a class that was refused? Callers come before class 0
 * only. */
static bool has_room_again(const struct uvpool__pool* pool) {
  unsigned classes = pool->callers.head == NULL ? pool->drain_classes
                                                : pool->drain_classes & ~1u;
  for (unsigned left = classes; left != 0; left &= left - 1) {
    if (uvpool__has_room_for_locked(pool, (unsigned) __builtin_ctz(left), 1)) {
      return true;
    }
  }
  return false;
}

void uvpool__room_locked(struct uvpool__pool* pool,
                         struct uvpool__effects* effects) {
  while (pool->callers.head != NULL && uvpool__has_room_locked(pool)) {
    struct uvpool__caller* caller = pool->callers.head;
    uvpool_task_t* task = caller->task;
    callers_answer(pool, caller, 0, effects);
    take_in(pool, task, effects);
  }
  if (uvpool__has_room_locked(pool)) {
    unwatch(pool, effects);
  }
  if (pool->state == UVPOOL__OPEN && has_room_again(pool) &&
      pool->waiting.len <= pool->settings.max_waiting / 2) {
    uvpool__notice_room_locked(pool);
    pool->drain_classes = 0;
  }
  pool->room_wanted = pool->callers.head != NULL || pool->room_watched ||
                      pool->drain_classes != 0;
}

/* 0, UVPOOL__NO_ROOM or UV_ESHUTDOWN. */
static int may_come_in(struct uvpool__pool* pool,
                       const uvpool_t* handle,
                       const uvpool_task_t* task) {
  unsigned task_class = uvpool__task_class(task);
  if (pool->state != UVPOOL__OPEN || handle->closing ||
      !uvpool__member_admits_locked(task)) {
    return UV_ESHUTDOWN;
  }
  if (pool->callers.head != NULL && task_class == 0) {
    return UVPOOL__NO_ROOM;
  }
  if (!uvpool__has_room_for_locked(pool, task_class, 1)) {
    uvpool__hold_revoke_locked(pool);
  }
  return uvpool__has_room_for_locked(pool, task_class, 1) ? 0 : UVPOOL__NO_ROOM;
}

/* Nobody lives who could take a task, and somebody could be started. A worker
 * that is leaving with the pool at its capacity starts its own successor. */
static bool needs_first_worker(const struct uvpool__pool* pool) {
  return uvpool__live_locked(pool) == 0 && pool->workers < pool->capacity;
}

/* A preallocated pool without a free record, and no memory for one more: that
 * of a worker that has ended is on its way back. The retry timer will find
 * it. */
static bool will_have_record(const struct uvpool__pool* pool, int spawn_err) {
  return spawn_err == UV_ENOMEM &&
         (pool->settings.flags & UVPOOL_PREALLOC) != 0;
}

/* Lock held, and released meanwhile if a thread has to be started. */
static int try_admit(uvpool_t* handle,
                     uvpool_task_t* task,
                     bool hold,
                     struct uvpool__effects* effects) {
  struct uvpool__pool* pool = handle->pool;
  int err = may_come_in(pool, handle, task);
  if (err == 0 && needs_first_worker(pool)) {
    uvpool__spawn_reserve_first_locked(pool);
    uvpool__lock_release(&pool->lock);
    int spawn_err = uvpool__spawn(pool, effects);
    uvpool__effects_run(pool, effects);
    uvpool__lock_acquire(&pool->lock);
    /* All has to be looked at again; if the thread could not be started,
     * somebody else may have had better luck meanwhile. */
    err = may_come_in(pool, handle, task);
    if (err == 0 && spawn_err != 0 && uvpool__live_locked(pool) == 0 &&
        !will_have_record(pool, spawn_err)) {
      err = UV_EAGAIN;
    }
  }
  if (err == 0) {
    take_in(pool, task, hold ? NULL : effects);
  }
  return err;
}

/* Lock held. Who is to hear when there is room again. */
static void want_room(uvpool_t* handle,
                      const uvpool_task_t* task,
                      unsigned on_refusal) {
  struct uvpool__pool* pool = handle->pool;
  if ((on_refusal & UVPOOL__REFUSAL_WANTS) != 0 &&
      pool->settings.on_drain != NULL) {
    handle->wants_room = true;
    pool->drain_classes |= 1u << uvpool__task_class(task);
    pool->room_wanted = true;
  }
  if ((on_refusal & UVPOOL__REFUSAL_WATCHES) != 0) {
    pool->room_watched = true;
    pool->room_wanted = true;
  }
}

int uvpool__admit_or(uvpool_t* handle,
                     uvpool_task_t* task,
                     unsigned on_refusal) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  bool on_loop = uvpool__task_is(task, UVPOOL__TASK_HOLDS_LOOP);
  bool hold = on_loop && handle->port->holding;
  if (hold && !uvpool__task_is(task, UVPOOL__TASK_OPTIONS) &&
      uvpool__hold_submit(handle, task)) {
    return 0;
  }
  uvpool__lock_acquire(&pool->lock);
  if (hold) {
    uvpool__hold_hand_over_locked(handle, &effects); /* they come first */
  }
  int err = try_admit(handle, task, hold, &effects);
  if (hold) {
    uvpool__hold_grant_locked(handle);
  }
  if (err == UVPOOL__NO_ROOM) {
    want_room(handle, task, on_refusal);
  }
  if ((err == UVPOOL__NO_ROOM || err == UV_EAGAIN) &&
      (on_refusal & UVPOOL__REFUSAL_COUNTS) != 0) {
    pool->counters.refused++;
  }
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  if (err == 0 && on_loop) {
    /* Not too late: done runs on this very thread. */
    uvpool__liveness_hold(handle->port);
  }
  return err;
}

int uvpool__admit(uvpool_t* handle, uvpool_task_t* task) {
  uvpool__tell(handle->pool, task, UVPOOL_TASK_ENQUEUE, 0);
  int err = uvpool__admit_or(
      handle, task, UVPOOL__REFUSAL_COUNTS | UVPOOL__REFUSAL_WANTS);
  if (err == UVPOOL__NO_ROOM) {
    err = UV_EAGAIN;
  }
  if (err != 0) {
    uvpool__tell(handle->pool, task, UVPOOL_TASK_REFUSE, err);
  }
  return err;
}

/* ---- Waiting for room ---------------------------------------------------- */

/* Lock held. A thread that must not wait for this pool. */
static bool would_deadlock(const struct uvpool__pool* pool) {
  for (const uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    if (uvpool__on_loop(h)) {
      return true;
    }
  }
  return uvpool__worker_pool() == pool;
}

/* Lock held, and released while it waits. */
static int wait_for_room(struct uvpool__pool* pool,
                         struct uvpool__caller* caller,
                         uint64_t deadline_ns) {
  uvpool__caller_queue_insert(&pool->callers, pool->callers.tail, caller);
  pool->room_wanted = true;
  uvpool__lock_release(&pool->lock);
  bool woken = uvpool__parker_park_until(&caller->parker, deadline_ns);
  uvpool__lock_acquire(&pool->lock);
  if (woken) {
    return caller->result;
  }
  if (caller->queued) {
    uvpool__caller_queue_remove(&pool->callers, caller);
    return UV_ETIMEDOUT;
  }
  /* Answered at the last moment: the token is on its way to our stack. */
  uvpool__lock_release(&pool->lock);
  uvpool__parker_park(&caller->parker);
  uvpool__lock_acquire(&pool->lock);
  return caller->result;
}

void uvpool__caller_enter_locked(uvpool_t* handle) {
  handle->callers++;
}

void uvpool__caller_leave(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  uvpool__lock_acquire(&pool->lock);
  handle->callers--;
  if (handle->closing && handle->callers == 0) {
    uvpool__handle_post(handle, UVPOOL__NOTICE_STATE);
  }
  uvpool__lock_release(&pool->lock);
}

static int admit_or_wait(uvpool_t* handle,
                         struct uvpool__caller* caller,
                         uint64_t timeout_ms) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  uvpool__caller_enter_locked(handle);
  int err = would_deadlock(pool)
                ? UV_EPERM
                : try_admit(handle, caller->task, false, &effects);
  if (err == UVPOOL__NO_ROOM && timeout_ms == 0) {
    err = UV_ETIMEDOUT;
  } else if (err == UVPOOL__NO_ROOM &&
             pool->callers.len >= pool->settings.max_blocked) {
    err = UV_EAGAIN;
  } else if (err == UVPOOL__NO_ROOM) {
    err = wait_for_room(pool, caller, uvpool__deadline_ns(timeout_ms));
  }
  if (err == UV_ETIMEDOUT || err == UV_EAGAIN) {
    pool->counters.refused++;
  }
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  if (err != 0) {
    uvpool__tell(pool, caller->task, UVPOOL_TASK_REFUSE, err);
  }
  /* Close waits for the count, so that nothing of the pool is touched after. */
  uvpool__caller_leave(handle);
  return err;
}

int uvpool__admit_wait(uvpool_t* handle,
                       uvpool_task_t* task,
                       uint64_t timeout_ms) {
  struct uvpool__caller caller = {.task = task};
  if (uvpool__parker_init(&caller.parker) != 0) {
    return UV_ENOMEM;
  }
  uvpool__tell(handle->pool, task, UVPOOL_TASK_ENQUEUE, 0);
  int err = admit_or_wait(handle, &caller, timeout_ms);
  uvpool__parker_destroy(&caller.parker);
  return err;
}
