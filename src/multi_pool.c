/* The multi-pool: made, looked at, closed.
 *
 * All memory is acquired first, then the port, then the threads of min_workers:
 * a failure before the port leaves nothing at all, one after it is an ordinary
 * close of which nobody hears. */
#include "multi_pool.h"

#include "alloc.h"
#include "create.h"
#include "go.h"
#include "shutdown.h"

/* ---- Make ---------------------------------------------------------------- */

static void free_multi(uvpool_multi_t* multi) {
  uvpool_allocator_t allocator = multi->allocator;
  bool inherited = uvpool__multi_check(multi) == UV_EPERM;
  uvpool__task_cache_destroy(&multi->go_cache, inherited);
  if (!inherited) { /* else its holder does not exist */
    uvpool__lock_destroy(&multi->wait.lock);
  }
  uvpool__free(&allocator, multi->late);
  uvpool__free(&allocator, multi);
}

/* It has no port yet. */
static void abandon(uvpool_multi_t* multi) {
  uvpool_allocator_t allocator = multi->allocator;
  for (size_t i = 0; i < multi->count; i++) {
    if (multi->handles[i] != NULL) {
      uvpool__pool_abandon(multi->handles[i]->pool);
      uvpool__free(&allocator, multi->handles[i]);
      multi->handles[i] = NULL;
    }
  }
  free_multi(multi);
}

/* A pool and its handle, which waits for a port. */
static int new_member(uvpool_multi_t* multi,
                      const struct uvpool__settings* settings,
                      uvpool_t** out) {
  struct uvpool__pool* pool = NULL;
  int err = uvpool__pool_new(settings, &pool);
  if (err != 0) {
    return err;
  }
  uvpool_t* handle = uvpool__pool_new_handle(pool);
  if (handle == NULL) {
    uvpool__pool_abandon(pool);
    return UV_ENOMEM;
  }
  pool->multi = multi;
  handle->owned = true;
  *out = handle;
  return 0;
}

static uvpool_multi_t* new_multi(size_t count,
                                 uvpool_strategy_t strategy,
                                 const struct uvpool__settings* settings) {
  const uvpool_allocator_t* allocator = &settings->allocator;
  uvpool_multi_t* multi =
      uvpool__alloc(allocator,
                    sizeof(*multi) + count * sizeof(multi->handles[0]));
  size_t* late = uvpool__alloc_array(allocator, count, sizeof(*late));
  if (multi == NULL || late == NULL ||
      uvpool__lock_init(&multi->wait.lock, UVPOOL__RANK_LEAF) != 0) {
    goto err_alloc;
  }
  if (uvpool__go_cache_init(&multi->go_cache, settings, count) != 0) {
    goto err_lock;
  }
  multi->strategy = strategy;
  multi->count = count;
  multi->allocator = *allocator;
  multi->data = settings->data;
  multi->late = late;
  atomic_init(&multi->cursor, 0);
  return multi;

err_lock:
  uvpool__lock_destroy(&multi->wait.lock);
err_alloc:
  uvpool__free(allocator, multi);
  uvpool__free(allocator, late);
  return NULL;
}

/* The last close callback of the port; the handles are freed after it. */
static void on_port_closed(struct uvpool__port* port) {
  uvpool_multi_t* multi = port->owner;
  if (multi->close_cb != NULL) {
    multi->close_cb(multi);
  }
  free_multi(multi);
}

static int open_port(uvpool_multi_t* multi,
                     uv_loop_t* loop,
                     const struct uvpool__settings* settings) {
  int err = uvpool__port_open(loop, settings, &multi->port);
  if (err != 0) {
    return err;
  }
  multi->port->owner = multi;
  multi->port->on_closed = on_port_closed;
  /* The first is joined last: a port lists the newest first, and it is served
   * in the order of the indices. */
  for (size_t i = multi->count; i > 0; i--) {
    uvpool__pool_list(multi->handles[i - 1], multi->port);
  }
  return 0;
}

int uvpool__multi_new(uv_loop_t* loop,
                      int64_t count,
                      uvpool_strategy_t strategy,
                      const struct uvpool__settings* settings,
                      uvpool_multi_t** out) {
  uvpool_multi_t* multi = new_multi((size_t) count, strategy, settings);
  if (multi == NULL) {
    return UV_ENOMEM;
  }
  int err = 0;
  for (size_t i = 0; err == 0 && i < multi->count; i++) {
    err = new_member(multi, settings, &multi->handles[i]);
  }
  if (err == 0) {
    err = open_port(multi, loop, settings);
  }
  if (err != 0) {
    abandon(multi);
    return err;
  }
  for (size_t i = 0; err == 0 && i < multi->count; i++) {
    err = uvpool__pool_warm_up(multi->handles[i]->pool);
  }
  if (err != 0) {
    uvpool__multi_close(multi, NULL);
    return err;
  }
  *out = multi;
  return 0;
}

