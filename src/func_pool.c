/* The fixed-function pool: a pool or a multi-pool, a function, and a cache of
 * task objects.
 *
 * A call is an ordinary task. Its object carries the callback to tell, and, for
 * a by-value face, the value itself; task.data is what the function is given,
 * and what on_panic sees. Functions of whatever type are kept as
 * uvpool_func_any and called by the face that knows their type; the plain
 * calls have a face of their own, so that there is one way for both.
 *
 * The func is closed with its pool and freed after the user's callback. */
#include <stddef.h>
#include <string.h>
#include <uvpool/func_pool.h>

#include "admission.h"
#include "alloc.h"
#include "create.h"
#include "handle.h"
#include "multi_pool.h"
#include "pool.h"
#include "shutdown.h"
#include "task.h"
#include "task_cache.h"
#include "util.h"

struct uvpool_func_s {
  /* Set by create, constant after. */
  uvpool_t* handle;      /* the pool's, or one of the multi-pool's */
  uvpool_multi_t* multi; /* NULL: a single pool */
  uvpool_func_any fn;
  const uvpool_func_face_t* face;
  uvpool_allocator_t allocator;

  struct uvpool__task_cache cache; /* any thread, by its own rules */

  uvpool_func_close_cb close_cb; /* loop thread */
};

struct call {
  struct uvpool__cached_task cached;

  /* The call's, constant while it is in flight. */
  uvpool_func_t* func;
  uvpool_func_any done; /* NULL: tell nobody */
  _Alignas(max_align_t) char value[];
};

/* ---- The plain face ------------------------------------------------------ */

static int run_plain(uvpool_func_any fn, void* arg) {
  return ((uvpool_func_cb) fn)(arg);
}

static void tell_plain(uvpool_func_any done,
                       uvpool_func_t* func,
                       void* arg,
                       int status) {
  ((uvpool_func_done_cb) done)(func, arg, status);
}

static const uvpool_func_face_t plain = {0, 1, run_plain, tell_plain};

/* ---- Make and close ------------------------------------------------------ */

static void free_func(uvpool_func_t* func, bool inherited) {
  uvpool_allocator_t allocator = func->allocator;
  uvpool__task_cache_destroy(&func->cache, inherited);
  uvpool__free(&allocator, func);
}

static uvpool_func_t* new_func(uvpool_func_any fn,
                               const uvpool_func_face_t* face,
                               const struct uvpool__settings* settings,
                               size_t pools) {
  uvpool_func_t* func = uvpool__alloc(&settings->allocator, sizeof(*func));
  if (func == NULL) {
    return NULL;
  }
  func->fn = fn;
  func->face = face;
  func->allocator = settings->allocator;
  size_t size = sizeof(struct call) + face->size;
  if (uvpool__task_cache_init(&func->cache, settings, size, pools) != 0) {
    uvpool__free(&settings->allocator, func);
    return NULL;
  }
  return func;
}

/* The pool or the multi-pool behind it. */
static int open_behind(uvpool_func_t* func,
                       uv_loop_t* loop,
                       int64_t count,
                       uvpool_strategy_t strategy,
                       const struct uvpool__settings* settings) {
  if (count == 0) {
    int err = uvpool__pool_create(loop, settings, &func->handle);
    if (err == 0) {
      func->handle->owned = true;
      func->handle->owner = func;
    }
    return err;
  }
  int err = uvpool__multi_new(loop, count, strategy, settings, &func->multi);
  if (err == 0) {
    func->multi->owner = func;
    func->handle = func->multi->handles[0];
  }
  return err;
}

int uvpool_func_create_face(uv_loop_t* loop,
                            int64_t count,
                            uvpool_strategy_t strategy,
                            uvpool_func_any fn,
                            const uvpool_func_face_t* face,
                            const uvpool_options_t* options,
                            uvpool_func_t** out) {
  struct uvpool__settings settings = {0};
  if (fn == NULL || face == NULL || loop == NULL || out == NULL ||
      face->align > _Alignof(max_align_t)) {
    return UV_EINVAL;
  }
  int err = count == 0
                ? uvpool__pool_settings(options, &settings)
                : uvpool__multi_settings(count, strategy, options, &settings);
  if (err != 0) {
    return err;
  }
  uvpool_func_t* func =
      new_func(fn, face, &settings, count == 0 ? 1 : (size_t) count);
  if (func == NULL) {
    return UV_ENOMEM;
  }
  err = open_behind(func, loop, count, strategy, &settings);
  if (err != 0) {
    free_func(func, false);
    return err;
  }
  *out = func;
  return 0;
}

int uvpool_func_create(uv_loop_t* loop,
                       uvpool_func_cb fn,
                       const uvpool_options_t* options,
                       uvpool_func_t** func) {
  return uvpool_func_create_face(
      loop, 0, UVPOOL_ROUND_ROBIN, (uvpool_func_any) fn, &plain, options, func);
}

int uvpool_func_create_multi(uv_loop_t* loop,
                             int64_t count,
                             uvpool_strategy_t strategy,
                             uvpool_func_cb fn,
                             const uvpool_options_t* options,
                             uvpool_func_t** func) {
  return uvpool_func_create_face(loop,
                                 count == 0 ? -1 : count, /* 0 is a pool */
                                 strategy,
                                 (uvpool_func_any) fn,
                                 &plain,
                                 options,
                                 func);
}

