/* The way back: tasks whose work is over travel from any thread to their loop.
 *
 * This face is what workers see; it names no libuv type. */
#ifndef UVPOOL_SRC_COMPLETION_QUEUE_H
#define UVPOOL_SRC_COMPLETION_QUEUE_H

#include <stdbool.h>
#include <uvpool/task.h>

struct uvpool__port;

/* Any thread, no lock held: hands a task whose `status` is set to its loop. The
 * task may be gone when the call returns; the handle too, if it is the last
 * task of a closing one. */
void uvpool__completion_push(uvpool_task_t* task);

/* Loop thread: calls done for what has arrived, within the budget of one turn.
 * Returns whether something is left. */
bool uvpool__completion_deliver(struct uvpool__port* port);

/* Loop thread: has anything arrived? */
bool uvpool__completion_pending(const struct uvpool__port* port);

#endif /* UVPOOL_SRC_COMPLETION_QUEUE_H */
