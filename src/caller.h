/* A caller that is blocked in uvpool_submit_wait until there is room. */
#ifndef UVPOOL_SRC_CALLER_H
#define UVPOOL_SRC_CALLER_H

#include <uvpool/task.h>

#include "parker.h"

/* Lives on the caller's stack, until it has taken the token that it gets from
 * whoever takes it off the queue. */
struct uvpool__caller {
  struct uvpool__parker parker;

  /* Guarded by the pool's lock while queued; by the effects that hold it from
   * then until the token. */
  struct uvpool__caller* next;
  struct uvpool__caller* prev;
  bool queued;
  int result; /* 0: its task was enqueued */

  /* Constant. */
  uvpool_task_t* task;
};

#endif /* UVPOOL_SRC_CALLER_H */
