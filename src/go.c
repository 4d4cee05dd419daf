/* Fire and forget: it goes the same way as every other task, its done included,
 * which puts the object back into its cache. */
#include "go.h"

#include "admission.h"
#include "handle.h"
#include "pool.h"
#include "task.h"
#include "util.h"

struct uvpool__go {
  struct uvpool__cached_task cached;
  uvpool_go_cb fn;
};

int uvpool__go_cache_init(struct uvpool__task_cache* cache,
                          const struct uvpool__settings* settings,
                          size_t pools) {
  return uvpool__task_cache_init(
      cache, settings, sizeof(struct uvpool__go), pools);
}

static struct uvpool__go* go_of(uvpool_task_t* task) {
  return UVPOOL__CONTAINER_OF(task, struct uvpool__go, cached.task);
}

static int run(uvpool_task_t* task) {
  go_of(task)->fn(task->data);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  (void) status;
  uvpool__task_cache_put(&go_of(task)->cached);
}

struct uvpool__cached_task* uvpool__go_prepare(struct uvpool__task_cache* cache,
                                               uvpool_t* handle,
                                               uvpool_go_cb fn,
                                               void* arg) {
  struct uvpool__cached_task* cached = uvpool__task_cache_get(cache);
  if (cached != NULL) {
    go_of(&cached->task)->fn = fn;
    cached->task.data = arg; /* where on_panic finds it */
    uvpool__task_claim(&cached->task);
    uvpool__task_prepare(&cached->task,
                         handle,
                         run,
                         done,
                         uvpool__on_loop(handle) ? UVPOOL__TASK_HOLDS_LOOP : 0);
  }
  return cached;
}

int uvpool_go(uvpool_t* handle, uvpool_go_cb fn, void* arg) {
  if (fn == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_check(handle);
  if (err != 0) {
    return err;
  }
  struct uvpool__cached_task* go =
      uvpool__go_prepare(&handle->pool->go_cache, handle, fn, arg);
  if (go == NULL) {
    return UV_ENOMEM;
  }
  err = uvpool__admit(handle, &go->task);
  if (err != 0) {
    uvpool__task_free(&go->task);
    uvpool__task_cache_put(go);
  }
  return err;
}
