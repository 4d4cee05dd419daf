/* Admission: uvpool_submit and uvpool_submit_wait, and the queue of callers
 * that the latter keeps. The rule is in admission.h. */
#include "admission.h"

#include <uvpool/pool.h>

#include "caller.h"
#include "dispatch.h"
#include "handle.h"
#include "hold.h"
#include "liveness.h"
#include "notice.h"
#include "spawn.h"
#include "task.h"
#include "util.h"
#include "worker.h"

/* Why a task was not admitted, besides negative UV_E*. */
enum { NO_ROOM = 1 };

/* ---- Callers ------------------------------------------------------------- */

static void callers_push(struct uvpool__pool* pool,
                         struct uvpool__caller* caller) {
  struct uvpool__caller_queue* queue = &pool->callers;
  caller->next = NULL;
  caller->prev = queue->tail;
  if (queue->tail == NULL) {
    queue->head = caller;
  } else {
    queue->tail->next = caller;
  }
  queue->tail = caller;
  caller->queued = true;
  pool->blocked++;
  pool->room_wanted = true;
}

static void callers_remove(struct uvpool__pool* pool,
                           struct uvpool__caller* caller) {
  struct uvpool__caller_queue* queue = &pool->callers;
  if (caller->prev == NULL) {
    queue->head = caller->next;
  } else {
    caller->prev->next = caller->next;
  }
  if (caller->next == NULL) {
    queue->tail = caller->prev;
  } else {
    caller->next->prev = caller->prev;
  }
  caller->queued = false;
  pool->blocked--;
}

/* Takes a caller off the queue, to be woken with `result`. */
static void callers_answer(struct uvpool__pool* pool,
                           struct uvpool__caller* caller,
                           int result,
                           struct uvpool__effects* effects) {
  callers_remove(pool, caller);
  caller->result = result;
  caller->next = effects->admitted;
  effects->admitted = caller;
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
}

/* ---- Room ---------------------------------------------------------------- */

static void take_in(struct uvpool__pool* pool,
                    uvpool_task_t* task,
                    struct uvpool__effects* effects) {
  task->handle->accepted++;
  uvpool__enqueue_locked(pool, task, effects);
}

void uvpool__room_locked(struct uvpool__pool* pool,
                         struct uvpool__effects* effects) {
  while (pool->callers.head != NULL && uvpool__has_room_locked(pool)) {
    struct uvpool__caller* caller = pool->callers.head;
    uvpool_task_t* task = caller->task;
    callers_answer(pool, caller, 0, effects);
    take_in(pool, task, effects);
  }
  if (pool->state == UVPOOL__OPEN && pool->callers.head == NULL &&
      uvpool__has_room_locked(pool) &&
      pool->waiting.len <= pool->settings.max_waiting / 2) {
    uvpool__notice_room_locked(pool);
    pool->room_wanted = false;
  }
}

/* 0, NO_ROOM or UV_ESHUTDOWN. */
static int may_come_in(struct uvpool__pool* pool, const uvpool_t* handle) {
  if (pool->state != UVPOOL__OPEN || handle->closing) {
    return UV_ESHUTDOWN;
  }
  if (pool->callers.head != NULL) {
    return NO_ROOM;
  }
  if (!uvpool__has_room_locked(pool)) {
    uvpool__hold_revoke_locked(pool);
  }
  return uvpool__has_room_locked(pool) ? 0 : NO_ROOM;
}

/* Nobody lives who could take a task, and somebody could be started. A worker
 * that is leaving with the pool at its capacity starts its own successor. */
static bool needs_first_worker(const struct uvpool__pool* pool) {
  return uvpool__live_locked(pool) == 0 && pool->workers < pool->capacity;
}

/* Lock held, and released meanwhile if a thread has to be started. */
static int try_admit(uvpool_t* handle,
                     uvpool_task_t* task,
                     bool hold,
                     struct uvpool__effects* effects) {
  struct uvpool__pool* pool = handle->pool;
  int err = may_come_in(pool, handle);
  if (err == 0 && needs_first_worker(pool)) {
    uvpool__spawn_reserve_first_locked(pool);
    uvpool__lock_release(&pool->lock);
    int spawn_err = uvpool__spawn(pool, effects);
    uvpool__effects_run(pool, effects);
    uvpool__lock_acquire(&pool->lock);
    /* All has to be looked at again; if the thread could not be started,
     * somebody else may have had better luck meanwhile. */
    err = may_come_in(pool, handle);
    if (err == 0 && spawn_err != 0 && uvpool__live_locked(pool) == 0) {
      err = UV_EAGAIN;
    }
  }
  if (err == 0) {
    take_in(pool, task, hold ? NULL : effects);
  }
  return err;
}

