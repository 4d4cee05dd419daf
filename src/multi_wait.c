/* Waiting for room in any of several pools; the argument is in multi_wait.h. */
#include "multi_wait.h"

#include "admission.h"
#include "hooks.h"
#include "multi_pool.h"
#include "worker.h"

void uvpool__multi_wake(uvpool_multi_t* multi) {
  struct uvpool__multi_wait* wait = &multi->wait;
  uvpool__lock_acquire(&wait->lock);
  struct uvpool__caller* oldest = wait->callers.head;
  if (oldest != NULL) {
    uvpool__caller_queue_remove(&wait->callers, oldest);
  }
  uvpool__lock_release(&wait->lock);
  if (oldest != NULL) {
    uvpool__parker_unpark(&oldest->parker);
  }
}

/* False: max_blocked callers wait already. */
static bool line_up(uvpool_multi_t* multi, struct uvpool__caller* caller) {
  struct uvpool__multi_wait* wait = &multi->wait;
  uint64_t limit = multi->handles[0]->pool->settings.max_blocked;
  uvpool__lock_acquire(&wait->lock);
  bool may = wait->callers.len < limit;
  if (may) {
    uvpool__caller_queue_insert(&wait->callers, wait->callers.tail, caller);
  }
  uvpool__lock_release(&wait->lock);
  return may;
}

/* Woken, and back to the place that it had. */
static void line_up_again(uvpool_multi_t* multi,
                          struct uvpool__caller* caller) {
  uvpool__lock_acquire(&multi->wait.lock);
  uvpool__caller_queue_insert(&multi->wait.callers, NULL, caller);
  uvpool__lock_release(&multi->wait.lock);
}

/* Nobody will wake the caller from now on. */
static void leave_line(uvpool_multi_t* multi, struct uvpool__caller* caller) {
  uvpool__lock_acquire(&multi->wait.lock);
  bool queued = caller->queued;
  if (queued) {
    uvpool__caller_queue_remove(&multi->wait.callers, caller);
  }
  uvpool__lock_release(&multi->wait.lock);
  if (!queued) {
    /* The token is on its way to our stack. */
    uvpool__parker_park(&caller->parker);
  }
}

static int offer_until(uvpool_multi_t* multi,
                       struct uvpool__caller* caller,
                       uint64_t deadline_ns) {
  for (;;) {
    int err = uvpool__multi_offer(multi,
                                  caller->task,
                                  uvpool__multi_first(multi),
                                  UVPOOL__REFUSAL_WATCHES);
    if (err != UVPOOL__NO_ROOM) {
      leave_line(multi, caller);
      return err;
    }
    if (!uvpool__parker_park_until(&caller->parker, deadline_ns)) {
      leave_line(multi, caller);
      return UV_ETIMEDOUT;
    }
    line_up_again(multi, caller);
  }
}

static int wait_for_room(uvpool_multi_t* multi,
                         uvpool_task_t* task,
                         uint64_t deadline_ns) {
  struct uvpool__caller caller = {.task = task};
  if (uvpool__parker_init(&caller.parker) != 0) {
    return UV_ENOMEM;
  }
  int err = UV_EAGAIN;
  if (line_up(multi, &caller)) {
    err = offer_until(multi, &caller, deadline_ns);
    uvpool__multi_wake(multi);
  }
  uvpool__parker_destroy(&caller.parker);
  return err;
}

/* The first pool's figures tell of what the multi-pool has refused. */
static void count_refusal(uvpool_multi_t* multi) {
  struct uvpool__pool* pool = multi->handles[0]->pool;
  uvpool__lock_acquire(&pool->lock);
  pool->counters.refused++;
  uvpool__lock_release(&pool->lock);
}

int uvpool__multi_admit_wait(uvpool_multi_t* multi,
                             uvpool_task_t* task,
                             uint64_t timeout_ms) {
  uvpool_t* first = multi->handles[0];
  const struct uvpool__pool* own = uvpool__worker_pool();
  if (uvpool__on_loop(first) || (own != NULL && own->multi == multi)) {
    return UV_EPERM;
  }
  /* While somebody is inside with the first handle, nothing goes away. */
  uvpool__lock_acquire(&first->pool->lock);
  uvpool__caller_enter_locked(first);
  uvpool__lock_release(&first->pool->lock);
  uvpool__tell(first->pool, task, UVPOOL_TASK_ENQUEUE, 0);
  int err = uvpool__multi_offer(multi, task, uvpool__multi_first(multi), 0);
  if (err == UVPOOL__NO_ROOM) {
    err = timeout_ms == 0
              ? UV_ETIMEDOUT
              : wait_for_room(multi, task, uvpool__deadline_ns(timeout_ms));
  }
  if (err == UV_ETIMEDOUT || err == UV_EAGAIN) {
    count_refusal(multi);
  }
  if (err != 0) {
    uvpool__tell(first->pool, task, UVPOOL_TASK_REFUSE, err);
  }
  uvpool__caller_leave(first);
  return err;
}
