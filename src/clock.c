/* The cached clock; see clock.h. */
#include "clock.h"

#include "handle.h"
#include "util.h"

static void on_clock(uv_timer_t* timer);

static void arm(uvpool_t* handle, uint64_t timeout_ms) {
  uv_timer_start(&handle->clock_timer, on_clock, timeout_ms, 0);
}

static void on_clock(uv_timer_t* timer) {
  uvpool_t* handle = UVPOOL__CONTAINER_OF(timer, uvpool_t, clock_timer);
  struct uvpool__pool* pool = handle->pool;
  uint64_t period_ms = uvpool__clock_period_ms(&pool->settings);
  uint64_t elapsed_ns = uvpool__monotonic_ns() - handle->clock_ns;
  /* The loop's own notion of now may be behind, and the timer early. */
  if (elapsed_ns < period_ms * 1000000u) {
    arm(handle, period_ms - elapsed_ns / 1000000u);
    return;
  }
  /* Under the lock, so that no stamp given after this tick is older; and the
   * next period begins when the tick is there, not when it was found to be due:
   * this thread may have been preempted in between. */
  uvpool__lock_acquire(&pool->lock);
  atomic_fetch_add_explicit(&pool->tick, 1, memory_order_relaxed);
  handle->clock_ns = uvpool__monotonic_ns();
  uvpool__lock_release(&pool->lock);
  arm(handle, period_ms);
}

void uvpool__clock_start(uvpool_t* handle) {
  handle->clock_ns = uvpool__monotonic_ns();
  arm(handle, uvpool__clock_period_ms(&handle->pool->settings));
}

void uvpool__clock_stop(uvpool_t* handle) {
  uv_timer_stop(&handle->clock_timer);
}
