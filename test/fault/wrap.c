/* The wrappers; wrap.h tells what for.
 *
 * A sanitizer's runtime that is linked into the program comes by, too, even
 * before it is ready itself. So this file is compiled without sanitizers, and
 * whoever destroys an attribute that was not made here does not count. */
#include "wrap.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <uv.h>

static atomic_long armed_at; /* 0: not armed */
static atomic_int armed_for_ever;
static atomic_int starving;
static atomic_int timers_trusted;
static atomic_long calls;
static atomic_long failures;

static atomic_long blocks;
static atomic_long mutexes;
static atomic_long conds;
static atomic_long attrs;
static atomic_long threads;

void wrap_arm(long nth, int for_ever) {
  atomic_store(&calls, 0);
  atomic_store(&failures, 0);
  atomic_store(&armed_for_ever, for_ever);
  atomic_store(&timers_trusted, 0);
  atomic_store(&armed_at, nth);
}

void wrap_trust_timers(void) {
  atomic_store(&timers_trusted, 1);
}

void wrap_starve(void) {
  atomic_store(&failures, 0);
  atomic_store(&starving, 1);
}

long wrap_disarm(void) {
  atomic_store(&armed_at, 0);
  atomic_store(&starving, 0);
  return atomic_load(&failures);
}

wrap_census_t wrap_census(void) {
  wrap_census_t census = {atomic_load(&blocks),
                          atomic_load(&mutexes),
                          atomic_load(&conds),
                          atomic_load(&attrs),
                          atomic_load(&threads)};
  return census;
}

/* Is it this call's turn to fail? */
static int must_fail(void) {
  long at = atomic_load(&armed_at);
  if (at == 0) {
    return 0;
  }
  long call = atomic_fetch_add(&calls, 1) + 1;
  if (call < at || (call > at && !atomic_load(&armed_for_ever))) {
    return 0;
  }
  atomic_fetch_add(&failures, 1);
  return 1;
}

static int memory_must_fail(void) {
  if (atomic_load(&starving)) {
    atomic_fetch_add(&failures, 1);
    return 1;
  }
  return must_fail();
}

static void* counted(void* memory) {
  if (memory != NULL) {
    atomic_fetch_add(&blocks, 1);
  }
  return memory;
}

static int counted_if_made(int err, atomic_long* count) {
  if (err == 0) {
    atomic_fetch_add(count, 1);
  }
  return err;
}

static int counted_if_gone(int err, atomic_long* count) {
  if (err == 0) {
    atomic_fetch_sub(count, 1);
  }
  return err;
}

/* ---- Memory -------------------------------------------------------------- */

void* __real_malloc(size_t size);
void* __wrap_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __wrap_calloc(size_t count, size_t size);
void __real_free(void* memory);
void __wrap_free(void* memory);

void* __wrap_malloc(size_t size) {
  return memory_must_fail() ? NULL : counted(__real_malloc(size));
}

void* __wrap_calloc(size_t count, size_t size) {
  return memory_must_fail() ? NULL : counted(__real_calloc(count, size));
}

void __wrap_free(void* memory) {
  if (memory != NULL) {
    atomic_fetch_sub(&blocks, 1);
  }
  __real_free(memory);
}

/* ---- Threads ------------------------------------------------------------- */

/* PAIR: a function that makes something, with an attribute, and the one that
 * unmakes it. */
#define PAIR(make, unmake, type, attr, err, count)                             \
  int __real_##make(type* object, attr);                                       \
  int __wrap_##make(type* object, attr);                                       \
  int __real_##unmake(type* object);                                           \
  int __wrap_##unmake(type* object);                                           \
  int __wrap_##make(type* object, attr a) {                                    \
    return must_fail() ? (err)                                                 \
                       : counted_if_made(__real_##make(object, a), &(count));  \
  }                                                                            \
  int __wrap_##unmake(type* object) {                                          \
    return counted_if_gone(__real_##unmake(object), &(count));                 \
  }

typedef const pthread_mutexattr_t* mutex_attr_t;
typedef const pthread_condattr_t* cond_attr_t;

PAIR(pthread_mutex_init,
     pthread_mutex_destroy,
     pthread_mutex_t,
     mutex_attr_t,
     ENOMEM,
     mutexes)
PAIR(pthread_cond_init,
     pthread_cond_destroy,
     pthread_cond_t,
     cond_attr_t,
     EAGAIN,
     conds)

