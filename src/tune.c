/* Tune: a new capacity, at once and without waiting. */
#include <uvpool/pool.h>

#include "admission.h"
#include "classes.h"
#include "dispatch.h"
#include "handle.h"
#include "hold.h"
#include "pool.h"

/* Lock held. */
static int check(const struct uvpool__pool* pool, int64_t capacity) {
  if (capacity <= 0 || capacity > UVPOOL_CAPACITY_MAX ||
      (uint64_t) capacity < pool->settings.min_workers ||
      (uint64_t) capacity <= uvpool__class_reserved(&pool->settings)) {
    return UV_EINVAL;
  }
  if (pool->settings.unlimited ||
      (pool->settings.flags & UVPOOL_PREALLOC) != 0) {
    return UV_ENOTSUP;
  }
  return pool->state == UVPOOL__OPEN ? 0 : UV_ESHUTDOWN;
}

/* Lock held. Who is idle leaves now; who is busy finds out when it is done. */
static void shed_surplus(struct uvpool__pool* pool,
                         struct uvpool__effects* effects) {
  uint64_t live = uvpool__live_locked(pool);
  uint64_t surplus = live > pool->capacity ? live - pool->capacity : 0;
  size_t idle = uvpool__worker_queue_len(&pool->idle);
  uvpool__retire_locked(
      pool, surplus < idle ? (size_t) surplus : idle, effects);
}

int uvpool_tune(uvpool_t* handle, int64_t capacity) {
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  err = check(pool, capacity);
  if (err == 0) {
    pool->capacity = (uint64_t) capacity;
    atomic_store_explicit(
        &pool->load_max, pool->capacity, memory_order_relaxed); /* see pool.h */
    uvpool__hold_revoke_locked(pool); /* promised under the old one */
    shed_surplus(pool, &effects);
    if (pool->room_wanted) {
      uvpool__room_locked(pool, &effects);
    }
    uvpool__dispatch_locked(pool, &effects);
  }
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);
  return err;
}
