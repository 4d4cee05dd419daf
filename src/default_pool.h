/* The registry of the default pool. */
#ifndef UVPOOL_SRC_DEFAULT_POOL_H
#define UVPOOL_SRC_DEFAULT_POOL_H

#include <uvpool/task.h>

/* Loop thread, no lock held: the handle is about to close. */
void uvpool__default_forget(uvpool_t* handle);

#endif /* UVPOOL_SRC_DEFAULT_POOL_H */
