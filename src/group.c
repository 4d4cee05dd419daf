/* Groups; see group.h. */
#include "group.h"

#include "dispatch.h"
#include "handle.h"
#include "member.h"
#include "pool.h"
#include "release.h"
#include "task.h"

static struct uvpool__pool* pool_of(const uvpool_group_t* group) {
  return group->member.handle->pool;
}

/* ---- Tasks --------------------------------------------------------------- */

void uvpool__group_join_locked(uvpool_task_t* task) {
  struct uvpool_link_s* ring = task->group.next;
  task->group.prev = ring->prev;
  ring->prev->next = &task->group;
  ring->prev = &task->group;
}

uvpool_group_t* uvpool__group_leave_locked(uvpool_task_t* task) {
  struct uvpool_link_s* next = task->group.next;
  struct uvpool_link_s* prev = task->group.prev;
  next->prev = prev;
  prev->next = next;
  return next == prev ? UVPOOL__CONTAINER_OF(next, uvpool_group_t, tasks)
                      : NULL;
}

void uvpool__group_delivered(uvpool_group_t* group) {
  /* In done it may have been given new tasks, or been closed. */
  if (uvpool_group_is_active(group) == 0 && group->on_empty != NULL &&
      group->member.state == UVPOOL__MEMBER_OPEN) {
    group->on_empty(group);
  } else {
    uvpool__member_check(&group->member);
  }
}

void uvpool__group_ended(uvpool_group_t* group) {
  if (group->close_cb != NULL) {
    group->close_cb(group);
  }
}

/* ---- Calls --------------------------------------------------------------- */

int uvpool_group_init(uvpool_t* handle,
                      uvpool_group_t* group,
                      uvpool_group_cb on_empty) {
  if (group == NULL) {
    return UV_EINVAL;
  }
  group->tasks.next = &group->tasks;
  group->tasks.prev = &group->tasks;
  group->on_empty = on_empty;
  group->close_cb = NULL;
  return uvpool__member_open(handle, &group->member, UVPOOL__MEMBER_GROUP);
}

int uvpool_group_cancel(uvpool_group_t* group) {
  if (group == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__member_enter(&group->member);
  if (err != 0) {
    return err;
  }
  struct uvpool__pool* pool = pool_of(group);
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  for (struct uvpool_link_s* link = group->tasks.next; link != &group->tasks;
       link = link->next) {
    (void) uvpool__cancel_locked(
        pool, UVPOOL__CONTAINER_OF(link, uvpool_task_t, group), &effects);
  }
  uvpool__fewer_wait_locked(pool, &effects);
  uvpool__dispatch_locked(pool, &effects);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  return 0;
}

int uvpool_group_is_active(uvpool_group_t* group) {
  if (group == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_check(group->member.handle);
  if (err != 0) {
    return err;
  }
  struct uvpool__pool* pool = pool_of(group);
  uvpool__lock_acquire(&pool->lock);
  bool active = !uvpool__ring_is_empty(&group->tasks);
  uvpool__lock_release(&pool->lock);
  return active ? 1 : 0;
}

int uvpool_group_close(uvpool_group_t* group, uvpool_group_cb close_cb) {
  if (group == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__member_shut(&group->member);
  if (err != 0) {
    return err;
  }
  group->close_cb = close_cb;
  (void) uvpool_group_cancel(group);
  uvpool__member_check(&group->member);
  return 0;
}
