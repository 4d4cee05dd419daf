/* The task hook: what tracers hear of a task, outside of every lock. Unset, it
 * costs a branch that is always predicted. */
#ifndef UVPOOL_SRC_HOOKS_H
#define UVPOOL_SRC_HOOKS_H

#include "pool.h"

static inline void uvpool__tell(const struct uvpool__pool* pool,
                                const uvpool_task_t* task,
                                uvpool_task_event_t event,
                                int status) {
  if (pool->settings.on_task != NULL) {
    pool->settings.on_task(pool->settings.data, task, event, status);
  }
}

#endif /* UVPOOL_SRC_HOOKS_H */
