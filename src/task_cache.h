/* Task objects of ours, for callers who have none: a bounded list of free ones.
 *
 * Each begins with a task, and goes back to the cache that it came from, which
 * may be shared by several pools. The list holds as many as can be in flight,
 * up to a limit, so that in a steady state nothing is allocated. */
#ifndef UVPOOL_SRC_TASK_CACHE_H
#define UVPOOL_SRC_TASK_CACHE_H

#include <stddef.h>
#include <uvpool/options.h>

#include "lock.h"

struct uvpool__settings;
struct uvpool__task_cache;

/* What every such object begins with. */
struct uvpool__cached_task {
  uvpool_task_t task;
  struct uvpool__task_cache* home;  /* constant */
  struct uvpool__cached_task* next; /* guarded by home's lock, while free */
};

struct uvpool__task_cache {
  struct uvpool__lock lock;         /* rank leaf */
  struct uvpool__cached_task* free; /* guarded by lock */
  size_t len;                       /* guarded by lock */
  size_t max;                       /* constant after init */
  size_t size;                      /* of an object; constant after init */
  uvpool_allocator_t allocator;     /* constant after init */
};

/* For objects of `size` bytes and `pools` pools with these settings. 0, or a
 * positive error number. */
int uvpool__task_cache_init(struct uvpool__task_cache* cache,
                            const struct uvpool__settings* settings,
                            size_t size,
                            size_t pools);

/* Nothing of it in flight: frees what is in it. `inherited`: in a forked child,
 * where its lock may be held by nobody. */
void uvpool__task_cache_destroy(struct uvpool__task_cache* cache,
                                bool inherited);

/* Any thread. An object, its task not in flight; NULL without memory. */
struct uvpool__cached_task* uvpool__task_cache_get(
    struct uvpool__task_cache* cache);

/* Any thread. Back to where it came from. */
void uvpool__task_cache_put(struct uvpool__cached_task* cached);

#endif /* UVPOOL_SRC_TASK_CACHE_H */
