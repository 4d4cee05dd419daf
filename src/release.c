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
#include "util.h"

void uvpool__cancel_waiting_locked(struct uvpool__pool* pool,
                                   uvpool_task_t* task,
                                   struct uvpool__effects* effects) {
  assert((task->flags & UVPOOL__TASK_WAITING) != 0);
  uvpool__task_queue_remove(&pool->waiting, task);
  uvpool__load_update_locked(pool);
  task->flags &= ~(uint32_t) UVPOOL__TASK_WAITING;
  task->flags |= UVPOOL__TASK_CANCELLED;
  task->status = UV_ECANCELED;
  task->next = NULL;
  pool->counters.cancelled++;
  if (effects->cancelled_tail == NULL) {
    effects->cancelled = task;
  } else {
    effects->cancelled_tail->next = task;
  }
  effects->cancelled_tail = task;
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

void uvpool__cancel_handle_locked(struct uvpool__pool* pool,
                                  const uvpool_t* handle,
                                  struct uvpool__effects* effects) {
  uvpool_task_t* task = pool->waiting.head;
  while (task != NULL) {
    uvpool_task_t* next = task->next;
    if (task->handle == handle) {
      uvpool__cancel_waiting_locked(pool, task, effects);
    }
    task = next;
  }
  uvpool__fewer_wait_locked(pool, effects);
}

void uvpool__release_locked(struct uvpool__pool* pool,
                            struct uvpool__effects* effects) {
  if (pool->state >= UVPOOL__RELEASING) {
    return;
  }
  while (pool->waiting.head != NULL) {
    uvpool__cancel_waiting_locked(pool, pool->waiting.head, effects);
  }
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
  if ((task->flags & UVPOOL__TASK_WAITING) != 0) {
    uvpool__cancel_waiting_locked(pool, task, &effects);
    uvpool__fewer_wait_locked(pool, &effects);
  } else if ((task->flags & UVPOOL__TASK_HELD) != 0) {
    task->flags |= UVPOOL__TASK_CANCELLED; /* the hand-over ends it */
  } else if ((task->flags & UVPOOL__TASK_CANCELLED) == 0) {
    /* Relaxed: a wish, which carries no data. */
    __atomic_store_n(&task->wish, 1, __ATOMIC_RELAXED);
    err = UV_EBUSY;
  }
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  return err;
}
