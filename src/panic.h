/* Panics: a work that ends its thread, contained.
 *
 * The reason is kept in the record of the worker, which is not used again until
 * the loop has read it. Nothing here costs a task that does not panic. */
#ifndef UVPOOL_SRC_PANIC_H
#define UVPOOL_SRC_PANIC_H

#include "worker.h"

/* Lock held, by the dying worker: links task and reason. */
void uvpool__panic_mark_locked(struct uvpool__worker* worker,
                               uvpool_task_t* task);

/* Loop thread, before done: calls on_panic, or logs, and lets the record go. */
void uvpool__panic_report(uvpool_t* handle, uvpool_task_t* task);

#endif /* UVPOOL_SRC_PANIC_H */
