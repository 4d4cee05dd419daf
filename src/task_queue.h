/* The tasks that wait, first come, first served; any of them can leave in O(1).
 *
 * Intrusive and doubly linked, through `next` and `link.prev` of the task.
 * Guarded by the pool's lock. */
#ifndef UVPOOL_SRC_TASK_QUEUE_H
#define UVPOOL_SRC_TASK_QUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <uvpool/task.h>

static inline void uvpool__task_queue_push(struct uvpool_task_queue_s* queue,
                                           uvpool_task_t* task) {
  task->next = NULL;
  task->link.prev = queue->tail;
  if (queue->tail == NULL) {
    queue->head = task;
  } else {
    queue->tail->next = task;
  }
  queue->tail = task;
  queue->len++;
}

static inline void uvpool__task_queue_remove(struct uvpool_task_queue_s* queue,
                                             uvpool_task_t* task) {
  uvpool_task_t* next = task->next;
  uvpool_task_t* prev = task->link.prev;
  if (prev == NULL) {
    queue->head = next;
  } else {
    prev->next = next;
  }
  if (next == NULL) {
    queue->tail = prev;
  } else {
    next->link.prev = prev;
  }
  queue->len--;
}

/* Takes the oldest out of a queue that is not empty; is it empty now? */
static inline int uvpool__task_queue_drop(struct uvpool_task_queue_s* queue) {
  uvpool_task_t* next = queue->head->next;
  queue->head = next;
  queue->len--;
  if (next != NULL) {
    next->link.prev = NULL;
  } else {
    queue->tail = NULL;
  }
  return next == NULL;
}

/* All of `from` goes behind all of `queue`. */
static inline void uvpool__task_queue_splice(struct uvpool_task_queue_s* queue,
                                             struct uvpool_task_queue_s* from) {
  if (from->head == NULL) {
    return;
  }
  from->head->link.prev = queue->tail;
  if (queue->tail == NULL) {
    queue->head = from->head;
  } else {
    queue->tail->next = from->head;
  }
  queue->tail = from->tail;
  queue->len += from->len;
  *from = (struct uvpool_task_queue_s) {0};
}

/* The oldest; NULL if none waits. */
static inline uvpool_task_t* uvpool__task_queue_pop(
    struct uvpool_task_queue_s* queue) {
  uvpool_task_t* task = queue->head;
  if (task != NULL) {
    uvpool__task_queue_remove(queue, task);
  }
  return task;
}

#endif /* UVPOOL_SRC_TASK_QUEUE_H */
