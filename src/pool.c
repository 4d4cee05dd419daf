/* The pool: made, warmed up, looked at, freed. Nothing here is on a hot
 * path. */
#include "pool.h"

#include <uvpool/pool.h>

#include "alloc.h"
#include "process.h"
#include "go.h"
#include "handle.h"
#include "liveness.h"
#include "spawn.h"
#include "util.h"

/* ---- Make and free ------------------------------------------------------- */

static int init_thread_attr(struct uvpool__pool* pool) {
  int err = pthread_attr_init(&pool->thread_attr);
  if (err != 0) {
    return UV_ENOMEM;
  }
  err =
      pthread_attr_setstacksize(&pool->thread_attr, pool->settings.stack_size);
  if (err != 0) {
    pthread_attr_destroy(&pool->thread_attr);
    return UV_EINVAL;
  }
  return 0;
}

static void free_pool(struct uvpool__pool* pool, bool inherited) {
  uvpool_allocator_t allocator = pool->settings.allocator;
  uvpool__spawn_free_records(pool, inherited);
  if (!inherited) {
    /* A lock that a thread of the parent held at the fork is no one's. */
    uvpool__task_cache_destroy(&pool->go_cache, false);
    pthread_attr_destroy(&pool->thread_attr);
    uvpool__lock_destroy(&pool->lock);
  }
  uvpool__free(&allocator, pool);
}

void uvpool__pool_abandon(struct uvpool__pool* pool) {
  free_pool(pool, false);
}

void uvpool__pool_unref(struct uvpool__pool* pool, bool inherited) {
  if (!inherited) {
    uvpool__lock_acquire(&pool->lock);
  }
  uint64_t refs = --pool->handle_refs;
  if (!inherited) {
    uvpool__lock_release(&pool->lock);
  }
  if (refs == 0) {
    free_pool(pool, inherited);
  }
}

static uint64_t online_processors(void) {
  unsigned count = uv_available_parallelism();
  return count == 0 ? 1 : count;
}

static int new_pool(const struct uvpool__settings* settings,
                    struct uvpool__pool** out) {
  struct uvpool__pool* pool =
      uvpool__alloc(&settings->allocator, sizeof(*pool));
  if (pool == NULL) {
    return UV_ENOMEM;
  }
  int err = UV_ENOMEM;
  pool->settings = *settings;
  pool->fork_generation = uvpool__fork_generation();
  pool->wake_max = online_processors();
  pool->capacity = settings->capacity;
  pool->state = UVPOOL__OPEN;
  atomic_init(&pool->tick, 0);
  atomic_init(&pool->spinning, false);
  atomic_init(&pool->load, 0);
  atomic_init(&pool->load_max, settings->capacity);
  uvpool__worker_queue_init(&pool->idle,
                            (settings->flags & UVPOOL_PREALLOC) != 0
                                ? &uvpool__worker_ring
                                : &uvpool__worker_stack);
  if (uvpool__lock_init(&pool->lock, UVPOOL__RANK_POOL) != 0) {
    goto err_alloc;
  }
  if (uvpool__go_cache_init(&pool->go_cache, settings, 1) != 0) {
    goto err_lock;
  }
  err = init_thread_attr(pool);
  if (err != 0) {
    goto err_cache;
  }
  *out = pool;
  return 0;

err_cache:
  uvpool__task_cache_destroy(&pool->go_cache, false);
err_lock:
  uvpool__lock_destroy(&pool->lock);
err_alloc:
  uvpool__free(&settings->allocator, pool);
  return err;
}

int uvpool__pool_new(const struct uvpool__settings* settings,
                     struct uvpool__pool** out) {
  int err = new_pool(settings, out);
  if (err == 0 && (settings->flags & UVPOOL_PREALLOC) != 0) {
    err = uvpool__spawn_prealloc(*out, settings->capacity);
    if (err != 0) {
      free_pool(*out, false);
    }
  }
  return err;
}

int uvpool__pool_warm_up(struct uvpool__pool* pool) {
  struct uvpool__effects effects = {0};
  int err = 0;
  for (uint64_t i = 0; err == 0 && i < pool->settings.min_workers; i++) {
    uvpool__lock_acquire(&pool->lock);
    bool due = pool->state == UVPOOL__OPEN &&
               uvpool__live_locked(pool) < pool->settings.min_workers &&
               pool->workers < pool->capacity;
    if (due) {
      uvpool__spawn_reserve_first_locked(pool);
    }
    uvpool__lock_release(&pool->lock);
    err = due ? uvpool__spawn(pool, &effects) : 0;
  }
  uvpool__effects_run(pool, &effects);
  return err;
}

/* ---- Accessors ----------------------------------------------------------- */

int uvpool_is_closed(uvpool_t* handle) {
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  uvpool__lock_acquire(&handle->pool->lock);
  bool closed = handle->closing || handle->pool->state != UVPOOL__OPEN;
  uvpool__lock_release(&handle->pool->lock);
  return closed ? 1 : 0;
}

uv_loop_t* uvpool_get_loop(const uvpool_t* handle) {
  return handle == NULL ? NULL : handle->port->loop;
}

void* uvpool_get_data(const uvpool_t* handle) {
  return handle == NULL ? NULL : handle->data;
}

void uvpool_set_data(uvpool_t* handle, void* data) {
  if (handle != NULL) {
    handle->data = data;
  }
}

static int set_referenced(uvpool_t* handle, bool referenced) {
  int err = uvpool__handle_enter(handle);
  if (err != 0) {
    return err;
  }
  if (!uvpool__on_loop(handle)) {
    return UV_EPERM;
  }
  if (referenced && !handle->referenced) {
    uvpool__liveness_hold(handle->port);
  } else if (!referenced && handle->referenced) {
    uvpool__liveness_drop(handle->port);
  }
  handle->referenced = referenced;
  return 0;
}

int uvpool_ref(uvpool_t* handle) {
  return set_referenced(handle, true);
}

int uvpool_unref(uvpool_t* handle) {
  return set_referenced(handle, false);
}
