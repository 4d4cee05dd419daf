/* The fork generation; see fork.h. */
#include "fork.h"

#include <uv.h>

#include "sync.h"

/* The one piece of state that all pools of a process share. Changed only in a
 * child of fork, while that has one thread; relaxed, as nothing hangs on it. */
static atomic_uint generation;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int watch_err; /* written by once */

static void in_child(void) {
  atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
}

static void install(void) {
  watch_err = pthread_atfork(NULL, NULL, in_child);
}

int uvpool__fork_watch(void) {
  pthread_once(&once, install);
  return watch_err == 0 ? 0 : UV_ENOMEM;
}

unsigned uvpool__fork_generation(void) {
  return atomic_load_explicit(&generation, memory_order_relaxed);
}
