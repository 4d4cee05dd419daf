/* Members: groups and serial queues, as their handle sees them.
 *
 * Both are the user's memory, hang on one handle, gather tasks of that handle,
 * and are closed on its loop, with a callback when none of their tasks is in
 * flight any more. What they have in common is here; what they do with their
 * tasks is in group.c and serial.c.
 *
 *   OPEN --close--> CLOSING --no task in flight--> DUE --a turn of the loop-->
 *   ENDED, close_cb
 *
 * `state` is changed on the loop's thread under the pool's lock: either will do
 * to read it. The lists of a handle are the loop thread's. A handle does not
 * leave before its members have ended, and closes those that are open. */
#ifndef UVPOOL_SRC_MEMBER_H
#define UVPOOL_SRC_MEMBER_H

#include <stdbool.h>
#include <uvpool/group.h>
#include <uvpool/serial.h>

struct uvpool__pool;

enum uvpool__member_kind { UVPOOL__MEMBER_GROUP, UVPOOL__MEMBER_SERIAL };

enum uvpool__member_state {
  UVPOOL__MEMBER_OPEN,
  UVPOOL__MEMBER_CLOSING,
  UVPOOL__MEMBER_DUE,
  UVPOOL__MEMBER_ENDED
};

/* Loop thread. Hangs a member on a handle; 0, UV_EINVAL, UV_EPERM or
 * UV_ESHUTDOWN. */
int uvpool__member_open(uvpool_t* handle,
                        struct uvpool_member_s* member,
                        enum uvpool__member_kind kind);

/* Any thread: 0, UV_EINVAL or UV_EPERM. */
int uvpool__member_enter(const struct uvpool_member_s* member);

/* Loop thread. To CLOSING; 0, UV_EALREADY or UV_EPERM. The caller cancels its
 * tasks, and then calls the next. */
int uvpool__member_shut(struct uvpool_member_s* member);

/* Loop thread. If it is closing and no task is in flight, its end is due. */
void uvpool__member_check(struct uvpool_member_s* member);

/* Loop thread. Closes what is open; the handle is closing, and has cancelled
 * its tasks. */
void uvpool__members_close(uvpool_t* handle);

/* In a forked child, the handle inherited and closed: all of them are the
 * user's again, and nobody is told. */
void uvpool__members_forsake(uvpool_t* handle);

/* Loop thread. Ends those that are due. */
void uvpool__members_end(uvpool_t* handle);

/* ---- Tasks --------------------------------------------------------------- */

/* Lock held: may this task, which is not yet admitted, join what it names? */
bool uvpool__member_admits_locked(const uvpool_task_t* task);

/* What must be looked after when the done of a member's task has returned. */
struct uvpool__member_rest {
  uvpool_group_t* emptied; /* its last task has left */
  uvpool_serial_t* serial;
};

/* Loop thread, around done. */
void uvpool__member_deliver(uvpool_task_t* task,
                            struct uvpool__member_rest* rest);
void uvpool__member_delivered(const struct uvpool__member_rest* rest);

#endif /* UVPOOL_SRC_MEMBER_H */
