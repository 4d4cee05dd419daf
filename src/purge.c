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

static void on_purge(uv_timer_t* timer) {
  uvpool_t* handle = UVPOOL__CONTAINER_OF(timer, uvpool_t, purge_timer);
  struct uvpool__pool* pool = handle->pool;
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
  if (stop) {
    uvpool__purge_stop(handle);
  }
}

void uvpool__purge_start(uvpool_t* handle) {
  uint64_t period_ms = uvpool__clock_period_ms(&handle->pool->settings);
  uvpool__clock_start(handle);
  uv_timer_start(&handle->purge_timer, on_purge, period_ms, period_ms);
}

void uvpool__purge_stop(uvpool_t* handle) {
  uv_timer_stop(&handle->purge_timer);
  uvpool__clock_stop(handle);
}
