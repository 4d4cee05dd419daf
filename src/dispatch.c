/* Dispatch; the rule is in dispatch.h. */
#include "dispatch.h"

#include <uv.h>

#include "admission.h"
#include "classes.h"
#include "clock.h"
#include "deadline.h"
#include "group.h"
#include "notice.h"
#include "purge.h"
#include "release.h"
#include "serial.h"
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
  /* Nothing that is done here changes how many may begin. */
  uint64_t runnable = uvpool__runnable_locked(pool);
  while (runnable > pool->waking && pool->waking < pool->wake_max) {
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

/* What its options ask for, on the way in. True: it goes into its lane. */
static bool join_by_options(struct uvpool__pool* pool, uvpool_task_t* task) {
  if (uvpool__task_is(task, UVPOOL__TASK_GROUPED)) {
    uvpool__group_join_locked(task);
  }
  if (uvpool__task_is(task, UVPOOL__TASK_DEADLINE)) {
    uvpool__deadline_arm_locked(task);
  }
  return !uvpool__task_is(task, UVPOOL__TASK_SERIAL) ||
         uvpool__serial_join_locked(pool, task);
}

void uvpool__enqueue_locked(struct uvpool__pool* pool, uvpool_task_t* task) {
  uvpool__task_set(task, UVPOOL__TASK_WAITING);
  pool->waiting.len++;
  if (!uvpool__task_is(task, UVPOOL__TASK_OPTIONS) ||
      join_by_options(pool, task)) {
    uvpool__waiting_join(&pool->waiting, task);
  }
  uvpool__load_update_locked(pool);
  pool->counters.accepted++;
  if (pool->waiting.len > pool->counters.waiting_max) {
    pool->counters.waiting_max = pool->waiting.len;
  }
}

void uvpool__leave_waiting_locked(struct uvpool__pool* pool,
                                  uvpool_task_t* task) {
  pool->waiting.len--;
  uvpool__task_clear(task, UVPOOL__TASK_WAITING);
  if (uvpool__task_is(task, UVPOOL__TASK_DEADLINE)) {
    uvpool__deadline_disarm_locked(task);
  }
}

/* The next task that may begin; those whose deadline has passed end. */
static uvpool_task_t* next_task(struct uvpool__pool* pool,
                                struct uvpool__effects* effects) {
  unsigned classes = uvpool__eligible_locked(pool);
  for (;;) {
    uvpool_task_t* task = uvpool__waiting_first(
        &pool->waiting, classes, pool->settings.ageing_us);
    if (task == NULL || !uvpool__task_is(task, UVPOOL__TASK_DEADLINE) ||
        !uvpool__deadline_has_passed(task, uvpool__monotonic_ns())) {
      return task;
    }
    uvpool__end_waiting_locked(pool, task, UV_ETIMEDOUT, effects);
  }
}

/* The worker has it. */
static void start(struct uvpool__pool* pool,
                  struct uvpool__worker* worker,
                  uvpool_task_t* task) {
  uvpool__waiting_quit(&pool->waiting, task);
  uvpool__leave_waiting_locked(pool, task);
  uvpool__task_set(task, UVPOOL__TASK_STARTED);
  task->link.worker = worker;
  worker->running = task;
  pool->counters.started++;
  pool->busy++;
  if (uvpool__task_class(task) != 0) {
    pool->busy_of_class[task->task_class]++;
  }
  assert(pool->busy <= pool->capacity);
  if (pool->busy > pool->counters.busy_max) {
    pool->counters.busy_max = pool->busy;
  }
  uvpool__timing_taken_locked(pool, &worker->watch, task);
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
    task = next_task(pool, effects);
    if (task != NULL) {
      start(pool, worker, task);
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
                           struct uvpool__worker* worker,
                           bool panicked,
                           struct uvpool__effects* effects) {
  const uvpool_task_t* task = worker->running;
  worker->running = NULL;
  pool->busy--;
  if (uvpool__task_class(task) != 0) {
    pool->busy_of_class[task->task_class]--;
  }
  uvpool__load_update_locked(pool);
  if (panicked) {
    pool->counters.panicked++;
  } else {
    pool->counters.completed++;
  }
  uvpool__timing_record_locked(pool, &worker->watch);
  if (uvpool__task_is(task, UVPOOL__TASK_SERIAL)) {
    uvpool__serial_next_locked(pool, task->serial);
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