int uvpool__admit(uvpool_t* handle, uvpool_task_t* task) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  bool on_loop = (task->flags & UVPOOL__TASK_HOLDS_LOOP) != 0;
  bool hold = on_loop && handle->port->holding;
  if (hold && uvpool__hold_submit(handle, task)) {
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
  if (err == NO_ROOM) {
    handle->wants_room = pool->settings.on_drain != NULL;
    pool->room_wanted = pool->room_wanted || handle->wants_room;
    err = UV_EAGAIN;
  }
  if (err == UV_EAGAIN) {
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

/* ---- Submit -------------------------------------------------------------- */

static int check_arguments(const uvpool_t* handle,
                           const uvpool_task_t* task,
                           uvpool_work_cb work,
                           uvpool_done_cb done) {
  if (task == NULL || work == NULL || done == NULL) {
    return UV_EINVAL;
  }
  return uvpool__handle_check(handle);
}

int uvpool_submit(uvpool_t* handle,
                  uvpool_task_t* task,
                  uvpool_work_cb work,
                  uvpool_done_cb done) {
  int err = check_arguments(handle, task, work, done);
  if (err != 0) {
    return err;
  }
  if (!uvpool__task_claim(task)) {
    return UV_EALREADY;
  }
  uvpool__task_prepare(task,
                       handle,
                       work,
                       done,
                       uvpool__on_loop(handle) ? UVPOOL__TASK_HOLDS_LOOP : 0);
  err = uvpool__admit(handle, task);
  if (err != 0) {
    uvpool__task_free(task);
  }
  return err;
}

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
  callers_push(pool, caller);
  uvpool__lock_release(&pool->lock);
  bool woken = uvpool__parker_park_until(&caller->parker, deadline_ns);
  uvpool__lock_acquire(&pool->lock);
  if (woken) {
    return caller->result;
  }
  if (caller->queued) {
    callers_remove(pool, caller);
    return UV_ETIMEDOUT;
  }
  /* Answered at the last moment: the token is on its way to our stack. */
  uvpool__lock_release(&pool->lock);
  uvpool__parker_park(&caller->parker);
  uvpool__lock_acquire(&pool->lock);
  return caller->result;
}

static int admit_or_wait(uvpool_t* handle,
                         struct uvpool__caller* caller,
                         uint64_t timeout_ms) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  if (would_deadlock(pool)) {
    uvpool__lock_release(&pool->lock);
    return UV_EPERM;
  }
  handle->callers++;
  int err = try_admit(handle, caller->task, false, &effects);
  if (err == NO_ROOM && timeout_ms == 0) {
    err = UV_ETIMEDOUT;
  } else if (err == NO_ROOM) {
    err = wait_for_room(pool, caller, uvpool__deadline_ns(timeout_ms));
  }
  if (err == UV_ETIMEDOUT || err == UV_EAGAIN) {
    pool->counters.refused++;
  }
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);

  /* Close waits for the count, so that nothing of the pool is touched after. */
  uvpool__lock_acquire(&pool->lock);
  handle->callers--;
  if (handle->closing && handle->callers == 0) {
    uvpool__handle_post(handle, UVPOOL__NOTICE_STATE);
  }
  uvpool__lock_release(&pool->lock);
  return err;
}

int uvpool_submit_wait(uvpool_t* handle,
                       uvpool_task_t* task,
                       uvpool_work_cb work,
                       uvpool_done_cb done,
                       uint64_t timeout_ms) {
  int err = check_arguments(handle, task, work, done);
  if (err != 0) {
    return err;
  }
  if (!uvpool__task_claim(task)) {
    return UV_EALREADY;
  }
  struct uvpool__caller caller = {.task = task};
  err = uvpool__parker_init(&caller.parker);
  if (err != 0) {
    uvpool__task_free(task);
    return UV_ENOMEM;
  }
  uvpool__task_prepare(task, handle, work, done, 0);
  err = admit_or_wait(handle, &caller, timeout_ms);
  uvpool__parker_destroy(&caller.parker);
  if (err != 0) {
    uvpool__task_free(task);
  }
  return err;
}
