/* Fire and forget: an ordinary task whose object comes from a cache. */
#ifndef UVPOOL_SRC_GO_H
#define UVPOOL_SRC_GO_H

#include <uvpool/pool.h>

#include "task_cache.h"

/* 0, or a positive error number. */
int uvpool__go_cache_init(struct uvpool__task_cache* cache,
                          const struct uvpool__settings* settings,
                          size_t pools);

/* A task that runs fn(arg), claimed and prepared for `handle`; NULL without
 * memory. */
struct uvpool__cached_task* uvpool__go_prepare(struct uvpool__task_cache* cache,
                                               uvpool_t* handle,
                                               uvpool_go_cb fn,
                                               void* arg);

#endif /* UVPOOL_SRC_GO_H */
