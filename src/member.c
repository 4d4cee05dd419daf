/* Members of a handle; see member.h. */
#include "member.h"

#include "group.h"
#include "handle.h"
#include "liveness.h"
#include "notice.h"
#include "pool.h"
#include "serial.h"
#include "task.h"
#include "util.h"

static uvpool_group_t* group_of(struct uvpool_member_s* member) {
  return UVPOOL__CONTAINER_OF(member, uvpool_group_t, member);
}

static uvpool_serial_t* serial_of(struct uvpool_member_s* member) {
  return UVPOOL__CONTAINER_OF(member, uvpool_serial_t, member);
}

/* ---- The lists of a handle ----------------------------------------------- */

static void list_add(struct uvpool_member_s** list,
                     struct uvpool_member_s* member) {
  member->prev = NULL;
  member->next = *list;
  if (member->next != NULL) {
    member->next->prev = member;
  }
  *list = member;
}

static void list_remove(struct uvpool_member_s** list,
                        struct uvpool_member_s* member) {
  if (member->prev == NULL) {
    *list = member->next;
  } else {
    member->prev->next = member->next;
  }
  if (member->next != NULL) {
    member->next->prev = member->prev;
  }
}

/* ---- Open ---------------------------------------------------------------- */

int uvpool__member_open(uvpool_t* handle,
                        struct uvpool_member_s* member,
                        enum uvpool__member_kind kind) {
  int err = uvpool__handle_check(handle);
  if (err != 0) {
    return err;
  }
  if (!uvpool__on_loop(handle)) {
    return UV_EPERM;
  }
  if (handle->closing) {
    return UV_ESHUTDOWN;
  }
  member->handle = handle;
  member->kind = kind;
  member->state = UVPOOL__MEMBER_OPEN;
  list_add(&handle->members, member);
  return 0;
}

int uvpool__member_enter(const struct uvpool_member_s* member) {
  return uvpool__handle_enter(member->handle);
}

/* ---- Close --------------------------------------------------------------- */

static void move(struct uvpool_member_s* member,
                 enum uvpool__member_state state) {
  struct uvpool__pool* pool = member->handle->pool;
  uvpool__lock_acquire(&pool->lock);
  member->state = state;
  uvpool__lock_release(&pool->lock);
}

int uvpool__member_shut(struct uvpool_member_s* member) {
  if (member->handle == NULL) {
    return UV_EALREADY; /* ended */
  }
  int err = uvpool__handle_enter(member->handle);
  if (err != 0) {
    return err;
  }
  if (!uvpool__on_loop(member->handle)) {
    return UV_EPERM;
  }
  if (member->state != UVPOOL__MEMBER_OPEN) {
    return UV_EALREADY;
  }
  move(member, UVPOOL__MEMBER_CLOSING);
  uvpool__liveness_hold(member->handle->port);
  return 0;
}

static bool has_tasks(struct uvpool_member_s* member) {
  struct uvpool__pool* pool = member->handle->pool;
  uvpool__lock_acquire(&pool->lock);
  bool has = member->kind == UVPOOL__MEMBER_GROUP
                 ? !uvpool__ring_is_empty(&group_of(member)->tasks)
                 : serial_of(member)->in_flight > 0;
  uvpool__lock_release(&pool->lock);
  return has;
}

void uvpool__member_check(struct uvpool_member_s* member) {
  uvpool_t* handle = member->handle;
  if (member->state != UVPOOL__MEMBER_CLOSING || has_tasks(member)) {
    return;
  }
  move(member, UVPOOL__MEMBER_DUE);
  list_remove(&handle->members, member);
  list_add(&handle->members_due, member);
  uvpool__handle_post(handle, UVPOOL__NOTICE_MEMBERS);
}

static void call_back(struct uvpool_member_s* member) {
  if (member->kind == UVPOOL__MEMBER_GROUP) {
    uvpool__group_ended(group_of(member));
  } else {
    uvpool__serial_ended(serial_of(member));
  }
}

void uvpool__members_end(uvpool_t* handle) {
  while (handle->members_due != NULL) {
    struct uvpool_member_s* member = handle->members_due;
    list_remove(&handle->members_due, member);
    move(member, UVPOOL__MEMBER_ENDED);
    member->handle = NULL; /* from now on it is the user's */
    call_back(member);
    uvpool__liveness_drop(handle->port);
  }
}

void uvpool__members_close(uvpool_t* handle) {
  struct uvpool_member_s* next = NULL;
  for (struct uvpool_member_s* m = handle->members; m != NULL; m = next) {
    next = m->next; /* what is due leaves the list */
    if (uvpool__member_shut(m) == 0) {
      uvpool__member_check(m);
    }
  }
}

static void forsake(struct uvpool_member_s* member) {
  for (; member != NULL; member = member->next) {
    member->state = UVPOOL__MEMBER_ENDED; /* without the lock: see process.h */
    member->handle = NULL;
  }
}

void uvpool__members_forsake(uvpool_t* handle) {
  forsake(handle->members);
  forsake(handle->members_due);
}

/* ---- Tasks --------------------------------------------------------------- */

bool uvpool__member_admits_locked(const uvpool_task_t* task) {
  if (uvpool__task_is(task, UVPOOL__TASK_GROUPED) &&
      uvpool__group_of_new(task)->member.state != UVPOOL__MEMBER_OPEN) {
    return false;
  }
  return !uvpool__task_is(task, UVPOOL__TASK_SERIAL) ||
         task->serial->member.state == UVPOOL__MEMBER_OPEN;
}

void uvpool__member_deliver(uvpool_task_t* task,
                            struct uvpool__member_rest* rest) {
  struct uvpool__pool* pool = task->handle->pool;
  if (uvpool__task_is(task, UVPOOL__TASK_GROUPED)) {
    uvpool__lock_acquire(&pool->lock);
    rest->emptied = uvpool__group_leave_locked(task);
    uvpool__lock_release(&pool->lock);
  }
  if (uvpool__task_is(task, UVPOOL__TASK_SERIAL)) {
    rest->serial = task->serial;
  }
}

void uvpool__member_delivered(const struct uvpool__member_rest* rest) {
  if (rest->serial != NULL) {
    uvpool__serial_delivered(rest->serial);
    uvpool__member_check(&rest->serial->member);
  }
  if (rest->emptied != NULL) {
    uvpool__group_delivered(rest->emptied);
  }
}
