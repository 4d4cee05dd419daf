/* Serial queues: tasks that run one at a time, in the order of submission, on
 * any worker. What waits in one occupies no worker, and needs no mutex: a
 * connection to a database that allows only one query at a time is the usual
 * reason for one. Also known as strands.
 *
 * Their done callbacks come in the same order, too. Those that end unrun,
 * cancelled or at their deadline, are told when they do.
 *
 * A task of a serial queue counts as waiting like any other, can be cancelled,
 * can have a deadline, and belong to a group. Its class and priority say when
 * it is taken once its predecessor is over. */
#ifndef UVPOOL_SERIAL_H
#define UVPOOL_SERIAL_H

#include <uvpool/group.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocated by the caller, and the pool's from init until close_cb is entered,
 * or until the close callback of its handle has returned. */
typedef struct uvpool_serial_s uvpool_serial_t;

/* On the loop of the serial queue's handle. */
typedef void (*uvpool_serial_cb)(uvpool_serial_t* serial);

struct uvpool_serial_s {
  /* Public: the caller's, never touched by the library. */
  void* data;

  /* Private. */
  struct uvpool_member_s member;
  uvpool_serial_cb close_cb; /* loop thread */

  /* Guarded by the pool's lock. */
  uvpool_task_t* active; /* may be taken, or runs */
  struct uvpool_task_queue_s behind;
  uint64_t in_flight; /* whose done has not returned */
  struct uvpool_serial_s* next_backed_up;
  struct uvpool_serial_s* prev_backed_up;
  void* reserved[4];
};

/* Makes a serial queue for tasks that are submitted with `handle`.
 *
 * Thread:   loop.
 * Blocks:   never.
 * Owns:     the queue belongs to the pool until its close_cb, or until its
 *           handle has been closed. `data` is left alone. Nothing is allocated.
 * Returns:  0; UV_EINVAL handle or serial is NULL; UV_EPERM not the loop
 *           thread, or in a forked child; UV_ESHUTDOWN the handle is
 *           closing. */
UVPOOL_EXTERN int uvpool_serial_init(uvpool_t* handle, uvpool_serial_t* serial);

/* uvpool_submit into a serial queue; for more options there is
 * uvpool_submit_ex. O(1), nothing is allocated.
 *
 * Thread:   any, if it is certain that the queue is not closed meanwhile.
 * Blocks:   never.
 * Owns, Callback: as uvpool_submit.
 * Returns:  as uvpool_submit; UV_ESHUTDOWN also if the queue is closing. */
UVPOOL_EXTERN int uvpool_serial_submit(uvpool_serial_t* serial,
                                       uvpool_task_t* task,
                                       uvpool_work_cb work,
                                       uvpool_done_cb done);

/* Cancels what waits, takes no more tasks, and tells when it is over.
 *
 * Thread:   loop; also from inside any callback of this library.
 * Blocks:   never. A task that never ends holds close_cb back.
 * Owns:     the queue is the caller's again when close_cb is entered.
 * Callback: close_cb, unless it is NULL, exactly once, after the done of its
 *           last task has returned, never inside the call. The loop is kept
 *           alive for it. uvpool_close on the handle closes its serial queues
 *           too: the close_cb of this call, if there was one, still comes.
 * Returns:  0; UV_EINVAL NULL; UV_EALREADY it is closing or closed; UV_EPERM
 *           not the loop thread, or in a forked child. */
UVPOOL_EXTERN int uvpool_serial_close(uvpool_serial_t* serial,
                                      uvpool_serial_cb close_cb);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_SERIAL_H */
