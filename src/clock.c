/* The cached clock; see clock.h. */
#include "clock.h"

#include "handle.h"
#include "util.h"

static void on_clock(uv_timer_t* timer);

static void arm(struct uvpool__port* port, uint64_t timeout_ms) {
  uv_timer_start(&port->clock_timer, on_clock, timeout_ms, 0);
}

/* Under the lock, so that no stamp given after this tick is older. */
static void tick(struct uvpool__pool* pool) {
  uvpool__lock_acquire(&pool->lock);
  atomic_fetch_add_explicit(&pool->tick, 1, memory_order_relaxed);
  uvpool__lock_release(&pool->lock);
}

static void on_clock(uv_timer_t* timer) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(timer, struct uvpool__port, clock_timer);
  uint64_t elapsed_ns = uvpool__monotonic_ns() - port->clock_ns;
  /* The loop's own notion of now may be behind, and the timer early. */
  if (elapsed_ns < port->period_ms * 1000000u) {
    arm(port, port->period_ms - elapsed_ns / 1000000u);
    return;
  }
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->purging) {
      tick(h->pool);
    }
  }
  /* The next period begins when the ticks are there, not when they were found
   * to be due: this thread may have been preempted in between. */
  port->clock_ns = uvpool__monotonic_ns();
  arm(port, port->period_ms);
}

void uvpool__clock_start(struct uvpool__port* port) {
  port->clock_ns = uvpool__monotonic_ns();
  arm(port, port->period_ms);
}

void uvpool__clock_stop(struct uvpool__port* port) {
  uv_timer_stop(&port->clock_timer);
}
