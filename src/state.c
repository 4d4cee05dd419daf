/* The drawing of state.h as a table, and what each state promises. */
#include "state.h"

#include "pool.h"
#include "util.h"

#define BIT(state) (1u << (state))

/* May the first state be followed by the second? */
static bool may_follow(enum uvpool__state state, enum uvpool__state next) {
  static const unsigned allowed[] = {
      [UVPOOL__OPEN] = BIT(UVPOOL__DRAINING) | BIT(UVPOOL__RELEASING),
      [UVPOOL__DRAINING] = BIT(UVPOOL__RELEASING),
      [UVPOOL__RELEASING] = BIT(UVPOOL__RELEASED),
      [UVPOOL__RELEASED] = BIT(UVPOOL__OPEN) | BIT(UVPOOL__CLOSED),
      [UVPOOL__CLOSED] = 0,
  };
  return (allowed[state] & BIT(next)) != 0;
}

bool uvpool__state_invariant_locked(const struct uvpool__pool* pool) {
  enum uvpool__state state = pool->state;
  bool counts_add_up = pool->busy + pool->waking + pool->leaving +
                               uvpool__worker_queue_len(&pool->idle) <=
                           pool->workers &&
                       pool->workers <= pool->threads;
  return counts_add_up &&
         UVPOOL__IMPLIES(state >= UVPOOL__DRAINING,
                         pool->callers.head == NULL) &&
         UVPOOL__IMPLIES(state >= UVPOOL__RELEASING, pool->waiting.len == 0) &&
         UVPOOL__IMPLIES(state >= UVPOOL__RELEASED, pool->threads == 0) &&
         UVPOOL__IMPLIES(state == UVPOOL__CLOSED, pool->handles == NULL);
}

void uvpool__state_move_locked(struct uvpool__pool* pool,
                               enum uvpool__state next) {
  bool allowed = may_follow(pool->state, next);
  assert(allowed);
  (void) allowed;
  pool->state = next;
  assert(uvpool__state_invariant_locked(pool));
}
