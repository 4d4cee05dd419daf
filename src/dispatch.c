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

/* At most `tokens` on their way. */
static void dispatch(struct uvpool__pool* pool,
                     uint64_t tokens,
                     struct uvpool__effects* effects) {
  /* Nothing that is done here changes how many may begin. */
  uint64_t runnable = uvpool__runnable_locked(pool);
  while (runnable > pool->waking && pool->waking < tokens) {
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

void uvpool__dispatch_locked(struct uvpool__pool* pool,
                             struct uvpool__effects* effects) {
  dispatch(pool, pool->wake_max, effects);
}

void uvpool__dispatch_one_locked(struct uvpool__pool* pool,
                                 struct uvpool__effects* effects) {
  uint64_t waking = pool->waking;
  dispatch(pool, 1, effects);
  pool->submitting = true;
  if (pool->waking > waking) {
    pool->in_burst = pool->burst_submits > 1;
    pool->burst_submits = 0;
  }
  pool->burst_submits++;
}

/* `count` tasks have joined. */
static void count_in(struct uvpool__pool* pool, uint64_t count) {
  struct uvpool__waiting* waiting = &pool->waiting;
  waiting->len += count;
  uvpool__load_update_locked(pool);
  pool->counters.accepted += count;
  if (waiting->len > pool->counters.waiting_max) {
    pool->counters.waiting_max = waiting->len;
  }
}

void uvpool__enqueue_locked(struct uvpool__pool* pool, uvpool_task_t* task) {
  uvpool__task_set(task, UVPOOL__TASK_WAITING);
  if (uvpool__task_is(task, UVPOOL__TASK_OPTIONS)) {
    uvpool__options_admitted_locked(pool, task);
  } else {
    uvpool__waiting_join_plain(&pool->waiting, task);
  }
  count_in(pool, 1);
}

void uvpool__enqueue_plain_locked(struct uvpool__pool* pool,
                                  struct uvpool_task_queue_s* tasks) {
  uint64_t count = tasks->len;
  uvpool__waiting_join_plain_all(&pool->waiting, tasks);
  count_in(pool, count);
}

/* Takes the next task that may begin out of its lane. Where all are plain, that
 * is the oldest. */
static uvpool_task_t* pop(struct uvpool__pool* pool,
                          struct uvpool__effects* effects) {
  uvpool_task_t* task = uvpool__waiting_all_plain(&pool->waiting);
  if (task != NULL && !pool->settings.classed &&
      !uvpool__task_is(task, UVPOOL__TASK_OPTIONS)) {
    uvpool__waiting_pop_plain(&pool->waiting);
    return task;
  }
  return uvpool__waiting_ready(&pool->waiting) == 0
             ? NULL
             : uvpool__options_pop_locked(pool, effects);
}

/* The worker has it. */
static void start(struct uvpool__pool* pool,
                  struct uvpool__worker* worker,
                  uvpool_task_t* task) {
  pool->waiting.len--;
  uvpool__task_change(task, UVPOOL__TASK_WAITING, UVPOOL__TASK_STARTED);
  task->link.worker = worker;
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
    task = pop(pool, effects);
    if (task != NULL) {
      start(pool, worker, task);
    }
    if (pool->room_wanted || pool->state == UVPOOL__DRAINING) {
      uvpool__fewer_wait_locked(pool, effects);
    }
  }
  worker->running = task;
  /* Its token is used up, whether or not it took something. */
  uvpool__dispatch_locked(pool, effects);
  return task;
}

bool uvpool__finish_locked(struct uvpool__pool* pool,
                           struct uvpool__worker* worker,
                           bool panicked,
                           struct uvpool__effects* effects) {
  uvpool_task_t* task = worker->running; /* until it takes, or ends */
  bool pushed = false;
  pool->busy--;
  uvpool__load_update_locked(pool);
  if (panicked) {
    worker->running = NULL;
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
  worker->yields = !pool->submitting ? UVPOOL__NO_YIELD
                   : pool->in_burst  ? UVPOOL__YIELD
                                     : UVPOOL__YIELD_IF_AWAKE;
  pool->submitting = false;
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
