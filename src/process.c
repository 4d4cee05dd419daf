/* What all pools share; see process.h. */
#include "process.h"

#include <uv.h>

#include "sync.h"

/* Changed only in a child of fork, while that has one thread; relaxed, as
 * nothing hangs on it. */
static atomic_uint generation;

/* A figure, no more; relaxed. */
static atomic_int_least64_t workers;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Set under the lock, once and for all; relaxed, as it hands nothing over. */
static atomic_bool watching;

static void in_child(void) {
  atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
  atomic_store_explicit(&workers, 0, memory_order_relaxed);
  pthread_mutex_unlock(&lock);
}

static bool is_watching(void) {
  return atomic_load_explicit(&watching, memory_order_relaxed);
}

int uvpool__process_watch(void) {
  if (is_watching()) {
    return 0;
  }
  /* Not pthread_once: a failure for want of memory is tried again. */
  pthread_mutex_lock(&lock);
  if (!is_watching() &&
      pthread_atfork(uvpool__process_lock, uvpool__process_unlock, in_child) ==
          0) {
    atomic_store_explicit(&watching, true, memory_order_relaxed);
  }
  pthread_mutex_unlock(&lock);
  return is_watching() ? 0 : UV_ENOMEM;
}

unsigned uvpool__fork_generation(void) {
  return atomic_load_explicit(&generation, memory_order_relaxed);
}

void uvpool__process_lock(void) {
  pthread_mutex_lock(&lock);
}

void uvpool__process_unlock(void) {
  pthread_mutex_unlock(&lock);
}

void uvpool__process_count_worker(int change) {
  atomic_fetch_add_explicit(&workers, change, memory_order_relaxed);
}

int64_t uvpool__process_workers(void) {
  return atomic_load_explicit(&workers, memory_order_relaxed);
}
