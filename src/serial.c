/* Serial queues; see serial.h. */
#include "serial.h"

#include <uvpool/task_options.h>

#include "dispatch.h"
#include "handle.h"
#include "member.h"
#include "pool.h"
#include "release.h"
#include "task.h"
#include "timing.h"

static struct uvpool__pool* pool_of(const uvpool_serial_t* serial) {
  return serial->member.handle->pool;
}

/* ---- The pool's list of those with something behind ---------------------- */

static void list_add(struct uvpool__pool* pool, uvpool_serial_t* serial) {
  serial->prev_backed_up = NULL;
  serial->next_backed_up = pool->waiting.backed_up;
  if (serial->next_backed_up != NULL) {
    serial->next_backed_up->prev_backed_up = serial;
  }
  pool->waiting.backed_up = serial;
}

static void list_remove(struct uvpool__pool* pool, uvpool_serial_t* serial) {
  if (serial->prev_backed_up == NULL) {
    pool->waiting.backed_up = serial->next_backed_up;
  } else {
    serial->prev_backed_up->next_backed_up = serial->next_backed_up;
  }
  if (serial->next_backed_up != NULL) {
    serial->next_backed_up->prev_backed_up = serial->prev_backed_up;
  }
}

/* ---- Tasks --------------------------------------------------------------- */

bool uvpool__serial_join_locked(struct uvpool__pool* pool,
                                uvpool_task_t* task) {
  uvpool_serial_t* serial = task->serial;
  serial->in_flight++;
  if (serial->active == NULL) {
    serial->active = task;
    return true;
  }
  if (serial->behind.head == NULL) {
    list_add(pool, serial);
  }
  uvpool__task_queue_push(&serial->behind, task);
  uvpool__task_set(task, UVPOOL__TASK_BEHIND);
  pool->waiting.behind++;
  return false;
}

void uvpool__serial_quit_locked(struct uvpool__pool* pool,
                                uvpool_task_t* task) {
  uvpool_serial_t* serial = task->serial;
  uvpool__task_queue_remove(&serial->behind, task);
  uvpool__task_clear(task, UVPOOL__TASK_BEHIND);
  pool->waiting.behind--;
  if (serial->behind.head == NULL) {
    list_remove(pool, serial);
  }
}

void uvpool__serial_next_locked(struct uvpool__pool* pool,
                                uvpool_serial_t* serial) {
  uvpool_task_t* next = serial->behind.head;
  serial->active = next;
  if (next != NULL) {
    uvpool__serial_quit_locked(pool, next);
    /* It begins to wait for a worker now. */
    uvpool__timing_stamp_locked(pool, next);
    uvpool__waiting_join(&pool->waiting, next);
  }
}

void uvpool__serial_delivered(uvpool_serial_t* serial) {
  struct uvpool__pool* pool = pool_of(serial);
  uvpool__lock_acquire(&pool->lock);
  serial->in_flight--;
  uvpool__lock_release(&pool->lock);
}

void uvpool__serial_ended(uvpool_serial_t* serial) {
  if (serial->close_cb != NULL) {
    serial->close_cb(serial);
  }
}

/* ---- Calls --------------------------------------------------------------- */

int uvpool_serial_init(uvpool_t* handle, uvpool_serial_t* serial) {
  if (serial == NULL) {
    return UV_EINVAL;
  }
  serial->close_cb = NULL;
  serial->active = NULL;
  serial->behind = (struct uvpool_task_queue_s) {0};
  serial->in_flight = 0;
  return uvpool__member_open(handle, &serial->member, UVPOOL__MEMBER_SERIAL);
}

int uvpool_serial_submit(uvpool_serial_t* serial,
                         uvpool_task_t* task,
                         uvpool_work_cb work,
                         uvpool_done_cb done) {
  if (serial == NULL) {
    return UV_EINVAL;
  }
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.serial = serial;
  return uvpool_submit_ex(serial->member.handle, task, work, done, &options);
}

/* What stands behind goes first, so that nothing takes the active one's place
 * just to be cancelled too. */
static void cancel_waiting(uvpool_serial_t* serial) {
  struct uvpool__pool* pool = pool_of(serial);
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  while (serial->behind.head != NULL) {
    (void) uvpool__cancel_locked(pool, serial->behind.head, &effects);
  }
  if (serial->active != NULL &&
      uvpool__task_is(serial->active, UVPOOL__TASK_WAITING)) {
    (void) uvpool__cancel_locked(pool, serial->active, &effects);
  }
  uvpool__fewer_wait_locked(pool, &effects);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
}

int uvpool_serial_close(uvpool_serial_t* serial, uvpool_serial_cb close_cb) {
  if (serial == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__member_shut(&serial->member);
  if (err != 0) {
    return err;
  }
  serial->close_cb = close_cb;
  cancel_waiting(serial);
  uvpool__member_check(&serial->member);
  return 0;
}
