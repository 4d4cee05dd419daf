/* Options of tasks on their way; see task_options.h. */
#include "task_options.h"

#include <uv.h>

#include "classes.h"
#include "completion_queue.h"
#include "deadline.h"
#include "group.h"
#include "release.h"
#include "serial.h"
#include "task.h"

void uvpool__options_admitted_locked(struct uvpool__pool* pool,
                                     uvpool_task_t* task) {
  pool->waiting.of_class[task->task_class]++;
  if (uvpool__task_is(task, UVPOOL__TASK_GROUPED)) {
    uvpool__group_join_locked(task);
  }
  if (uvpool__task_is(task, UVPOOL__TASK_DEADLINE)) {
    uvpool__deadline_arm_locked(task);
  }
  if (!uvpool__task_is(task, UVPOOL__TASK_SERIAL) ||
      uvpool__serial_join_locked(pool, task)) {
    uvpool__waiting_join(&pool->waiting, task);
  }
}

/* It begins. */
static void take(struct uvpool__pool* pool, uvpool_task_t* task) {
  if (uvpool__task_is(task, UVPOOL__TASK_DEADLINE)) {
    uvpool__deadline_disarm_locked(task);
  }
  pool->waiting.of_class[task->task_class]--;
  pool->busy_of_class[task->task_class]++;
}

bool uvpool__options_finished_locked(struct uvpool__pool* pool,
                                     uvpool_task_t* task) {
  pool->busy_of_class[task->task_class]--;
  if (!uvpool__task_is(task, UVPOOL__TASK_SERIAL)) {
    return false;
  }
  /* Pushed before the next may begin, or that might overtake it on the way to
   * the loop. The queue cannot end before the lock is released: that takes the
   * lock for each task. */
  uvpool_serial_t* serial = task->serial;
  uvpool__completion_push(task);
  uvpool__serial_next_locked(pool, serial);
  return true;
}

void uvpool__options_ended_locked(struct uvpool__pool* pool,
                                  uvpool_task_t* task) {
  pool->waiting.of_class[task->task_class]--;
  if (uvpool__task_is(task, UVPOOL__TASK_DEADLINE)) {
    uvpool__deadline_disarm_locked(task);
  }
  if (uvpool__task_is(task, UVPOOL__TASK_BEHIND)) {
    uvpool__serial_quit_locked(pool, task);
    return;
  }
  uvpool__waiting_quit(&pool->waiting, task);
  if (uvpool__task_is(task, UVPOOL__TASK_SERIAL)) {
    uvpool__serial_next_locked(pool, task->serial);
  }
}

/* Those whose deadline has passed are ended on the way. */
static uvpool_task_t* choose(struct uvpool__pool* pool,
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

uvpool_task_t* uvpool__options_pop_locked(struct uvpool__pool* pool,
                                          struct uvpool__effects* effects) {
  uvpool_task_t* task = choose(pool, effects);
  if (task == NULL) {
    return NULL;
  }
  uvpool__waiting_quit(&pool->waiting, task);
  if (uvpool__task_is(task, UVPOOL__TASK_OPTIONS)) {
    take(pool, task);
  }
  return task;
}
