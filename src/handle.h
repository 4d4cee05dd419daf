/* The handle: a pool as one loop sees it.
 *
 * A port (port.h) connects it to the loop. Workers know it only as a name to
 * give to completion_queue.h.
 *
 * The first open handle of a pool is its keeper: its timers purge and retry for
 * the whole pool, and it joins exited threads. */
#ifndef UVPOOL_SRC_HANDLE_H
#define UVPOOL_SRC_HANDLE_H

#include <uv.h>
#include <uvpool/pool.h>

#include "deadline_heap.h"
#include "notice.h"
#include "port.h"
#include "sync.h"
#include "task_queue.h"

struct uvpool__pool;

struct uvpool_s {
  /* Set by create, constant after. */
  struct uvpool__pool* pool;
  struct uvpool__port* port;
  pthread_t thread; /* the port's, for a quick look */
  bool owned;       /* part of a func or multi-pool, and closed with it */
  void* owner;      /* the func, for its close callback */
  bool is_default;  /* in the registry of default_pool.c */

  /* Guarded by the process lock. */
  struct uvpool_s* next_default;

  /* The user's. */
  void* data;

  /* Any thread. Notices not yet heard by the loop. Changed by relaxed
   * read-modify-writes; the summary in the doorbell publishes them. */
  atomic_uint notices;

  /* Taken by the loop thread, granted and revoked under the pool's lock. */
  atomic_uint_least64_t credits;

  /* Guarded by the pool's lock. */
  _Alignas(UVPOOL__CACHE_LINE)
      uint64_t accepted; /* tasks and posts with this handle */
  uint64_t posted;       /* those of them that are posts */
  uint64_t callers;      /* threads inside a blocking call with this handle */
  bool closing;          /* uvpool_close was called */
  bool settled;          /* pool is releasing, and all of ours is delivered */
  bool wants_room;       /* a submit was refused; on_drain is due */
  struct uvpool_s* next; /* in pool->handles */
  struct uvpool__deadline_heap deadlines; /* of its waiting tasks */
  bool deadline_set;    /* the timer is set, or was asked for, ... */
  uint32_t deadline_at; /* ... for this deadline */

  /* Loop thread only. */
  struct uvpool_s* next_in_port; /* in port->handles or port->gone */
  uint64_t delivered;            /* of accepted: callbacks that have returned */
  uint64_t arrived;              /* of posted, likewise */
  bool referenced;               /* uvpool_ref */
  bool winding_down;             /* shutdown.c has something to look after */
  bool hold_used; /* something was submitted inside a stride, see hold.h */
  struct uvpool_task_queue_s held;     /* and is not yet handed over */
  struct uvpool_member_s* members;     /* open or closing; see member.h */
  struct uvpool_member_s* members_due; /* their close_cb is due */
  bool purging;                 /* the port's clock and purge serve this pool */
  uint64_t retry_at_ns;         /* when to try to start a thread; 0: not */
  uvpool_release_cb release_cb; /* of a pending release_timeout or drain */
  uint64_t release_deadline_ns;
  uvpool_close_cb close_cb;
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

/* Whoever may ring (doorbell.h): notices for the handle's loop. */
void uvpool__handle_post(uvpool_t* handle, unsigned notices);

/* Loop thread: does what the notices ask for. */
void uvpool__handle_heed(uvpool_t* handle);

#endif /* UVPOOL_SRC_HANDLE_H */
