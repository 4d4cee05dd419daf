/* The deadlines of tasks that wait, soonest first.
 *
 * A complete binary heap whose nodes are the tasks themselves, linked to parent
 * and children: nothing is allocated, and any task leaves in O(log n). The
 * place of the n-th node follows from n: below its highest bit, each bit says
 * left or right on the way down from the root.
 *
 * Deadlines are 32 bits of milliseconds that wrap around, compared by their
 * distance: right as long as all of them lie within 24 days.
 *
 * Guarded by the pool's lock. */
#ifndef UVPOOL_SRC_DEADLINE_HEAP_H
#define UVPOOL_SRC_DEADLINE_HEAP_H

#include <stdbool.h>
#include <uvpool/task.h>

struct uvpool__deadline_heap {
  uvpool_task_t* root; /* the soonest */
  uint64_t len;
};

/* Is deadline a before deadline b? */
static inline bool uvpool__deadline_before(uint32_t a, uint32_t b) {
  return (int32_t) (a - b) < 0;
}

void uvpool__deadline_heap_insert(struct uvpool__deadline_heap* heap,
                                  uvpool_task_t* task);
void uvpool__deadline_heap_remove(struct uvpool__deadline_heap* heap,
                                  uvpool_task_t* task);

#endif /* UVPOOL_SRC_DEADLINE_HEAP_H */
