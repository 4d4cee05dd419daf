/* The life cycle of a pool: one state, few moves, each of them checked.
 *
 *            drain                    nothing waits
 *   OPEN ------------> DRAINING ----------------------+
 *    ^ |                   |                          |
 *    | |                   | release                  |
 *    | |     release       v                          |
 *    | +-------------> RELEASING <--------------------+
 *    |                     |
 *    |                     | every thread joined, every callback returned
 *    |      reboot         v
 *    +----------------- RELEASED
 *                          |
 *                          | the last handle is closed
 *                          v
 *                       CLOSED
 *
 *   OPEN       tasks are admitted
 *   DRAINING   no more; what waits is still run
 *   RELEASING  nothing waits; running tasks finish, workers leave
 *   RELEASED   no thread, no task, no callback is left
 *   CLOSED     no handle is left; the memory is about to be freed
 *
 * Guarded by the pool's lock. */
#ifndef UVPOOL_SRC_STATE_H
#define UVPOOL_SRC_STATE_H

#include <stdbool.h>

struct uvpool__pool;

enum uvpool__state {
  UVPOOL__OPEN,
  UVPOOL__DRAINING,
  UVPOOL__RELEASING,
  UVPOOL__RELEASED,
  UVPOOL__CLOSED
};

/* Moves the pool to `next`; asserts that the move is in the drawing and that
 * what the new state promises holds. */
void uvpool__state_move_locked(struct uvpool__pool* pool,
                               enum uvpool__state next);

/* Does what the state promises hold? For assertions. */
bool uvpool__state_invariant_locked(const struct uvpool__pool* pool);

#endif /* UVPOOL_SRC_STATE_H */
