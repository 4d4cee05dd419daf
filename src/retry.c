/* The retry timer; see retry.h. */
#include "retry.h"

#include "dispatch.h"
#include "handle.h"
#include "log.h"
#include "util.h"

static void retry(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  handle->retry_at_ns = 0;
  uvpool__lock_acquire(&pool->lock);
  /* A further failure asks for the timer again. */
  pool->retry_on = false;
  pool->backoff.retry_at_ns = 0;
  uvpool__dispatch_locked(pool, &effects);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
}

static void on_retry(uv_timer_t* timer);

/* For the handle that is to try first. */
static void arm(struct uvpool__port* port) {
  uint64_t first = UVPOOL__NEVER;
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->retry_at_ns != 0 && h->retry_at_ns < first) {
      first = h->retry_at_ns;
    }
  }
  if (first == UVPOOL__NEVER) {
    uv_timer_stop(&port->retry_timer);
    return;
  }
  uv_timer_start(&port->retry_timer, on_retry, uvpool__ms_until(first), 0);
}

static void on_retry(uv_timer_t* timer) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(timer, struct uvpool__port, retry_timer);
  uint64_t now = uvpool__monotonic_ns();
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    if (h->retry_at_ns != 0 && h->retry_at_ns <= now) {
      retry(h);
    }
  }
  arm(port);
}

void uvpool__retry_start(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  uvpool__lock_acquire(&pool->lock);
  uint64_t delay_ms = pool->backoff.delay_ms;
  int err = pool->backoff.err;
  uint64_t waiting = pool->waiting.len;
  uint64_t workers = pool->workers;
  uvpool__lock_release(&pool->lock);
  handle->retry_at_ns = uvpool__deadline_ns(delay_ms);
  arm(handle->port);
  uvpool__log(
      handle,
      "cannot start a worker thread (%s); %llu tasks wait, %llu workers "
      "live; trying again in %llu ms",
      err == 0 ? "on_worker_start refused" : uv_strerror(err),
      (unsigned long long) waiting,
      (unsigned long long) workers,
      (unsigned long long) delay_ms);
}

void uvpool__retry_stop(uvpool_t* handle) {
  if (handle->retry_at_ns != 0) {
    handle->retry_at_ns = 0;
    arm(handle->port);
  }
}
