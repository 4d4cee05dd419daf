/* The default pool: a pool like any other, and a list of its handles.
 *
 * The list holds the handles that are not closing, all of one pool; the first
 * call of a further loop attaches to the first of them. Close takes a handle
 * off before it does anything else. A child of fork starts with an empty list:
 * what is on it is of another generation.
 *
 * The pool is made under the process lock, so that two loops that ask at the
 * same time get the same one. It has no hooks and no allocator of the user's,
 * and no worker before its first task: nobody else's code runs meanwhile. */
#include "default_pool.h"

#include <uvpool/default_pool.h>

#include "admission.h"
#include "handle.h"
#include "pool.h"
#include "process.h"

/* Both guarded by the process lock. */
static uvpool_t* handles; /* through next_default */
static unsigned generation;

/* Process lock held. */
static void forget_the_parents(void) {
  if (generation != uvpool__fork_generation()) {
    generation = uvpool__fork_generation();
    handles = NULL;
  }
}

/* Process lock held. */
static uvpool_t* find(const uv_loop_t* loop) {
  for (uvpool_t* h = handles; h != NULL; h = h->next_default) {
    if (h->port->loop == loop) {
      return h;
    }
  }
  return NULL;
}

int uvpool_default(uv_loop_t* loop, uvpool_t** handle) {
  if (loop == NULL || handle == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__process_watch();
  if (err != 0) {
    return err;
  }
  uvpool__process_lock();
  forget_the_parents();
  uvpool_t* found = find(loop);
  if (found == NULL) {
    err = handles == NULL ? uvpool_create(loop, NULL, &found)
                          : uvpool_attach(handles, loop, &found);
    if (err == 0) {
      found->is_default = true;
      found->next_default = handles;
      handles = found;
    }
  }
  uvpool__process_unlock();
  if (err == 0) {
    *handle = found;
  }
  return err;
}

void uvpool__default_forget(uvpool_t* handle) {
  uvpool__process_lock();
  forget_the_parents();
  for (uvpool_t** h = &handles; *h != NULL; h = &(*h)->next_default) {
    if (*h == handle) {
      *h = handle->next_default;
      break;
    }
  }
  uvpool__process_unlock();
}

int uvpool_release_default(void) {
  uvpool__process_lock();
  forget_the_parents();
  uvpool_t* handle = handles;
  if (handle != NULL) {
    /* It cannot go away while somebody is inside with it. */
    uvpool__lock_acquire(&handle->pool->lock);
    uvpool__caller_enter_locked(handle);
    uvpool__lock_release(&handle->pool->lock);
  }
  uvpool__process_unlock();
  if (handle != NULL) {
    (void) uvpool_release(handle);
    uvpool__caller_leave(handle);
  }
  return 0;
}

int64_t uvpool_workers_all(void) {
  return uvpool__process_workers();
}
