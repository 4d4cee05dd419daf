/* The retry timer: tries again to start a thread when tasks wait for one.
 *
 * The sole timer that work may depend on, and only when no worker lives and the
 * system refuses to make one. */
#ifndef UVPOOL_SRC_RETRY_H
#define UVPOOL_SRC_RETRY_H

#include <uvpool/task.h>

/* Loop thread of `handle`. */
void uvpool__retry_start(uvpool_t* handle);
void uvpool__retry_stop(uvpool_t* handle);

#endif /* UVPOOL_SRC_RETRY_H */
