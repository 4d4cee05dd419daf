/* Groups: tasks that are cancelled together, and whose common end is told.
 *
 * The usual group is that of one connection: when the client goes away,
 * everything that was asked for on its behalf is cancelled by one call, and
 * the connection is freed when nothing of it is in flight any more.
 *
 *     uvpool_group_init(pool, &conn->group, NULL);
 *     ... options.group = &conn->group; uvpool_submit_ex(...) ...
 *     uvpool_group_close(&conn->group, on_nothing_left);
 *
 * Tasks join by uvpool_submit_ex and leave when their done is entered. */
#ifndef UVPOOL_GROUP_H
#define UVPOOL_GROUP_H

#include <stdint.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocated by the caller, and the pool's from init until close_cb is entered,
 * or until the close callback of its handle has returned. */
typedef struct uvpool_group_s uvpool_group_t;

/* On the loop of the group's handle. */
typedef void (*uvpool_group_cb)(uvpool_group_t* group);

/* Private: what a handle knows of the groups and serial queues on it. */
struct uvpool_member_s {
  uvpool_t* handle; /* constant until it has ended, then NULL; loop thread */
  struct uvpool_member_s* next; /* loop thread */
  struct uvpool_member_s* prev; /* loop thread */
  uint32_t kind;                /* constant */
  uint32_t state; /* changed on the loop's thread under the pool's lock */
};

struct uvpool_group_s {
  /* Public: the caller's, never touched by the library. */
  void* data;

  /* Private. */
  struct uvpool_member_s member;
  struct uvpool_link_s tasks; /* guarded by the pool's lock */
  uvpool_group_cb on_empty;   /* constant */
  uvpool_group_cb close_cb;   /* loop thread */
  void* reserved[4];
};

/* Makes a group of tasks that are submitted with `handle`.
 *
 * Thread:   loop.
 * Blocks:   never.
 * Owns:     the group belongs to the pool until its close_cb, or until its
 *           handle has been closed. `data` is left alone. Nothing is allocated.
 * Callback: on_empty, unless it is NULL: whenever the last task of the group
 *           has ended, after its done has returned. Not for a group that has
 *           never had one, and not once it is being closed.
 * Returns:  0; UV_EINVAL handle or group is NULL; UV_EPERM not the loop thread,
 *           or in a forked child; UV_ESHUTDOWN the handle is closing. */
UVPOOL_EXTERN int uvpool_group_init(uvpool_t* handle,
                                    uvpool_group_t* group,
                                    uvpool_group_cb on_empty);

/* uvpool_cancel for every task of the group: those that wait end with
 * UV_ECANCELED, those that run can see the wish. Tasks may join again at once.
 *
 * O(1) for each task.
 *
 * Thread:   any, if it is certain that the group is not closed meanwhile.
 * Blocks:   never.
 * Callback: done(UV_ECANCELED) later, never inside the call.
 * Returns:  0, also if the group is empty; UV_EINVAL NULL; UV_EPERM in a forked
 *           child. */
UVPOOL_EXTERN int uvpool_group_cancel(uvpool_group_t* group);

/* Is any task of the group in flight?
 *
 * Thread:   any, if it is certain that the group is not closed meanwhile.
 * Blocks:   never.
 * Returns:  1 or 0; UV_EINVAL NULL; UV_EPERM in a forked child. */
UVPOOL_EXTERN int uvpool_group_is_active(uvpool_group_t* group);

/* Cancels the group, lets no task join any more, and tells when it is over.
 *
 * Thread:   loop; also from inside any callback of this library.
 * Blocks:   never. A task that never ends holds close_cb back.
 * Owns:     the group is the caller's again when close_cb is entered.
 * Callback: close_cb, unless it is NULL, exactly once, after the done of its
 *           last task has returned, never inside the call. The loop is kept
 *           alive for it. uvpool_close on the handle closes its groups too:
 *           the close_cb of this call, if there was one, still comes.
 * Returns:  0; UV_EINVAL NULL; UV_EALREADY the group is closing or closed;
 *           UV_EPERM not the loop thread, or in a forked child. */
UVPOOL_EXTERN int uvpool_group_close(uvpool_group_t* group,
                                     uvpool_group_cb close_cb);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_GROUP_H */
