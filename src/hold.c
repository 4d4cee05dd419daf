/* Held submits; see hold.h. */
#include "hold.h"

#include "admission.h"
#include "dispatch.h"
#include "liveness.h"
#include "pool.h"
#include "release.h"
#include "task.h"
#include "util.h"

/* Credits of one grant: some quick steps' worth. Twice as much room must be
 * there. */
enum { GRANT = 64 };

void uvpool__hold_begin(struct uvpool__port* port) {
  port->holding = true;
}

void uvpool__hold_end(struct uvpool__port* port) {
  port->holding = false;
  if (!port->hold_used) {
    return;
  }
  port->hold_used = false;
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->hold_used) {
      uvpool__hold_flush(h);
    }
  }
}

bool uvpool__hold_submit(uvpool_t* handle, uvpool_task_t* task) {
  /* Relaxed, all of them: a credit hands no data over. What ends admission for
   * good is seen under the lock, where the next submit looks. */
  uint64_t credits =
      atomic_load_explicit(&handle->credits, memory_order_relaxed);
  do {
    if (credits == 0) {
      return false;
    }
  } while (!atomic_compare_exchange_weak_explicit(&handle->credits,
                                                  &credits,
                                                  credits - 1,
                                                  memory_order_relaxed,
                                                  memory_order_relaxed));
  uvpool__task_set(task, UVPOOL__TASK_HELD);
  uvpool__task_queue_push(&handle->held, task);
  uvpool__liveness_hold(handle->port);
  return true;
}

void uvpool__hold_grant_locked(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  handle->hold_used = true;
  handle->port->hold_used = true;
  if (pool->state == UVPOOL__OPEN && !handle->closing &&
      pool->callers.head == NULL &&
      uvpool__has_room_for_locked(pool, 0, (uint64_t) 2 * GRANT)) {
    pool->reserved += GRANT;
    atomic_store_explicit(&handle->credits, GRANT, memory_order_relaxed);
  }
}

static void take_back(uvpool_t* handle) {
  handle->pool->reserved -=
      atomic_exchange_explicit(&handle->credits, 0, memory_order_relaxed);
}

void uvpool__hold_revoke_locked(struct uvpool__pool* pool) {
  for (uvpool_t* h = pool->handles; h != NULL && pool->reserved > 0;
       h = h->next) {
    take_back(h);
  }
}

/* Lock held. From held to waiting. True: some have been cancelled meanwhile. */
static bool mark_waiting(struct uvpool__pool* pool, uvpool_task_t* task) {
  bool cancelled = false;
  /* One stamp for all, and one sample of them, but see timing.h. */
  bool exact = (pool->settings.flags & UVPOOL_EXACT_TIMES) != 0;
  uint64_t now_ns = uvpool__monotonic_ns();
  bool timed = uvpool__timing_sample_locked(pool, now_ns);
  for (; task != NULL; task = task->next) {
    cancelled = cancelled || uvpool__task_is(task, UVPOOL__TASK_CANCELLED);
    uvpool__task_change(task, UVPOOL__TASK_HELD, UVPOOL__TASK_WAITING);
    uvpool__timing_stamp_at(task, now_ns, timed);
    timed = exact;
  }
  return cancelled;
}

/* Lock held. Ends those from `task` on that have been cancelled, or all. */
static void end_held(struct uvpool__pool* pool,
                     uvpool_task_t* task,
                     bool all,
                     struct uvpool__effects* effects) {
  while (task != NULL) {
    uvpool_task_t* next = task->next;
    if (all || uvpool__task_is(task, UVPOOL__TASK_CANCELLED)) {
      uvpool__end_waiting_locked(pool, task, UV_ECANCELED, effects);
    }
    task = next;
  }
}

void uvpool__hold_hand_over_locked(uvpool_t* handle,
                                   struct uvpool__effects* effects) {
  struct uvpool__pool* pool = handle->pool;
  uvpool_task_t* first = handle->held.head;
  take_back(handle);
  if (first == NULL) {
    return;
  }
  pool->reserved -= handle->held.len;
  handle->accepted += handle->held.len;
  bool cancelled = mark_waiting(pool, first);
  bool releasing = pool->state >= UVPOOL__RELEASING;
  uvpool__enqueue_plain_locked(pool, &handle->held);
  if (cancelled || releasing) {
    end_held(pool, first, releasing, effects);
  }
}

void uvpool__hold_flush(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  handle->hold_used = false;
  uvpool__lock_acquire(&pool->lock);
  uvpool__hold_hand_over_locked(handle, &effects);
  uvpool__fewer_wait_locked(pool, &effects);
  uvpool__dispatch_locked(pool, &effects);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
}
