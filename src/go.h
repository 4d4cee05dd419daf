/* The cache of task objects behind uvpool_go. */
#ifndef UVPOOL_SRC_GO_H
#define UVPOOL_SRC_GO_H

#include "pool.h"

/* 0, or a positive error number. */
int uvpool__go_cache_init(struct uvpool__go_cache* cache,
                          const struct uvpool__settings* settings);

/* No task of uvpool_go in flight: frees the cache. */
void uvpool__go_cache_free(struct uvpool__go_cache* cache,
                           const uvpool_allocator_t* allocator);

#endif /* UVPOOL_SRC_GO_H */
