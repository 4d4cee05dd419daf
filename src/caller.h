/* A caller that is blocked until there is room, and the queue of such callers,
 * oldest first. A pool has one, and a multi-pool. */
#ifndef UVPOOL_SRC_CALLER_H
#define UVPOOL_SRC_CALLER_H

#include <stdbool.h>
#include <uvpool/task.h>

#include "parker.h"

/* Lives on the caller's stack, until it has taken the token that it gets from
 * whoever takes it off the queue. */
struct uvpool__caller {
  struct uvpool__parker parker;

  /* Guarded by the queue's lock while queued; by the effects that hold it from
   * then until the token. */
  struct uvpool__caller* next;
  struct uvpool__caller* prev;
  bool queued;
  int result; /* 0: its task was enqueued */

  /* Constant. */
  uvpool_task_t* task;
};

/* Guarded by the lock of whoever has it. */
struct uvpool__caller_queue {
  struct uvpool__caller* head;
  struct uvpool__caller* tail;
  uint64_t len;
};

/* Behind `prev`; NULL: before all others. */
static inline void uvpool__caller_queue_insert(
    struct uvpool__caller_queue* queue,
    struct uvpool__caller* prev,
    struct uvpool__caller* caller) {
  struct uvpool__caller* next = prev == NULL ? queue->head : prev->next;
  caller->prev = prev;
  caller->next = next;
  if (prev == NULL) {
    queue->head = caller;
  } else {
    prev->next = caller;
  }
  if (next == NULL) {
    queue->tail = caller;
  } else {
    next->prev = caller;
  }
  caller->queued = true;
  queue->len++;
}

static inline void uvpool__caller_queue_remove(
    struct uvpool__caller_queue* queue,
    struct uvpool__caller* caller) {
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
  queue->len--;
}

#endif /* UVPOOL_SRC_CALLER_H */
