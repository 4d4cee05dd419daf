/* The end of a pool and of its handles, as their loops see it.
 *
 * What has to happen is decided under the lock (release.c). Here the loops wait
 * for it without waiting: whenever something may have changed (a thread has
 * exited, a caller has left, another handle has delivered its last), the
 * doorbell rings with a notice, and the turn ends in uvpool__shutdown_step.
 *
 *   settled    all tasks of this handle are delivered, the pool is releasing
 *   RELEASED   all handles settled, all threads joined; pending requests are
 *              answered
 *   left       this handle is closing, has delivered all, nobody is inside a
 *              blocking call with it, and the pool is RELEASED if it is the
 *              last: it leaves its port
 *
 * When all handles have left a port, the port closes what libuv knows of it,
 * calls the users' close callbacks, and frees the handles, and each pool with
 * the last of its handles. */
#ifndef UVPOOL_SRC_SHUTDOWN_H
#define UVPOOL_SRC_SHUTDOWN_H

#include "handle.h"

/* Loop thread, at the end of a turn, while port->winding_down. The port may be
 * closing when it returns. */
void uvpool__shutdown_step(struct uvpool__port* port);

/* Loop thread: the bell is dumb, and something may have happened. */
void uvpool__shutdown_look(uvpool_t* handle);

/* Loop thread: 0 if uvpool_reboot would find the pool open or fully released,
 * else UV_EBUSY. */
int uvpool__shutdown_may_reboot(uvpool_t* handle);

/* uvpool_close, also for a handle that is owned. */
int uvpool__close(uvpool_t* handle, uvpool_close_cb close_cb);

/* Loop thread, when a notice has come: stops the timers of a pool that is being
 * released. */
void uvpool__shutdown_rest(uvpool_t* handle);

/* Loop thread, when a notice has come: answers a pending release or drain, if
 * it can be. The user may make another one in its callback. */
bool uvpool__shutdown_answer(uvpool_t* handle);

#endif /* UVPOOL_SRC_SHUTDOWN_H */