int uvpool__multi_settings(int64_t count,
                           uvpool_strategy_t strategy,
                           const uvpool_options_t* options,
                           struct uvpool__settings* settings) {
  if (count < 1 || count > UVPOOL_MULTI_MAX ||
      (strategy != UVPOOL_ROUND_ROBIN && strategy != UVPOOL_LEAST_TASKS)) {
    return UV_EINVAL;
  }
  return uvpool__pool_settings(options, settings);
}

int uvpool_multi_create(uv_loop_t* loop,
                        int64_t count,
                        uvpool_strategy_t strategy,
                        const uvpool_options_t* options,
                        uvpool_multi_t** multi) {
  struct uvpool__settings settings = {0};
  if (loop == NULL || multi == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__multi_settings(count, strategy, options, &settings);
  if (err != 0) {
    return err;
  }
  return uvpool__multi_new(loop, count, strategy, &settings, multi);
}

/* ---- Close --------------------------------------------------------------- */

int uvpool__multi_close(uvpool_multi_t* multi, uvpool_multi_close_cb close_cb) {
  bool inherited = uvpool__multi_check(multi) == UV_EPERM;
  if (!inherited && !uvpool__on_loop(multi->handles[0])) {
    return UV_EPERM;
  }
  if (multi->closing) {
    return UV_EALREADY;
  }
  multi->closing = true;
  multi->close_cb = close_cb;
  for (size_t i = 0; i < multi->count; i++) {
    (void) uvpool__close(multi->handles[i], NULL);
  }
  return 0;
}

int uvpool_multi_close(uvpool_multi_t* multi, uvpool_multi_close_cb close_cb) {
  if (multi == NULL) {
    return UV_EINVAL;
  }
  return multi->owner != NULL ? UV_EPERM : uvpool__multi_close(multi, close_cb);
}

/* ---- Figures and accessors ----------------------------------------------- */

int uvpool__multi_check(const uvpool_multi_t* multi) {
  return uvpool__handle_check(multi == NULL ? NULL : multi->handles[0]);
}

typedef int64_t (*figure)(uvpool_t* handle);

/* A negative figure of one, an error or "unlimited", is that of all. */
static int64_t sum(uvpool_multi_t* multi, figure read) {
  int64_t total = uvpool__multi_check(multi);
  for (size_t i = 0; total >= 0 && i < multi->count; i++) {
    int64_t value = read(multi->handles[i]);
    total = value < 0 ? value : total + value;
  }
  return total;
}

uvpool_t* uvpool_multi_pool(uvpool_multi_t* multi, int64_t index) {
  return multi == NULL || index < 0 || (uint64_t) index >= multi->count
             ? NULL
             : multi->handles[index];
}

int64_t uvpool_multi_capacity(uvpool_multi_t* multi) {
  return sum(multi, uvpool_capacity);
}

int64_t uvpool_multi_workers(uvpool_multi_t* multi) {
  return sum(multi, uvpool_workers);
}

int64_t uvpool_multi_busy(uvpool_multi_t* multi) {
  return sum(multi, uvpool_busy);
}

int64_t uvpool_multi_waiting(uvpool_multi_t* multi) {
  return sum(multi, uvpool_waiting);
}

int64_t uvpool_multi_available(uvpool_multi_t* multi) {
  return sum(multi, uvpool_available);
}

int64_t uvpool_multi_capacity_at(uvpool_multi_t* multi, int64_t index) {
  return uvpool_capacity(uvpool_multi_pool(multi, index));
}

int64_t uvpool_multi_workers_at(uvpool_multi_t* multi, int64_t index) {
  return uvpool_workers(uvpool_multi_pool(multi, index));
}

int64_t uvpool_multi_busy_at(uvpool_multi_t* multi, int64_t index) {
  return uvpool_busy(uvpool_multi_pool(multi, index));
}

int64_t uvpool_multi_waiting_at(uvpool_multi_t* multi, int64_t index) {
  return uvpool_waiting(uvpool_multi_pool(multi, index));
}

int64_t uvpool_multi_available_at(uvpool_multi_t* multi, int64_t index) {
  return uvpool_available(uvpool_multi_pool(multi, index));
}

int64_t uvpool_multi_blocked(uvpool_multi_t* multi) {
  int err = uvpool__multi_check(multi);
  if (err != 0) {
    return err;
  }
  uvpool__lock_acquire(&multi->wait.lock);
  int64_t blocked = (int64_t) multi->wait.callers.len;
  uvpool__lock_release(&multi->wait.lock);
  return blocked;
}

int64_t uvpool_multi_count(uvpool_multi_t* multi) {
  int err = uvpool__multi_check(multi);
  return err == 0 ? (int64_t) multi->count : err;
}

int uvpool_multi_is_closed(uvpool_multi_t* multi) {
  int closed = uvpool__multi_check(multi) == 0 ? 1 : uvpool__multi_check(multi);
  for (size_t i = 0; closed == 1 && i < multi->count; i++) {
    closed = uvpool_is_closed(multi->handles[i]);
  }
  return closed;
}

void* uvpool_multi_get_data(const uvpool_multi_t* multi) {
  return multi == NULL ? NULL : multi->data;
}

void uvpool_multi_set_data(uvpool_multi_t* multi, void* data) {
  if (multi != NULL) {
    multi->data = data;
  }
}
