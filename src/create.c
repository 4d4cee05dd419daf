/* Create and attach: a pool, its handle, and the port between it and the loop.
 *
 * Memory is acquired first, then the port, then the threads of min_workers: a
 * failure before the port leaves nothing at all, one after it is an ordinary
 * close of which nobody hears. */
#include "create.h"

#include <uvpool/pool.h>

#include "alloc.h"
#include "handle.h"
#include "options.h"
#include "pool.h"
#include "port.h"
#include "process.h"

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
  if (pool->state != UVPOOL__OPEN) {
    uvpool__handle_post(handle, UVPOOL__NOTICE_STATE); /* it has to settle */
  }
  uvpool__lock_release(&pool->lock);
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
  uvpool__pool_abandon(pool);
  return err;
}

int uvpool__pool_settings(const uvpool_options_t* options,
                          struct uvpool__settings* settings) {
  int err = uvpool__options_resolve(options, settings);
  return err == 0 ? uvpool__process_watch() : err;
}

int uvpool__pool_create(uv_loop_t* loop,
                        const struct uvpool__settings* settings,
                        uvpool_t** out) {
  uvpool_t* first = NULL;
  int err = create(loop, settings, &first);
  if (err != 0) {
    return err;
  }
  err = uvpool__pool_warm_up(first->pool);
  if (err != 0) {
    uvpool_close(first, NULL);
    return err;
  }
  *out = first;
  return 0;
}

int uvpool_create(uv_loop_t* loop,
                  const uvpool_options_t* options,
                  uvpool_t** handle) {
  struct uvpool__settings settings = {0};
  if (loop == NULL || handle == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__pool_settings(options, &settings);
  return err == 0 ? uvpool__pool_create(loop, &settings, handle) : err;
}

int uvpool_attach(uvpool_t* pool, uv_loop_t* loop, uvpool_t** handle) {
  int err = uvpool__handle_check(pool);
  if (err != 0) {
    return err;
  }
  if (loop == NULL || handle == NULL || pool->pool->multi != NULL) {
    return UV_EINVAL;
  }
  uvpool__lock_acquire(&pool->pool->lock);
  bool closing = pool->closing;
  uvpool__lock_release(&pool->pool->lock);
  if (closing) {
    return UV_ESHUTDOWN;
  }
  const struct uvpool__settings* settings = &pool->pool->settings;
  uvpool_t* further = uvpool__pool_new_handle(pool->pool);
  if (further == NULL) {
    return UV_ENOMEM;
  }
  struct uvpool__port* port = NULL;
  err = uvpool__port_open(loop, settings, &port);
  if (err != 0) {
    uvpool__free(&settings->allocator, further);
    return err;
  }
  uvpool__pool_list(further, port);
  *handle = further;
  return 0;
}
