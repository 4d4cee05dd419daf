/* Release and drain under the lock; see release.h. */
#include "release.h"

#include <uv.h>
#include <uvpool/pool.h>

#include "admission.h"
#include "dispatch.h"
#include "handle.h"
#include "hold.h"
#include "notice.h"
#include "task.h"
#include "task_options.h"
#include "util.h"

static void chain(struct uvpool__effects* effects, uvpool_task_t* task) {
  task->next = NULL;
  if (effects->ended_tail == NULL) {
    effects->ended = task;
  } else {
    effects->ended_tail->next = task;
  }
  effects->ended_tail = task;
}

void uvpool__end_waiting_locked(struct uvpool__pool* pool,
                                uvpool_task_t* task,
                                int status,
                                struct uvpool__effects* effects) {
  assert(uvpool__task_is(task, UVPOOL__TASK_WAITING));
  pool->waiting.len--;
  if (uvpool__task_is(task, UVPOOL__TASK_OPTIONS)) {
    uvpool__options_ended_locked(pool, task);
  } else {
    uvpool__waiting_quit(&pool->waiting, task);
  }
  uvpool__load_update_locked(pool);
  uvpool__task_change(task, UVPOOL__TASK_WAITING, UVPOOL__TASK_CANCELLED);
  task->end.status = status;
  if (status == UV_ETIMEDOUT) {
    pool->counters.expired++;
  } else {
    pool->counters.cancelled++;
  }
  chain(effects, task);
}

int uvpool__cancel_locked(struct uvpool__pool* pool,
                          uvpool_task_t* task,
                          struct uvpool__effects* effects) {
  if (uvpool__task_is(task, UVPOOL__TASK_WAITING)) {
    uvpool__end_waiting_locked(pool, task, UV_ECANCELED, effects);
  } else if (uvpool__task_is(task, UVPOOL__TASK_HELD)) {
    uvpool__task_set(task, UVPOOL__TASK_CANCELLED); /* the hand-over ends it */
  } else if (!uvpool__task_is(task, UVPOOL__TASK_CANCELLED)) {
    /* Relaxed: a wish, which carries no data. */
    __atomic_store_n(&task->wish, 1, __ATOMIC_RELAXED);
    return UV_EBUSY;
  }
  return 0;
}

void uvpool__fewer_wait_locked(struct uvpool__pool* pool,
                               struct uvpool__effects* effects) {
  if (pool->room_wanted) {
    uvpool__room_locked(pool, effects);
  }
  if (pool->state == UVPOOL__DRAINING && pool->waiting.len == 0 &&
      pool->reserved == 0) {
    uvpool__release_locked(pool, effects);
  }
}

/* Of those that stand behind in serial queues; `handle` NULL: all. */
static void cancel_behind(struct uvpool__pool* pool,
                          const uvpool_t* handle,
                          struct uvpool__effects* effects) {
  uvpool_serial_t* next = NULL;
  for (uvpool_serial_t* s = pool->waiting.backed_up; s != NULL; s = next) {
    next = s->next_backed_up; /* without anything behind it leaves the list */
    while ((handle == NULL || s->member.handle == handle) &&
           s->behind.head != NULL) {
      uvpool__end_waiting_locked(pool, s->behind.head, UV_ECANCELED, effects);
    }
  }
}

static void cancel_lane(struct uvpool__pool* pool,
                        const struct uvpool_task_queue_s* lane,
                        const uvpool_t* handle,
                        struct uvpool__effects* effects) {
  uvpool_task_t* next = NULL;
  for (uvpool_task_t* task = lane->head; task != NULL; task = next) {
    next = task->next;
    if (handle == NULL || task->handle == handle) {
      uvpool__end_waiting_locked(pool, task, UV_ECANCELED, effects);
    }
  }
}

/* What stands behind goes first, so that nothing moves up into a lane. */
static void cancel_all(struct uvpool__pool* pool,
                       const uvpool_t* handle,
                       struct uvpool__effects* effects) {
  cancel_behind(pool, handle, effects);
  for (unsigned i = 0; i < UVPOOL__LANES; i++) {
    cancel_lane(pool, &pool->waiting.lanes[i], handle, effects);
  }
}

void uvpool__cancel_handle_locked(struct uvpool__pool* pool,
                                  const uvpool_t* handle,
                                  struct uvpool__effects* effects) {
  cancel_all(pool, handle, effects);
  uvpool__fewer_wait_locked(pool, effects);
}

void uvpool__release_locked(struct uvpool__pool* pool,
                            struct uvpool__effects* effects) {
  if (pool->state >= UVPOOL__RELEASING) {
    return;
  }
  cancel_all(pool, NULL, effects);
  uvpool__dismiss_locked(pool, NULL, UV_ESHUTDOWN, effects);
  uvpool__hold_revoke_locked(pool);
  uvpool__state_move_locked(pool, UVPOOL__RELEASING);
  uvpool__retire_locked(pool, uvpool__worker_queue_len(&pool->idle), effects);
  uvpool__notice_all_locked(pool, UVPOOL__NOTICE_STATE);
}

void uvpool__drain_locked(struct uvpool__pool* pool,
                          struct uvpool__effects* effects) {
  if (pool->state != UVPOOL__OPEN) {
    return;
  }
  uvpool__hold_revoke_locked(pool);
  if (pool->waiting.len == 0 && pool->reserved == 0) {
    uvpool__release_locked(pool, effects);
    return;
  }
  uvpool__dismiss_locked(pool, NULL, UV_ESHUTDOWN, effects);
  uvpool__state_move_locked(pool, UVPOOL__DRAINING);
}

int uvpool_release(uvpool_t* handle) {
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  uvpool__release_locked(pool, &effects);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  return 0;
}

int uvpool_cancel(uvpool_task_t* task) {
  if (task == NULL || !uvpool__task_in_flight(task)) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_enter(task->handle);
  if (err != 0) {
    return err;
  }
  struct uvpool__pool* pool = task->handle->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  err = uvpool__cancel_locked(pool, task, &effects);
  if (err == 0) {
    uvpool__fewer_wait_locked(pool, &effects);
    uvpool__dispatch_locked(pool, &effects);
  }
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  return err;
}
