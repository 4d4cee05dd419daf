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
 *   shut       this handle is closing, has delivered all, nobody is inside a
 *              blocking call or a ring with it, and the pool is RELEASED if it
 *              is the last: only now does uv_close begin
 *
 * The last uv_close callback calls the user's, then frees the handle, and the
 * pool with the last of them.
 *
 * If the user closed our libuv handles by a uv_walk of his own, the doorbell is
 * dumb. Close then takes a timer that was not initialised before, and its ticks
 * take the place of the bell's turns until all is done. */
#ifndef UVPOOL_SRC_SHUTDOWN_H
#define UVPOOL_SRC_SHUTDOWN_H

#include "handle.h"

/* Loop thread, at the end of a turn, while handle->winding_down. The handle may
 * be closing or gone when it returns. */
void uvpool__shutdown_step(uvpool_t* handle);

/* Loop thread, when a notice has come: stops the timers of a pool that is being
 * released. */
void uvpool__shutdown_rest(uvpool_t* handle);

/* Loop thread, when a notice has come: answers a pending release or drain, if
 * it can be. The user may make another one in its callback. */
bool uvpool__shutdown_answer(uvpool_t* handle);

/* Loop thread: a handle that was never given to the user: closes its libuv
 * handles and frees it. No thread may live. */
void uvpool__shutdown_abandon(uvpool_t* handle);

#endif /* UVPOOL_SRC_SHUTDOWN_H */
