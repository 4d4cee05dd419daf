/* The fixed-function pool: one function, known at creation, and many calls of
 * it, each with an argument of its own.
 *
 * The caller has no task object to look after: the pool keeps a bounded cache
 * of them, so that in a steady state nothing is allocated.
 *
 *     static int resize(void* image) { return shrink(image); }
 *
 *     uvpool_func_create(loop, resize, NULL, &func);
 *     uvpool_func_invoke(func, image);
 *
 * uvpool_func_pool gives the pool behind it, for everything that a pool can do:
 * tune, release, drain, reboot, stats. UVPOOL_FUNC_DEFINE, at the end, makes a
 * typed face whose arguments are copied in.
 *
 * PoolWithFunc and PoolWithFuncGeneric of ants. */
#ifndef UVPOOL_FUNC_POOL_H
#define UVPOOL_FUNC_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include <uvpool/multi_pool.h>
#include <uvpool/options.h>
#include <uvpool/pool.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A pool, or a multi-pool, with a function. Allocated by a create function,
 * freed by the library when its close callback has returned. */
typedef struct uvpool_func_s uvpool_func_t;

/* The function: runs on a worker, under the same rules as a uvpool_work_cb. */
typedef int (*uvpool_func_cb)(void* arg);

/* One call is over, as a uvpool_done_cb says. On the loop. */
typedef void (*uvpool_func_done_cb)(uvpool_func_t* func, void* arg, int status);

/* The func is closed. Its memory is freed when the callback returns. */
typedef void (*uvpool_func_close_cb)(uvpool_func_t* func);

/* Makes a pool for `fn`.
 *
 * Thread:   the thread that runs `loop`; it becomes the loop thread.
 * Blocks:   never.
 * Owns:     the library. Every success needs one uvpool_func_close.
 * Returns:  as uvpool_create; and UV_EINVAL fn is NULL, before anything else is
 *           looked at. */
UVPOOL_EXTERN int uvpool_func_create(uv_loop_t* loop,
                                     uvpool_func_cb fn,
                                     const uvpool_options_t* options,
                                     uvpool_func_t** func);

/* Makes a multi-pool for `fn`: MultiPoolWithFunc of ants. uvpool_func_multi
 * gives the multi-pool.
 *
 * Thread, Blocks, Owns: as uvpool_func_create.
 * Returns:  as uvpool_multi_create; and UV_EINVAL fn is NULL, before anything
 *           else is looked at. */
UVPOOL_EXTERN int uvpool_func_create_multi(uv_loop_t* loop,
                                           int64_t count,
                                           uvpool_strategy_t strategy,
                                           uvpool_func_cb fn,
                                           const uvpool_options_t* options,
                                           uvpool_func_t** func);

/* Closes func and its pool, as uvpool_close or uvpool_multi_close do.
 *
 * Thread:   loop; also from inside any callback of this library.
 * Blocks:   never. A call that never ends holds close_cb back.
 * Owns:     as uvpool_close.
 * Callback: every done that is due, then close_cb, exactly once, never inside
 *           the call. close_cb may be NULL.
 * Returns:  0; UV_EINVAL func is NULL; UV_EALREADY it is closing; UV_EPERM not
 *           the loop thread. */
UVPOOL_EXTERN int uvpool_func_close(uvpool_func_t* func,
                                    uvpool_func_close_cb close_cb);

/* Runs fn(arg) on a worker and tells nobody: uvpool_func_invoke_done with done
 * NULL. arg may be NULL.
 *
 * Invoke of ants, which blocks when the pool is full, and whose Invoke(nil)
 * ends a worker without calling anything. */
UVPOOL_EXTERN int uvpool_func_invoke(uvpool_func_t* func, void* arg);

/* Runs fn(arg) on a worker, and then done(func, arg, status) on the loop.
 *
 * Thread:   any, also from fn and from done.
 * Blocks:   never.
 * Owns:     arg stays the caller's; it may be NULL.
 * Callback: fn on a worker; then done, if it is not NULL, on the loop, exactly
 *           once, also for a call that was cancelled by release or close
 *           (UV_ECANCELED) or has panicked (UVPOOL_EPANIC). In on_panic,
 *           task->data is arg.
 * Returns:  0; on error nothing is kept and nothing is called:
 *           UV_EINVAL     func is NULL, or it has a by-value face,
 *           UV_ENOMEM     no memory for a task object,
 *           UV_EAGAIN, UV_ESHUTDOWN, UV_EPERM  as uvpool_submit. */
