/* The purge timer; see purge.h. */
#include "purge.h"

#include "clock.h"
#include "dispatch.h"
#include "handle.h"
#include "util.h"

bool uvpool__purge_due_locked(const struct uvpool__pool* pool) {
  return (pool->settings.flags & UVPOOL_NO_PURGE) == 0 &&
         uvpool__worker_queue_len(&pool->idle) > 0 &&
         uvpool__live_locked(pool) > pool->settings.min_workers;
}

/* Lock held. Orders those who are due to leave. */
static void retire_expired(struct uvpool__pool* pool,
                           struct uvpool__effects* effects) {
  uint64_t now = uvpool__clock_stamp(pool);
  if (!uvpool__purge_due_locked(pool) || now < UVPOOL__TICKS_TO_EXPIRE) {
    return;
  }
  uint64_t spare = uvpool__live_locked(pool) - pool->settings.min_workers;
  uint64_t expired =
      uvpool__worker_queue_search(&pool->idle, now - UVPOOL__TICKS_TO_EXPIRE);
  uint64_t count = expired < spare ? expired : spare;
  uvpool__retire_locked(pool, (size_t) count, effects);
  pool->counters.workers_expired += count;
}

/* Returns whether this pool needs the timers no more. */
static bool purge(struct uvpool__pool* pool) {
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  retire_expired(pool, &effects);
  bool stop = !uvpool__purge_due_locked(pool);
  if (stop) {
    /* Whoever lies down from now on asks again, and is heard after this. */
    pool->timers_on = false;
  }
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  return stop;
}

static void stop_if_idle(struct uvpool__port* port) {
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->purging) {
      return;
    }
  }
  port->timers_on = false;
  uv_timer_stop(&port->purge_timer);
  uvpool__clock_stop(port);
}

static void on_purge(uv_timer_t* timer) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(timer, struct uvpool__port, purge_timer);
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->purging && purge(h->pool)) {
      h->purging = false;
    }
  }
  stop_if_idle(port);
}

void uvpool__purge_start(uvpool_t* handle) {
  struct uvpool__port* port = handle->port;
  handle->purging = true;
  if (!port->timers_on) {
    port->timers_on = true;
    uvpool__clock_start(port);
    uv_timer_start(
        &port->purge_timer, on_purge, port->period_ms, port->period_ms);
  }
}

void uvpool__purge_stop(uvpool_t* handle) {
  if (handle->purging) {
    handle->purging = false;
    stop_if_idle(handle->port);
  }
}