static void on_closed(uvpool_func_t* func) {
  if (func->close_cb != NULL) {
    func->close_cb(func);
  }
  free_func(func, uvpool__handle_check(func->handle) == UV_EPERM);
}

static void on_pool_closed(uvpool_t* handle) {
  on_closed(handle->owner);
}

static void on_multi_closed(uvpool_multi_t* multi) {
  on_closed(multi->owner);
}

int uvpool_func_close(uvpool_func_t* func, uvpool_func_close_cb close_cb) {
  if (func == NULL) {
    return UV_EINVAL;
  }
  int err = func->multi == NULL
                ? uvpool__close(func->handle, on_pool_closed)
                : uvpool__multi_close(func->multi, on_multi_closed);
  if (err == 0) {
    func->close_cb = close_cb;
  }
  return err;
}

/* ---- Invoke -------------------------------------------------------------- */

static struct call* call_of(uvpool_task_t* task) {
  return UVPOOL__CONTAINER_OF(task, struct call, cached.task);
}

static int on_work(uvpool_task_t* task) {
  const uvpool_func_t* func = call_of(task)->func;
  return func->face->run(func->fn, task->data);
}

static void on_done(uvpool_task_t* task, int status) {
  struct call* call = call_of(task);
  if (call->done != NULL) {
    call->func->face->tell(call->done, call->func, task->data, status);
  }
  uvpool__task_cache_put(&call->cached);
}

/* A call that is claimed and prepared; its data is still to be set. */
static int new_call(uvpool_func_t* func,
                    bool by_value,
                    uvpool_func_any done,
                    struct call** out) {
  if (func == NULL || by_value != (func->face != &plain)) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_check(func->handle);
  if (err != 0) {
    return err;
  }
  struct uvpool__cached_task* cached = uvpool__task_cache_get(&func->cache);
  if (cached == NULL) {
    return UV_ENOMEM;
  }
  struct call* call = call_of(&cached->task);
  call->func = func;
  call->done = done;
  uvpool__task_claim(&cached->task);
  uvpool__task_prepare(&cached->task,
                       func->handle,
                       on_work,
                       on_done,
                       uvpool__on_loop(func->handle) ? UVPOOL__TASK_HOLDS_LOOP
                                                     : 0);
  *out = call;
  return 0;
}

static int end_call(struct call* call, int err) {
  if (err != 0) {
    uvpool__task_free(&call->cached.task);
    uvpool__task_cache_put(&call->cached);
  }
  return err;
}

static int admit(struct call* call) {
  const uvpool_func_t* func = call->func;
  uvpool_task_t* task = &call->cached.task;
  return end_call(call,
                  func->multi == NULL ? uvpool__admit(func->handle, task)
                                      : uvpool__multi_admit(func->multi, task));
}

static int admit_wait(struct call* call, uint64_t timeout_ms) {
  const uvpool_func_t* func = call->func;
  uvpool_task_t* task = &call->cached.task;
  return end_call(
      call,
      func->multi == NULL
          ? uvpool__admit_wait(func->handle, task, timeout_ms)
          : uvpool__multi_admit_wait(func->multi, task, timeout_ms));
}

static int new_plain_call(uvpool_func_t* func,
                          void* arg,
                          uvpool_func_done_cb done,
                          struct call** call) {
  int err = new_call(func, false, (uvpool_func_any) done, call);
  if (err == 0) {
    (*call)->cached.task.data = arg;
  }
  return err;
}

static int new_value_call(uvpool_func_t* func,
                          const void* value,
                          uvpool_func_any done,
                          struct call** call) {
  int err = value == NULL ? UV_EINVAL : new_call(func, true, done, call);
  if (err == 0) {
    memcpy((*call)->value, value, func->face->size);
    (*call)->cached.task.data = (*call)->value;
  }
  return err;
}

int uvpool_func_invoke(uvpool_func_t* func, void* arg) {
  return uvpool_func_invoke_done(func, arg, NULL);
}

int uvpool_func_invoke_done(uvpool_func_t* func,
                            void* arg,
                            uvpool_func_done_cb done) {
  struct call* call = NULL;
  int err = new_plain_call(func, arg, done, &call);
  return err == 0 ? admit(call) : err;
}

int uvpool_func_invoke_wait(uvpool_func_t* func,
                            void* arg,
                            uvpool_func_done_cb done,
                            uint64_t timeout_ms) {
  struct call* call = NULL;
  int err = new_plain_call(func, arg, done, &call);
  return err == 0 ? admit_wait(call, timeout_ms) : err;
}

int uvpool_func_invoke_value(uvpool_func_t* func,
                             const void* value,
                             uvpool_func_any done) {
  struct call* call = NULL;
  int err = new_value_call(func, value, done, &call);
  return err == 0 ? admit(call) : err;
}

int uvpool_func_invoke_value_wait(uvpool_func_t* func,
                                  const void* value,
                                  uvpool_func_any done,
                                  uint64_t timeout_ms) {
  struct call* call = NULL;
  int err = new_value_call(func, value, done, &call);
  return err == 0 ? admit_wait(call, timeout_ms) : err;
}

/* ---- Accessors ----------------------------------------------------------- */

uvpool_t* uvpool_func_pool(const uvpool_func_t* func) {
  return func == NULL || func->multi != NULL ? NULL : func->handle;
}

uvpool_multi_t* uvpool_func_multi(const uvpool_func_t* func) {
  return func == NULL ? NULL : func->multi;
}