UVPOOL_EXTERN int uvpool_func_invoke_done(uvpool_func_t* func,
                                          void* arg,
                                          uvpool_func_done_cb done);

/* As uvpool_func_invoke_done, but waits for room, as uvpool_submit_wait does.
 * done may be NULL.
 *
 * Thread:   any but a loop thread or a worker of this pool (UV_EPERM).
 * Blocks:   until there is room, up to timeout_ms. 0: not at all; UINT64_MAX:
 *           for ever.
 * Owns, Callback: as uvpool_func_invoke_done.
 * Returns:  as uvpool_func_invoke_done, and UV_ETIMEDOUT, UV_EPERM as
 *           uvpool_submit_wait. */
UVPOOL_EXTERN int uvpool_func_invoke_wait(uvpool_func_t* func,
                                          void* arg,
                                          uvpool_func_done_cb done,
                                          uint64_t timeout_ms);

/* The pool behind func, for every call that takes a uvpool_t but uvpool_close,
 * which is uvpool_func_close's.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     func.
 * Returns:  the handle; NULL for NULL, and for a func on a multi-pool. */
UVPOOL_EXTERN uvpool_t* uvpool_func_pool(const uvpool_func_t* func);

/* The multi-pool behind func, likewise.
 *
 * Thread, Blocks, Owns: as uvpool_func_pool.
 * Returns:  the multi-pool; NULL for NULL, and for a func on a single pool. */
UVPOOL_EXTERN uvpool_multi_t* uvpool_func_multi(const uvpool_func_t* func);

/* ---- The typed face ------------------------------------------------------ */

/* What UVPOOL_FUNC_DEFINE is made of; not to be used by hand. A function of any
 * type travels as a uvpool_func_any, and `run` and `tell` know what it is. */
typedef void (*uvpool_func_any)(void);

typedef struct uvpool_func_face_s {
  size_t size;  /* of a value */
  size_t align; /* likewise */
  int (*run)(uvpool_func_any fn, void* value);
  void (*tell)(uvpool_func_any done,
               uvpool_func_t* func,
               void* value,
               int status);
} uvpool_func_face_t;

/* As uvpool_func_create (count 0) or uvpool_func_create_multi (count not 0).
 * `face` must stay valid. */
UVPOOL_EXTERN int uvpool_func_create_face(uv_loop_t* loop,
                                          int64_t count,
                                          uvpool_strategy_t strategy,
                                          uvpool_func_any fn,
                                          const uvpool_func_face_t* face,
                                          const uvpool_options_t* options,
                                          uvpool_func_t** func);

/* As uvpool_func_invoke_done, with the face's size of bytes copied from
 * *value. */
UVPOOL_EXTERN int uvpool_func_invoke_value(uvpool_func_t* func,
                                           const void* value,
                                           uvpool_func_any done);

/* As uvpool_func_invoke_wait, likewise. */
UVPOOL_EXTERN int uvpool_func_invoke_value_wait(uvpool_func_t* func,
                                                const void* value,
                                                uvpool_func_any done,
                                                uint64_t timeout_ms);

#if defined(__GNUC__) || defined(__clang__)
#define UVPOOL_UNUSED __attribute__((unused))
#else
#define UVPOOL_UNUSED
#endif

/* UVPOOL_FUNC_DEFINE(name, type) defines, at file scope, a fixed-function pool
 * whose argument is a `type`, copied in by each call:
 *
 *   name_t                                   the pool; a small value
 *   name_value_t                             type
 *   int name_create(loop, fn, options, &p)   int fn(type* value)
 *   int name_create_multi(loop, count, strategy, fn, options, &p)
 *   int name_invoke(p, value)
 *   int name_invoke_done(p, value, done)     void done(name_t, type*, int)
 *   int name_invoke_wait(p, value, done, timeout_ms)
 *   int name_close(p, close_cb)
 *   uvpool_func_t* name_func(p)
 *
 * fn and done are given the pool's own copy of the value, which lives until
 * done has returned: what fn writes into it, done reads. An argument of the
 * wrong type does not compile; a type that malloc does not align well enough is
 * UV_EINVAL at creation. Contracts are those of the uvpool_func_*
 * functions of the same names. */
