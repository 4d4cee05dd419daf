/* The pool: made, warmed up, looked at, freed. Nothing here is on a hot
 * path. */
#include "pool.h"

#include <uvpool/pool.h>

#include "alloc.h"
#include "fork.h"
#include "go.h"
#include "handle.h"
#include "liveness.h"
#include "options.h"
#include "port.h"
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
  uvpool__spawn_free_records(pool);
  if (!inherited) {
    /* A lock that a thread of the parent held at the fork is no one's. */
    uvpool__go_cache_free(&pool->go_cache, &allocator);
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
  uvpool__worker_queue_init(&pool->idle);
  if (uvpool__lock_init(&pool->lock, UVPOOL__RANK_POOL) != 0) {
    goto err_alloc;
  }
  if (uvpool__go_cache_init(&pool->go_cache, settings) != 0) {
    goto err_lock;
  }
  err = init_thread_attr(pool);
  if (err != 0) {
    goto err_cache;
  }
  *out = pool;
  return 0;

err_cache:
  uvpool__go_cache_free(&pool->go_cache, &settings->allocator);
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

uvpool_t* uvpool__pool_new_handle(struct uvpool__pool* pool) {
  uvpool_t* handle = uvpool__alloc(&pool->settings.allocator, sizeof(*handle));
  if (handle != NULL) {
    handle->pool = pool;
    handle->thread = pthread_self();
    handle->data = pool->settings.data;
    atomic_init(&handle->notices, 0);
    atomic_init(&handle->credits, 0);
  }
  return handle;
}

void uvpool__pool_list(uvpool_t* handle, struct uvpool__port* port) {
  struct uvpool__pool* pool = handle->pool;
  handle->port = port;
  uvpool__port_join(port, handle);
  uvpool__lock_acquire(&pool->lock);
  uvpool_t** link = &pool->handles;
  while (*link != NULL) {
    link = &(*link)->next; /* at the end: the keeper stays the same */
  }
  *link = handle;
  pool->handle_refs++;
  uvpool__lock_release(&pool->lock);
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

/* A pool and its first handle on a port of its own. */
static int create(uv_loop_t* loop,
                  const struct uvpool__settings* settings,
                  uvpool_t** out) {
  struct uvpool__pool* pool = NULL;
  struct uvpool__port* port = NULL;
  int err = uvpool__pool_new(settings, &pool);
  if (err != 0) {
    return err;
  }
  uvpool_t* handle = uvpool__pool_new_handle(pool);
  if (handle == NULL) {
    err = UV_ENOMEM;
    goto err_pool;
  }
  err = uvpool__port_open(loop, settings, &port);
  if (err != 0) {
    goto err_handle;
  }
  uvpool__pool_list(handle, port);
  *out = handle;
  return 0;

err_handle:
  uvpool__free(&settings->allocator, handle);
err_pool:
  free_pool(pool, false);
  return err;
}

int uvpool_create(uv_loop_t* loop,
                  const uvpool_options_t* options,
                  uvpool_t** handle) {
  struct uvpool__settings settings = {0};
  if (loop == NULL || handle == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__options_resolve(options, &settings);
  if (err == 0) {
    err = uvpool__fork_watch();
  }
  uvpool_t* first = NULL;
  if (err == 0) {
    err = create(loop, &settings, &first);
  }
  if (err == 0) {
    err = uvpool__pool_warm_up(first->pool);
    if (err != 0) {
      uvpool_close(first, NULL);
    }
  }
  if (err == 0) {
    *handle = first;
  }
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
