/* Figures: one number at a time, or all of one moment. */
#include <string.h>
#include <uvpool/pool.h>
#include <uvpool/stats.h>

#include "handle.h"
#include "pool.h"
#include "task.h"
#include "worker.h"

/* The size of the first version of the structure; callers may know less than
 * we do, never less than this, and never more. */
enum { STATS_SIZE_V1 = sizeof(uvpool_stats_t) };

/* Lock held. */
static void find_oldest_waiting(const struct uvpool__pool* pool,
                                uint64_t now_ns,
                                uvpool_stats_t* stats) {
  const uvpool_task_t* oldest = uvpool__waiting_oldest(&pool->waiting);
  if (oldest != NULL) {
    uint64_t since_ns = uvpool__task_since_us(oldest) * 1000u;
    stats->oldest_waiting_ns = now_ns > since_ns ? now_ns - since_ns : 0;
    stats->oldest_waiting_label = uvpool_task_label(oldest);
  }
}

/* Lock held. A task that is counted as running belongs to its worker, which
 * needs the lock to pass it on: its label can be read. */
static void find_longest_running(const struct uvpool__pool* pool,
                                 uint64_t now_ns,
                                 uvpool_stats_t* stats) {
  for (const struct uvpool__worker* w = pool->records; w != NULL;
       w = w->next_record) {
    /* Relaxed, see timing.h. */
    uint64_t began_ns =
        atomic_load_explicit(&w->watch.began_ns, memory_order_relaxed);
    if (w->running != NULL && began_ns != 0 && began_ns < now_ns &&
        now_ns - began_ns > stats->longest_running_ns) {
      stats->longest_running_ns = now_ns - began_ns;
      stats->longest_running_label = uvpool_task_label(w->running);
    }
  }
}

/* Lock held. */
static void describe(const struct uvpool__pool* pool, uvpool_stats_t* stats) {
  uint64_t now_ns = uvpool__monotonic_ns();
  find_oldest_waiting(pool, now_ns, stats);
  find_longest_running(pool, now_ns, stats);
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    stats->classes[c].busy = uvpool__busy_of_class_locked(pool, c);
    stats->classes[c].waiting = uvpool__waiting_of_class(&pool->waiting, c);
  }
  stats->wait = pool->timing.wait;
  stats->run = pool->timing.run;
}

/* Lock held. */
static void count(const struct uvpool__pool* pool, uvpool_stats_t* stats) {
  const struct uvpool__counters* counters = &pool->counters;
  stats->accepted = counters->accepted;
  stats->refused = counters->refused;
  stats->started = counters->started;
  stats->completed = counters->completed;
  stats->cancelled = counters->cancelled;
  stats->expired = counters->expired;
  stats->panicked = counters->panicked;
  stats->workers_started = counters->workers_started;
  stats->workers_expired = counters->workers_expired;
  stats->spawn_failures = counters->spawn_failures;
  stats->capacity = pool->settings.unlimited ? -1 : (int64_t) pool->capacity;
  stats->workers = pool->workers;
  stats->busy = pool->busy;
  stats->idle = uvpool__worker_queue_len(&pool->idle);
  stats->waiting = pool->waiting.len;
  stats->blocked = pool->callers.len;
  stats->workers_max = counters->workers_max;
  stats->busy_max = counters->busy_max;
  stats->waiting_max = counters->waiting_max;
}

int uvpool_stats_sized(uvpool_t* handle, uvpool_stats_t* stats, size_t size) {
  if (stats == NULL || size < STATS_SIZE_V1 || size > sizeof(*stats)) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  uvpool_stats_t all;
  memset(&all, 0, sizeof(all));
  uvpool__lock_acquire(&handle->pool->lock);
  count(handle->pool, &all);
  describe(handle->pool, &all);
  uvpool__lock_release(&handle->pool->lock);
  memcpy(stats, &all, size);
  stats->size = size;
  return 0;
}

/* One number, read under the lock by `read`. */
static int64_t figure(uvpool_t* handle,
                      int64_t (*read)(const struct uvpool__pool* pool)) {
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  uvpool__lock_acquire(&handle->pool->lock);
  int64_t value = read(handle->pool);
  uvpool__lock_release(&handle->pool->lock);
  return value;
}

static int64_t read_capacity(const struct uvpool__pool* pool) {
  return pool->settings.unlimited ? -1 : (int64_t) pool->capacity;
}

static int64_t read_workers(const struct uvpool__pool* pool) {
  return (int64_t) pool->workers;
}

static int64_t read_busy(const struct uvpool__pool* pool) {
  return (int64_t) pool->busy;
}

static int64_t read_idle(const struct uvpool__pool* pool) {
  return (int64_t) uvpool__worker_queue_len(&pool->idle);
}

static int64_t read_waiting(const struct uvpool__pool* pool) {
  return (int64_t) pool->waiting.len;
}

static int64_t read_available(const struct uvpool__pool* pool) {
  if (pool->settings.unlimited) {
    return -1;
  }
  return pool->capacity > pool->busy ? (int64_t) (pool->capacity - pool->busy)
                                     : 0;
}

int64_t uvpool_capacity(uvpool_t* handle) {
  return figure(handle, read_capacity);
}

int64_t uvpool_workers(uvpool_t* handle) {
  return figure(handle, read_workers);
}

int64_t uvpool_busy(uvpool_t* handle) {
  return figure(handle, read_busy);
}

int64_t uvpool_idle(uvpool_t* handle) {
  return figure(handle, read_idle);
}

int64_t uvpool_waiting(uvpool_t* handle) {
  return figure(handle, read_waiting);
}

int64_t uvpool_available(uvpool_t* handle) {
  return figure(handle, read_available);
}