#define UVPOOL_FUNC_DEFINE(name, type)                                         \
  typedef struct name##_s {                                                    \
    uvpool_func_t* func;                                                       \
  } name##_t;                                                                  \
  typedef type name##_value_t;                                                 \
  typedef int (*name##_cb)(name##_value_t * value_);                           \
  typedef void (                                                               \
      *name##_done_cb)(name##_t pool_, name##_value_t * value_, int status_);  \
  static int name##_run_(uvpool_func_any fn_, void* value_) {                  \
    return ((name##_cb) fn_)((name##_value_t*) value_);                        \
  }                                                                            \
  static void name##_tell_(uvpool_func_any done_,                              \
                           uvpool_func_t* func_,                               \
                           void* value_,                                       \
                           int status_) {                                      \
    name##_t pool_ = {func_};                                                  \
    ((name##_done_cb) done_)(pool_, (name##_value_t*) value_, status_);        \
  }                                                                            \
  struct name##_align_s_ {                                                     \
    char before;                                                               \
    name##_value_t value;                                                      \
  };                                                                           \
  static const uvpool_func_face_t name##_face_ = {                             \
      sizeof(name##_value_t),                                                  \
      offsetof(struct name##_align_s_, value),                                 \
      name##_run_,                                                             \
      name##_tell_};                                                           \
  UVPOOL_UNUSED static int name##_create(uv_loop_t* loop_,                     \
                                         name##_cb fn_,                        \
                                         const uvpool_options_t* options_,     \
                                         name##_t* pool_) {                    \
    return uvpool_func_create_face(loop_,                                      \
                                   0,                                          \
                                   UVPOOL_ROUND_ROBIN,                         \
                                   (uvpool_func_any) fn_,                      \
                                   &name##_face_,                              \
                                   options_,                                   \
                                   pool_ == NULL ? NULL : &pool_->func);       \
  }                                                                            \
  UVPOOL_UNUSED static int name##_create_multi(                                \
      uv_loop_t* loop_,                                                        \
      int64_t count_,                                                          \
      uvpool_strategy_t strategy_,                                             \
      name##_cb fn_,                                                           \
      const uvpool_options_t* options_,                                        \
      name##_t* pool_) {                                                       \
    return uvpool_func_create_face(loop_,                                      \
                                   count_ == 0 ? -1 : count_,                  \
                                   strategy_,                                  \
                                   (uvpool_func_any) fn_,                      \
                                   &name##_face_,                              \
                                   options_,                                   \
                                   pool_ == NULL ? NULL : &pool_->func);       \
  }                                                                            \
  UVPOOL_UNUSED static int name##_invoke(name##_t pool_,                       \
                                         name##_value_t value_) {              \
    return uvpool_func_invoke_value(pool_.func, &value_, NULL);                \
  }                                                                            \
  UVPOOL_UNUSED static int name##_invoke_done(                                 \
      name##_t pool_, name##_value_t value_, name##_done_cb done_) {           \
    return uvpool_func_invoke_value(                                           \
        pool_.func, &value_, (uvpool_func_any) done_);                         \
  }                                                                            \
  UVPOOL_UNUSED static int name##_invoke_wait(name##_t pool_,                  \
                                              name##_value_t value_,           \
                                              name##_done_cb done_,            \
                                              uint64_t timeout_ms_) {          \
    return uvpool_func_invoke_value_wait(                                      \
        pool_.func, &value_, (uvpool_func_any) done_, timeout_ms_);            \
  }                                                                            \
  UVPOOL_UNUSED static int name##_close(name##_t pool_,                        \
                                        uvpool_func_close_cb close_cb_) {      \
    return uvpool_func_close(pool_.func, close_cb_);                           \
  }                                                                            \
  UVPOOL_UNUSED static uvpool_func_t* name##_func(name##_t pool_) {            \
    return pool_.func;                                                         \
  }                                                                            \
  typedef int name##_defined_ /* takes the semicolon after the macro */

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_FUNC_POOL_H */
