/* Carrying out what was decided under the lock. */
#include "effects.h"

#include "caller.h"
#include "completion_queue.h"
#include "hooks.h"
#include "multi_wait.h"
#include "pool.h"
#include "spawn.h"
#include "worker.h"

static void wake_workers(struct uvpool__worker* worker) {
  while (worker != NULL) {
    struct uvpool__worker* next = worker->next; /* before it runs */
    uvpool__parker_unpark(&worker->parker);
    worker = next;
  }
}

static void wake_callers(struct uvpool__caller* caller) {
  while (caller != NULL) {
    struct uvpool__caller* next = caller->next; /* before its stack is gone */
    uvpool__parker_unpark(&caller->parker);
    caller = next;
  }
}

/* Cancelled, or expired. */
static void end_tasks(struct uvpool__pool* pool, uvpool_task_t* task) {
  while (task != NULL) {
    uvpool_task_t* next = task->next; /* before it is the loop's */
    uvpool__tell(pool, task, UVPOOL_TASK_END, task->end.status);
    uvpool__completion_push(task);
    task = next;
  }
}

void uvpool__effects_run(struct uvpool__pool* pool,
                         struct uvpool__effects* effects) {
  for (;;) {
    struct uvpool__effects now = *effects;
    *effects = (struct uvpool__effects) {0};
    wake_workers(now.wake);
    wake_callers(now.admitted);
    end_tasks(pool, now.ended);
    if (now.room) {
      uvpool__multi_wake(pool->multi);
    }
    if (now.spawn == 0) {
      return;
    }
    while (now.spawn-- > 0) {
      /* A failure may leave new effects; the loop takes them up. */
      uvpool__spawn(pool, effects);
    }
  }
}
