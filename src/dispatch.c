/* Dispatch; the rule is in dispatch.h. */
#include "dispatch.h"

#include "admission.h"
#include "clock.h"
#include "notice.h"
#include "purge.h"
#include "release.h"
#include "spawn.h"
#include "task.h"
#include "util.h"
#include "worker.h"

static void wake(struct uvpool__worker* worker,
                 struct uvpool__effects* effects) {
  worker->next = effects->wake;
  effects->wake = worker;
}

void uvpool__dispatch_locked(struct uvpool__pool* pool,
                             struct uvpool__effects* effects) {
  while (pool->waiting.len > pool->waking && pool->waking < pool->wake_max) {
    struct uvpool__idle* idle = uvpool__worker_queue_detach(&pool->idle);
    if (idle != NULL) {
      struct uvpool__worker* worker =
          UVPOOL__CONTAINER_OF(idle, struct uvpool__worker, idle);
      worker->woken = true;
      pool->waking++;
      wake(worker, effects);
    } else if (uvpool__spawn_reserve_locked(pool)) {
      effects->spawn++;
    } else {
      return;
    }
  }
}

void uvpool__enqueue_locked(struct uvpool__pool* pool,
                            uvpool_task_t* task,
                            struct uvpool__effects* effects) {
  task->flags |= UVPOOL__TASK_WAITING;
  uvpool__task_queue_push(&pool->waiting, task);
  uvpool__load_update_locked(pool);
  pool->counters.accepted++;
  if (pool->waiting.len > pool->counters.waiting_max) {
    pool->counters.waiting_max = pool->waiting.len;
  }
  if (effects != NULL) {
    uvpool__dispatch_locked(pool, effects);
  }
}

uvpool_task_t* uvpool__take_locked(struct uvpool__pool* pool,
                                   struct uvpool__worker* worker,
                                   struct uvpool__effects* effects) {
  if (worker->woken) {
    worker->woken = false;
    pool->waking--;
  }
  uvpool_task_t* task = NULL;
  if (!worker->leaving && !uvpool__surplus_locked(pool)) {
    task = uvpool__task_queue_pop(&pool->waiting);
  }
  if (task != NULL) {
    task->flags &= ~(uint32_t) UVPOOL__TASK_WAITING;
    task->flags |= UVPOOL__TASK_STARTED;
    task->link.worker = worker;
    pool->counters.started++;
    pool->busy++;
    assert(pool->busy <= pool->capacity);
    if (pool->busy > pool->counters.busy_max) {
      pool->counters.busy_max = pool->busy;
    }
    if (pool->room_wanted || pool->state == UVPOOL__DRAINING) {
      uvpool__fewer_wait_locked(pool, effects);
    }
  }
  /* Its token is used up, whether or not it took something. */
  uvpool__dispatch_locked(pool, effects);
  return task;
}

void uvpool__finish_locked(struct uvpool__pool* pool,
                           bool panicked,
                           struct uvpool__effects* effects) {
  pool->busy--;
  uvpool__load_update_locked(pool);
  if (panicked) {
    pool->counters.panicked++;
  } else {
    pool->counters.completed++;
  }
  if (pool->room_wanted) {
    uvpool__room_locked(pool, effects);
  }
}

void uvpool__idle_locked(struct uvpool__pool* pool,
                         struct uvpool__worker* worker) {
  uvpool__worker_queue_insert(
      &pool->idle, &worker->idle, uvpool__clock_stamp(pool));
  if (!pool->timers_on && uvpool__purge_due_locked(pool)) {
    pool->timers_on = true;
    uvpool__notice_keeper_locked(pool, UVPOOL__NOTICE_TIMERS);
  }
}

void uvpool__retire_locked(struct uvpool__pool* pool,
                           size_t count,
                           struct uvpool__effects* effects) {
  struct uvpool__idle* idle = uvpool__worker_queue_trim(&pool->idle, count);
  while (idle != NULL) {
    struct uvpool__worker* worker =
        UVPOOL__CONTAINER_OF(idle, struct uvpool__worker, idle);
    idle = idle->next;
    worker->leaving = true;
    pool->leaving++;
    wake(worker, effects);
  }
}
