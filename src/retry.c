/* The retry timer; see retry.h. */
#include "retry.h"

#include "dispatch.h"
#include "handle.h"
#include "log.h"
#include "util.h"

static void on_retry(uv_timer_t* timer) {
  uvpool_t* handle = UVPOOL__CONTAINER_OF(timer, uvpool_t, retry_timer);
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  /* A further failure asks for the timer again. */
  pool->retry_on = false;
  pool->backoff.retry_at_ns = 0;
  uvpool__dispatch_locked(pool, &effects);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
}

void uvpool__retry_start(uvpool_t* handle) {
  struct uvpool__pool* pool = handle->pool;
  uvpool__lock_acquire(&pool->lock);
  uint64_t delay_ms = pool->backoff.delay_ms;
  int err = pool->backoff.err;
  uint64_t waiting = pool->waiting.len;
  uint64_t workers = pool->workers;
  uvpool__lock_release(&pool->lock);
  uv_timer_start(&handle->retry_timer, on_retry, delay_ms, 0);
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
  uv_timer_stop(&handle->retry_timer);
}
