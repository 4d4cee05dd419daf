/* The handle: a pool as one loop sees it.
 *
 * It owns every libuv handle that serves this loop and is touched by the loop's
 * thread alone, but for the doorbell and the list of finished tasks, which any
 * thread may add to. Workers know it only as a name to give to
 * completion_queue.h.
 *
 * The first open handle of a pool is its keeper: it runs the timers that purge
 * and retry for the whole pool, and joins exited threads. */
#ifndef UVPOOL_SRC_HANDLE_H
#define UVPOOL_SRC_HANDLE_H

#include <uv.h>
#include <uvpool/pool.h>

#include "doorbell.h"
#include "sync.h"
#include "task_queue.h"

struct uvpool__pool;

/* Tasks whose work is over, on their way to done; see completion_queue.c. */
struct uvpool__completion_queue {
  /* Any thread pushes, the loop takes all. Newest first. */
  _Atomic(uvpool_task_t*) head;

  /* Loop thread only: what was taken, in order of completion. */
  uvpool_task_t* ready_head;
};

struct uvpool_s {
  /* Set by create, constant after. */
  struct uvpool__pool* pool;
  uv_loop_t* loop;
  pthread_t thread;

  /* The user's. */
  void* data;

  /* Any thread, by their own rules. */
  struct uvpool__doorbell doorbell;
  _Alignas(UVPOOL__CACHE_LINE) struct uvpool__completion_queue completions;

  /* Taken by the loop thread, granted and revoked under the pool's lock. */
  atomic_uint_least64_t credits;

  /* Guarded by the pool's lock. */
  _Alignas(UVPOOL__CACHE_LINE) uint64_t accepted; /* tasks with this handle */
  uint64_t callers; /* threads inside uvpool_submit_wait with this handle */
  bool closing;     /* uvpool_close was called */
  bool settled;     /* pool is releasing, and all of ours is delivered */
  bool wants_room;  /* a submit was refused; on_drain is due */
  struct uvpool_s* next; /* in pool->handles */

  /* Loop thread only. */
  uint64_t delivered; /* done callbacks that have returned */
  uint64_t holds;     /* reasons to keep the loop alive; see liveness.h */
  bool referenced;    /* uvpool_ref */
  bool winding_down;  /* shutdown.c has something to look after */
  bool holding;       /* inside a stride of done callbacks, see hold.h */
  bool hold_used;     /* something was submitted meanwhile */
  struct uvpool__task_queue held; /* and is not yet handed over */
  unsigned inner_open; /* libuv handles that were initialised and not closed */
  uvpool_release_cb release_cb; /* of a pending release_timeout or drain */
  uvpool_close_cb close_cb;
  void (*on_shut)(uvpool_t* handle); /* when inner_open has come to 0 */
  uv_timer_t clock_timer;
  uint64_t clock_ns; /* when the clock last ticked */
  uv_timer_t purge_timer;
  uv_timer_t retry_timer;
  uv_timer_t release_timer;
  uint64_t release_deadline_ns;
  uv_timer_t witness_timer; /* both: see shutdown.c */
  bool witness_open;
  uv_timer_t rescue_timer;
};

/* The head of every public call: UV_EINVAL for NULL, UV_EPERM in a child. */
int uvpool__handle_check(const uvpool_t* handle);

/* The same, for calls that look at the pool: a call on the loop's thread then
 * finds what it has submitted so far in its place (hold.h). */
int uvpool__handle_enter(uvpool_t* handle);

/* Does the calling thread run the handle's loop? */
static inline bool uvpool__on_loop(const uvpool_t* handle) {
  return pthread_equal(pthread_self(), handle->thread) != 0;
}

/* Initialises the libuv handles; inner_open says how far it came. */
int uvpool__handle_open(uvpool_t* handle);

/* Closes what uvpool__handle_open has initialised, at least the doorbell, and
 * calls `on_shut` when the last of it is closed. The doorbell must have no
 * sender left. */
void uvpool__handle_shut(uvpool_t* handle, void (*on_shut)(uvpool_t* handle));

/* What the loop does whenever the doorbell has rung. */
void uvpool__handle_turn(uvpool_t* handle);

#endif /* UVPOOL_SRC_HANDLE_H */
