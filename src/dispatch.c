/* Dispatch; the rule is in dispatch.h. */
#include "dispatch.h"

#include "admission.h"
#include "classes.h"
#include "clock.h"
#include "notice.h"
#include "purge.h"
#include "release.h"
#include "spawn.h"
#include "task.h"
#include "task_options.h"
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

void uvpool__enqueue_locked(struct uvpool__pool* pool, uvpool_task_t* task) {
  struct uvpool__waiting* waiting = &pool->waiting;
  uvpool__task_set(task, UVPOOL__TASK_WAITING);
  waiting->len++;
  if (uvpool__task_is(task, UVPOOL__TASK_OPTIONS)) {
    uvpool__options_admitted_locked(pool, task);
  } else {
    uvpool__waiting_join_plain(waiting, task);
  }
  uvpool__load_update_locked(pool);
  pool->counters.accepted++;
  if (waiting->len > pool->counters.waiting_max) {
    pool->counters.waiting_max = waiting->len;
  }
}

/* The next task that may begin. Where all are plain, the oldest. */
static uvpool_task_t* next_task(struct uvpool__pool* pool,
                                struct uvpool__effects* effects) {
  uvpool_task_t* oldest = uvpool__waiting_all_plain(&pool->waiting);
  if (oldest != NULL && !pool->settings.classed &&
      !uvpool__task_is(oldest, UVPOOL__TASK_OPTIONS)) {
    return oldest;
  }
  return uvpool__waiting_ready(&pool->waiting) == 0
             ? NULL
             : uvpool__options_choose_locked(pool, effects);
}

/* The worker has it. */
static void start(struct uvpool__pool* pool,
                  struct uvpool__worker* worker,
                  uvpool_task_t* task) {
  if (uvpool__task_is(task, UVPOOL__TASK_OPTIONS)) {
    uvpool__options_taken_locked(pool, task);
  } else {
    uvpool__waiting_pop_plain(&pool->waiting);
  }
  pool->waiting.len--;
  uvpool__task_change(task, UVPOOL__TASK_WAITING, UVPOOL__TASK_STARTED);
  task->link.worker = worker;
  worker->running = task;
  pool->counters.started++;
  pool->busy++;
  assert(pool->busy <= pool->capacity);
  if (pool->busy > pool->counters.busy_max) {
    pool->counters.busy_max = pool->busy;
  }
  uvpool__timing_taken_locked(
      pool, pool->waiting.stamped_ns, &worker->watch, task);
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

bool uvpool__finish_locked(struct uvpool__pool* pool,
                           struct uvpool__worker* worker,
                           bool panicked,
                           struct uvpool__effects* effects) {
  uvpool_task_t* task = worker->running;
  bool pushed = false;
  worker->running = NULL;
  pool->busy--;
  uvpool__load_update_locked(pool);
  if (panicked) {
    pool->counters.panicked++;
  } else {
    pool->counters.completed++;
  }
  if (worker->watch.timed) {
    uvpool__timing_record_locked(pool, &worker->watch, !panicked);
  }
  if (uvpool__task_is(task, UVPOOL__TASK_OPTIONS)) {
    pushed = uvpool__options_finished_locked(pool, task);
  }
  if (pool->room_wanted) {
    uvpool__room_locked(pool, effects);
  }
  return pushed;
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