int __real_pthread_attr_init(pthread_attr_t* attr);
int __wrap_pthread_attr_init(pthread_attr_t* attr);
int __real_pthread_attr_destroy(pthread_attr_t* attr);
int __wrap_pthread_attr_destroy(pthread_attr_t* attr);
int __real_pthread_attr_setstacksize(pthread_attr_t* attr, size_t size);
int __wrap_pthread_attr_setstacksize(pthread_attr_t* attr, size_t size);
int __real_pthread_condattr_init(pthread_condattr_t* attr);
int __wrap_pthread_condattr_init(pthread_condattr_t* attr);
int __real_pthread_condattr_destroy(pthread_condattr_t* attr);
int __wrap_pthread_condattr_destroy(pthread_condattr_t* attr);

/* Attributes of threads that were made here and not yet destroyed. */
static _Atomic(pthread_attr_t*) known_attrs[64];

/* Puts `to` into a slot that holds `from`; false if there is none. */
static int swap_known_attr(pthread_attr_t* from, pthread_attr_t* to) {
  for (size_t i = 0; i < sizeof(known_attrs) / sizeof(known_attrs[0]); i++) {
    pthread_attr_t* seen = from;
    if (atomic_compare_exchange_strong(&known_attrs[i], &seen, to)) {
      return 1;
    }
  }
  return 0;
}

int __wrap_pthread_attr_init(pthread_attr_t* attr) {
  if (must_fail()) {
    return ENOMEM;
  }
  int err = __real_pthread_attr_init(attr);
  if (err == 0 && swap_known_attr(NULL, attr)) {
    atomic_fetch_add(&attrs, 1);
  }
  return err;
}

int __wrap_pthread_attr_destroy(pthread_attr_t* attr) {
  if (swap_known_attr(attr, NULL)) {
    atomic_fetch_sub(&attrs, 1);
  }
  return __real_pthread_attr_destroy(attr);
}

int __wrap_pthread_attr_setstacksize(pthread_attr_t* attr, size_t size) {
  return must_fail() ? EINVAL : __real_pthread_attr_setstacksize(attr, size);
}

int __wrap_pthread_condattr_init(pthread_condattr_t* attr) {
  return must_fail()
             ? ENOMEM
             : counted_if_made(__real_pthread_condattr_init(attr), &attrs);
}

int __wrap_pthread_condattr_destroy(pthread_condattr_t* attr) {
  return counted_if_gone(__real_pthread_condattr_destroy(attr), &attrs);
}

typedef void* (*start_t)(void*);

int __real_pthread_create(pthread_t* thread,
                          const pthread_attr_t* attr,
                          start_t start,
                          void* arg);
int __wrap_pthread_create(pthread_t* thread,
                          const pthread_attr_t* attr,
                          start_t start,
                          void* arg);
int __real_pthread_join(pthread_t thread, void** result);
int __wrap_pthread_join(pthread_t thread, void** result);
int __real_pthread_atfork(void (*prepare)(void),
                          void (*parent)(void),
                          void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void),
                          void (*parent)(void),
                          void (*child)(void));

int __wrap_pthread_create(pthread_t* thread,
                          const pthread_attr_t* attr,
                          start_t start,
                          void* arg) {
  if (must_fail()) {
    return EAGAIN;
  }
  return counted_if_made(__real_pthread_create(thread, attr, start, arg),
                         &threads);
}

int __wrap_pthread_join(pthread_t thread, void** result) {
  return counted_if_gone(__real_pthread_join(thread, result), &threads);
}

int __wrap_pthread_atfork(void (*prepare)(void),
                          void (*parent)(void),
                          void (*child)(void)) {
  return must_fail() ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

/* ---- libuv --------------------------------------------------------------- */

int __real_uv_async_init(uv_loop_t* loop, uv_async_t* async, uv_async_cb cb);
int __wrap_uv_async_init(uv_loop_t* loop, uv_async_t* async, uv_async_cb cb);
int __real_uv_timer_init(uv_loop_t* loop, uv_timer_t* timer);
int __wrap_uv_timer_init(uv_loop_t* loop, uv_timer_t* timer);

int __wrap_uv_async_init(uv_loop_t* loop, uv_async_t* async, uv_async_cb cb) {
  return must_fail() ? UV_EMFILE : __real_uv_async_init(loop, async, cb);
}

int __wrap_uv_timer_init(uv_loop_t* loop, uv_timer_t* timer) {
  int fail = !atomic_load(&timers_trusted) && must_fail() &&
             atomic_load(&failures) == 1;
  return fail ? UV_ENOMEM : __real_uv_timer_init(loop, timer);
}
