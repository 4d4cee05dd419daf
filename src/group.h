/* Groups: rings of tasks that belong together.
 *
 * A task has no pointer to its group, only its place in the ring: whoever takes
 * out the last one finds that its two neighbours are one and the same, the
 * group's own link. A new task, which has no place yet, keeps that link in its
 * `group.next`. */
#ifndef UVPOOL_SRC_GROUP_H
#define UVPOOL_SRC_GROUP_H

#include <stdbool.h>
#include <uvpool/group.h>

#include "util.h"

/* Lock held, all of these. */
static inline bool uvpool__ring_is_empty(const struct uvpool_link_s* ring) {
  return ring->next == ring;
}

/* Of a task that has not been admitted yet. */
static inline uvpool_group_t* uvpool__group_of_new(const uvpool_task_t* task) {
  return UVPOOL__CONTAINER_OF(task->group.next, uvpool_group_t, tasks);
}

/* An admitted task joins its group. */
void uvpool__group_join_locked(uvpool_task_t* task);

/* It leaves; the group, if it was the last one. */
uvpool_group_t* uvpool__group_leave_locked(uvpool_task_t* task);

/* No lock held, on the loop: the done of its last task has returned. */
void uvpool__group_delivered(uvpool_group_t* group);

/* No lock held, on the loop: it has ended. */
void uvpool__group_ended(uvpool_group_t* group);

#endif /* UVPOOL_SRC_GROUP_H */
