/* The way back: tasks whose work is over travel from any thread to their loop.
 *
 * This face is what workers see; it names no libuv type. */
#ifndef UVPOOL_SRC_COMPLETION_QUEUE_H
#define UVPOOL_SRC_COMPLETION_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <uvpool/task.h>

struct uvpool__port;

/* Any thread, no lock held: hands a task whose `status` is set to its loop. The
 * task may be gone when the call returns; the handle too, if it is the last
 * task of a closing one. True: the loop had to be woken. */
bool uvpool__completion_push(uvpool_task_t* task);

/* The same for a task that may wait for company (coalesce.h): a loop that is to
 * look soon anyway is not woken for it. */
bool uvpool__completion_push_quietly(uvpool_task_t* task);

/* What one turn of the loop may still deliver. */
struct uvpool__budget {
  uint64_t left;
  uint64_t until_ns; /* 0: the clock was not read yet */
  uint64_t delivered;
};

/* Loop thread: a whole turn's. */
struct uvpool__budget uvpool__budget_of_turn(const struct uvpool__port* port);

/* Loop thread: calls done for what has arrived, within the budget. Returns
 * whether it is used up with something left. */
bool uvpool__completion_deliver(struct uvpool__port* port,
                                struct uvpool__budget* budget);

/* Loop thread: has anything arrived? */
bool uvpool__completion_pending(const struct uvpool__port* port);

#endif /* UVPOOL_SRC_COMPLETION_QUEUE_H */
