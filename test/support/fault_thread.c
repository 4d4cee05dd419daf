/* The interposed pthread_create.
 *
 * A sanitizer has an interceptor of its own that must be called, since it
 * prepares each thread: with gcc it is the next definition in load order, with
 * clang it is linked into this program and found by its name. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include "fault_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#if defined(__linux__)
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static atomic_int countdown; /* creations until the first failure; 0: unarmed */
static atomic_int remaining; /* failures still to inject */
static atomic_int injected;
static _Thread_local int exempted;

typedef int (*create_t)(pthread_t*,
                        const pthread_attr_t*,
                        void* (*) (void*),
                        void*);

int __interceptor_pthread_create(pthread_t* thread,
                                 const pthread_attr_t* attr,
                                 void* (*start)(void*),
                                 void* arg) __attribute__((weak));

static create_t real_create(void) {
  create_t create = __interceptor_pthread_create;
  if (create != NULL) {
    return create;
  }
  void* symbol = dlsym(RTLD_NEXT, "pthread_create");
  if (symbol == NULL) {
    abort();
  }
  memcpy(&create, &symbol, sizeof(create));
  return create;
}

/* Is it this creation's turn to fail? */
static int must_fail(void) {
  if (exempted || atomic_load(&remaining) <= 0) {
    return 0;
  }
  if (atomic_load(&countdown) > 1) {
    atomic_fetch_sub(&countdown, 1);
    return 0;
  }
  atomic_fetch_sub(&remaining, 1);
  atomic_fetch_add(&injected, 1);
  return 1;
}

int pthread_create(pthread_t* thread,
                   const pthread_attr_t* attr,
                   void* (*start)(void*),
                   void* arg) {
  if (must_fail()) {
    return EAGAIN;
  }
  return real_create()(thread, attr, start, arg);
}

void fault_thread_fail(int nth, int many) {
  atomic_store(&injected, 0);
  atomic_store(&countdown, nth);
  atomic_store(&remaining, many);
}

void fault_thread_clear(void) {
  atomic_store(&remaining, 0);
}

int fault_thread_failed(void) {
  return atomic_load(&injected);
}

void fault_thread_exempt(int exempt) {
  exempted = exempt;
}

int fault_thread_works(void) {
  return 1;
}

#else

void fault_thread_fail(int nth, int many) {
  (void) nth;
  (void) many;
}

void fault_thread_clear(void) {
}

int fault_thread_failed(void) {
  return 0;
}

void fault_thread_exempt(int exempt) {
  (void) exempt;
}

int fault_thread_works(void) {
  return 0;
}

#endif
