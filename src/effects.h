/* Effects: what was decided under the lock and is to be done outside of it.
 *
 * System calls and other people's code do not belong into a critical section. A
 * function that ends in `_locked` therefore only notes whom to wake, what to
 * start and which tasks have ended unrun, and whoever holds the lock carries
 * the notes out after it has released it.
 *
 * Lives on the stack of one thread. Each chain is owned by it until it runs:
 * a worker or caller on it has been taken off its queue, so nobody else wakes
 * it, and it does not go on until it is woken. */
#ifndef UVPOOL_SRC_EFFECTS_H
#define UVPOOL_SRC_EFFECTS_H

#include <stdbool.h>
#include <stdint.h>
#include <uvpool/task.h>

struct uvpool__pool;
struct uvpool__caller;
struct uvpool__worker;

struct uvpool__effects {
  struct uvpool__worker* wake;     /* through worker->next */
  struct uvpool__caller* admitted; /* through caller->next */
  uvpool_task_t* ended;            /* through task->next, oldest first */
  uvpool_task_t* ended_tail;
  bool room; /* tell those who wait for room in any pool of the multi-pool */
  uint64_t spawn; /* threads reserved (spawn.h) and to be started */
};

/* No lock held: carries the effects out, and those that follow from them. */
void uvpool__effects_run(struct uvpool__pool* pool,
                         struct uvpool__effects* effects);

#endif /* UVPOOL_SRC_EFFECTS_H */
