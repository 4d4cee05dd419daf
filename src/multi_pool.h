/* The multi-pool: several pools, one port, one submit.
 *
 *   multi_pool.c    made, looked at, closed
 *   multi_submit.c  which pool gets a task
 *   multi_wait.c    callers that wait for room in any of them
 *   multi_release.c release, drain, reboot, tune of all
 *
 * Its pools are ordinary pools; each has one handle, and all handles have one
 * port. What is theirs knows of the multi-pool by `pool->multi` alone:
 * admission tells it when there is room that somebody waits for. */
#ifndef UVPOOL_SRC_MULTI_POOL_H
#define UVPOOL_SRC_MULTI_POOL_H

#include <uvpool/multi_pool.h>

#include "handle.h"
#include "multi_wait.h"
#include "pool.h"
#include "sync.h"

struct uvpool_multi_s {
  /* Set by create, constant after. */
  struct uvpool__port* port;
  uvpool_strategy_t strategy;
  size_t count;
  uvpool_allocator_t allocator;
  void* owner; /* the func that it is part of, or NULL */

  /* The user's. */
  void* data;

  /* Any thread. The next pool of the round, modulo count. Relaxed: only its own
   * value matters. */
  atomic_size_t cursor;

  /* Any thread, by their own rules. */
  struct uvpool__multi_wait wait;
  struct uvpool__task_cache go_cache;

  /* Loop thread only. */
  bool closing;
  uvpool_multi_close_cb close_cb;
  uvpool_multi_release_cb release_cb; /* of a pending release or drain */
  size_t release_pending;             /* pools that have not answered yet */
  size_t late_count;
  size_t* late; /* room for all of them */

  uvpool_t* handles[]; /* constant after create */
};

/* UV_EINVAL for NULL, UV_EPERM in a forked child. */
int uvpool__multi_check(const uvpool_multi_t* multi);

/* Checks what uvpool_multi_create is given. 0, UV_EINVAL or UV_ENOMEM. */
int uvpool__multi_settings(int64_t count,
                           uvpool_strategy_t strategy,
                           const uvpool_options_t* options,
                           struct uvpool__settings* settings);

/* Everything that uvpool_multi_create does after its settings are resolved. */
int uvpool__multi_new(uv_loop_t* loop,
                      int64_t count,
                      uvpool_strategy_t strategy,
                      const struct uvpool__settings* settings,
                      uvpool_multi_t** out);

/* uvpool_multi_close, also for one that is part of a func. */
int uvpool__multi_close(uvpool_multi_t* multi, uvpool_multi_close_cb close_cb);

/* No lock held: submits a task that is claimed and prepared for any handle of
 * the multi-pool. 0, UV_EAGAIN or UV_ESHUTDOWN. */
int uvpool__multi_admit(uvpool_multi_t* multi, uvpool_task_t* task);

/* The same, and waits for room: as uvpool__admit_wait. */
int uvpool__multi_admit_wait(uvpool_multi_t* multi,
                             uvpool_task_t* task,
                             uint64_t timeout_ms);

/* Offers the task to each pool once, beginning with what the strategy says, and
 * leaves behind what `on_refusal` says (admission.h) in those that refuse. 0,
 * UVPOOL__NO_ROOM, UV_EAGAIN or UV_ESHUTDOWN, whichever of them is the most
 * hopeful. */
int uvpool__multi_offer(uvpool_multi_t* multi,
                        uvpool_task_t* task,
                        size_t first,
                        unsigned on_refusal);

/* The pool that the strategy offers a task to first. */
size_t uvpool__multi_first(uvpool_multi_t* multi);

#endif /* UVPOOL_SRC_MULTI_POOL_H */
