/* Fire and forget: an ordinary task whose object is ours.
 *
 * It goes the same way as every other task, its done included, which puts the
 * object back into a cache. The cache holds as many objects as can be in flight
 * in a bounded pool, up to a limit, so that in a steady state nothing is
 * allocated. */
#include "go.h"

#include <uvpool/pool.h>

#include "admission.h"
#include "alloc.h"
#include "handle.h"
#include "task.h"
#include "util.h"

enum { CACHE_MAX = 16384 };

struct uvpool__go {
  uvpool_task_t task;
  struct uvpool__go* next; /* guarded by the cache's lock */
  uvpool_go_cb fn;
  void* arg;
};

int uvpool__go_cache_init(struct uvpool__go_cache* cache,
                          const struct uvpool__settings* settings) {
  cache->free = NULL;
  cache->len = 0;
  cache->max = CACHE_MAX;
  if (settings->max_waiting < CACHE_MAX - settings->capacity) {
    cache->max = (size_t) (settings->max_waiting + settings->capacity);
  }
  return uvpool__lock_init(&cache->lock, UVPOOL__RANK_LEAF);
}

void uvpool__go_cache_free(struct uvpool__go_cache* cache,
                           const uvpool_allocator_t* allocator) {
  while (cache->free != NULL) {
    struct uvpool__go* go = cache->free;
    cache->free = go->next;
    uvpool__free(allocator, go);
  }
  uvpool__lock_destroy(&cache->lock);
}

static struct uvpool__go* get(struct uvpool__pool* pool) {
  struct uvpool__go_cache* cache = &pool->go_cache;
  uvpool__lock_acquire(&cache->lock);
  struct uvpool__go* go = cache->free;
  if (go != NULL) {
    cache->free = go->next;
    cache->len--;
  }
  uvpool__lock_release(&cache->lock);
  return go != NULL ? go
                    : uvpool__alloc(&pool->settings.allocator, sizeof(*go));
}

static void put(struct uvpool__pool* pool, struct uvpool__go* go) {
  struct uvpool__go_cache* cache = &pool->go_cache;
  uvpool__lock_acquire(&cache->lock);
  bool keep = cache->len < cache->max;
  if (keep) {
    go->next = cache->free;
    cache->free = go;
    cache->len++;
  }
  uvpool__lock_release(&cache->lock);
  if (!keep) {
    uvpool__free(&pool->settings.allocator, go);
  }
}

static int run(uvpool_task_t* task) {
  struct uvpool__go* go = UVPOOL__CONTAINER_OF(task, struct uvpool__go, task);
  go->fn(go->arg);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  (void) status;
  put(task->handle->pool, UVPOOL__CONTAINER_OF(task, struct uvpool__go, task));
}

int uvpool_go(uvpool_t* handle, uvpool_go_cb fn, void* arg) {
  if (fn == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_check(handle);
  if (err != 0) {
    return err;
  }
  struct uvpool__go* go = get(handle->pool);
  if (go == NULL) {
    return UV_ENOMEM;
  }
  go->fn = fn;
  go->arg = arg;
  uint32_t flags = UVPOOL__TASK_GO;
  if (uvpool__on_loop(handle)) {
    flags |= UVPOOL__TASK_HOLDS_LOOP;
  }
  uvpool__task_free(&go->task);
  uvpool__task_claim(&go->task);
  uvpool__task_prepare(&go->task, handle, run, done, flags);
  err = uvpool__admit(handle, &go->task);
  if (err != 0) {
    put(handle->pool, go);
  }
  return err;
}
