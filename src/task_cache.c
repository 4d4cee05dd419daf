/* The cache of task objects; see task_cache.h. */
#include "task_cache.h"

#include "alloc.h"
#include "pool.h"
#include "task.h"

enum { CACHE_MAX = 16384 };

int uvpool__task_cache_init(struct uvpool__task_cache* cache,
                            const struct uvpool__settings* settings,
                            size_t size,
                            size_t pools) {
  cache->free = NULL;
  cache->len = 0;
  cache->max = CACHE_MAX;
  cache->size = size;
  cache->allocator = settings->allocator;
  if (settings->max_waiting < CACHE_MAX - settings->capacity) {
    /* One more each: an object is still out while its done callback runs, and
     * counts no more. */
    uint64_t in_flight = settings->max_waiting + settings->capacity + 1;
    if (in_flight < CACHE_MAX / pools) {
      cache->max = (size_t) in_flight * pools;
    }
  }
  return uvpool__lock_init(&cache->lock, UVPOOL__RANK_LEAF);
}

void uvpool__task_cache_destroy(struct uvpool__task_cache* cache,
                                bool inherited) {
  /* A list that a thread of the parent was changing at the fork may be
   * broken. */
  while (!inherited && cache->free != NULL) {
    struct uvpool__cached_task* cached = cache->free;
    cache->free = cached->next;
    uvpool__free(&cache->allocator, cached);
  }
  if (!inherited) {
    uvpool__lock_destroy(&cache->lock);
  }
}

struct uvpool__cached_task* uvpool__task_cache_get(
    struct uvpool__task_cache* cache) {
  uvpool__lock_acquire(&cache->lock);
  struct uvpool__cached_task* cached = cache->free;
  if (cached != NULL) {
    cache->free = cached->next;
    cache->len--;
  }
  uvpool__lock_release(&cache->lock);
  if (cached == NULL) {
    cached = uvpool__alloc(&cache->allocator, cache->size);
    if (cached != NULL) {
      cached->home = cache;
      uvpool__task_free(&cached->task);
    }
  }
  return cached;
}

void uvpool__task_cache_put(struct uvpool__cached_task* cached) {
  struct uvpool__task_cache* cache = cached->home;
  uvpool__lock_acquire(&cache->lock);
  bool keep = cache->len < cache->max;
  if (keep) {
    cached->next = cache->free;
    cache->free = cached;
    cache->len++;
  }
  uvpool__lock_release(&cache->lock);
  if (!keep) {
    uvpool__free(&cache->allocator, cached);
  }
}
