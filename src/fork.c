/* The fork generation; see fork.h. */
#include "fork.h"

#include <uv.h>

#include "sync.h"

/* The one piece of state that all pools of a process share. Changed only in a
 * child of fork, while that has one thread; relaxed, as nothing hangs on it. */
static atomic_uint generation;

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;
static bool watching; /* guarded by watch_lock */

static void in_child(void) {
  atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
}

int uvpool__fork_watch(void) {
  /* Not pthread_once: a failure for want of memory is tried again. */
  pthread_mutex_lock(&watch_lock);
  if (!watching) {
    watching = pthread_atfork(NULL, NULL, in_child) == 0;
  }
  bool installed = watching;
  pthread_mutex_unlock(&watch_lock);
  return installed ? 0 : UV_ENOMEM;
}

unsigned uvpool__fork_generation(void) {
  return atomic_load_explicit(&generation, memory_order_relaxed);
}
