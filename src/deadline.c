/* Deadlines; see deadline.h. */
#include "deadline.h"

#include "dispatch.h"
#include "handle.h"
#include "notice.h"
#include "release.h"
#include "task.h"
#include "util.h"

/* Tasks that are ended in one visit to the lock. */
enum { EXPIRE_AT_ONCE = 64 };

/* A timer that is started again for "now" inside its callback runs before the
 * loop has done anything else. */
enum { NEXT_TURN_MS = 1 };

static const uint64_t NS_PER_MS = 1000000;

uint32_t uvpool__deadline_of_ns(uint64_t deadline_ns, uint64_t now_ns) {
  if (deadline_ns <= now_ns) {
    return (uint32_t) (now_ns / NS_PER_MS);
  }
  return (uint32_t) ((deadline_ns + NS_PER_MS - 1) / NS_PER_MS);
}

bool uvpool__deadline_has_passed(const uvpool_task_t* task, uint64_t now_ns) {
  return !uvpool__deadline_before((uint32_t) (now_ns / NS_PER_MS),
                                  task->deadline);
}

void uvpool__deadline_arm_locked(uvpool_task_t* task) {
  uvpool_t* handle = task->handle;
  uvpool__deadline_heap_insert(&handle->deadlines, task);
  if (!handle->deadline_set ||
      uvpool__deadline_before(task->deadline, handle->deadline_at)) {
    handle->deadline_set = true;
    handle->deadline_at = task->deadline;
    uvpool__handle_post(handle, UVPOOL__NOTICE_DEADLINE);
  }
}

void uvpool__deadline_disarm_locked(uvpool_task_t* task) {
  uvpool__deadline_heap_remove(&task->handle->deadlines, task);
}

/* ---- On the loop --------------------------------------------------------- */

/* Lock held. True: there may be more. */
static bool expire_some(uvpool_t* handle,
                        uint64_t now_ns,
                        struct uvpool__effects* effects) {
  for (int i = 0; i < EXPIRE_AT_ONCE; i++) {
    uvpool_task_t* soonest = handle->deadlines.root;
    if (soonest == NULL || !uvpool__deadline_has_passed(soonest, now_ns)) {
      return false;
    }
    uvpool__end_waiting_locked(handle->pool, soonest, UV_ETIMEDOUT, effects);
  }
  return true;
}

/* Ends what is over, but for no longer than done callbacks may take: the loop
 * has other business. */
static void expire(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  uint64_t began_ns = uvpool__monotonic_ns();
  uint64_t now_ns = began_ns;
  bool more = true;
  while (more && now_ns - began_ns <= handle->port->completion_budget_ns) {
    uvpool__lock_acquire(&pool->lock);
    more = expire_some(handle, now_ns, &effects);
    uvpool__fewer_wait_locked(pool, &effects);
    uvpool__dispatch_locked(pool, &effects);
    uvpool__lock_release(&pool->lock);
    uvpool__effects_run(pool, &effects);
    now_ns = uvpool__monotonic_ns();
  }
}

/* Notes what the timer is about to be set for; how many milliseconds away. */
static bool soonest(uvpool_t* handle, uint64_t* timeout_ms) {
  uint32_t now_ms = (uint32_t) (uvpool__monotonic_ns() / NS_PER_MS);
  uvpool__lock_acquire(&handle->pool->lock);
  const uvpool_task_t* root = handle->deadlines.root;
  handle->deadline_set = root != NULL;
  if (root != NULL) {
    handle->deadline_at = root->deadline;
    *timeout_ms = uvpool__deadline_before(now_ms, root->deadline)
                      ? root->deadline - now_ms
                      : NEXT_TURN_MS;
  }
  uvpool__lock_release(&handle->pool->lock);
  return root != NULL;
}

static void on_deadline(uv_timer_t* timer) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(timer, struct uvpool__port, deadline_timer);
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    expire(h);
  }
  uvpool__deadline_set_timer(port);
}

void uvpool__deadline_set_timer(struct uvpool__port* port) {
  uint64_t first_ms = UINT64_MAX;
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    uint64_t timeout_ms = UINT64_MAX;
    if (soonest(h, &timeout_ms) && timeout_ms < first_ms) {
      first_ms = timeout_ms;
    }
  }
  if (first_ms == UINT64_MAX) {
    uv_timer_stop(&port->deadline_timer);
  } else {
    uv_timer_start(&port->deadline_timer, on_deadline, first_ms, 0);
  }
}
