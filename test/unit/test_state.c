/* state.c: the moves of the drawing in state.h and no others, and what each
 * state promises. */
#include "state.h"

#include <string.h>

#include "dies.h"
#include "kit.h"
#include "../../src/pool.h" /* the kit has a pool.h, too */

enum { STATES = 5 };

/* The drawing once more, as rows "from" and columns "to": OPEN, DRAINING,
 * RELEASING, RELEASED, CLOSED. */
static const int drawn[STATES][STATES] = {
    {0, 1, 1, 0, 0},
    {0, 0, 1, 0, 0},
    {0, 0, 0, 1, 0},
    {1, 0, 0, 0, 1},
    {0, 0, 0, 0, 0},
};

/* A pool in which nothing lives keeps every promise. */
static void empty_pool(struct uvpool__pool* pool, int state) {
  memset(pool, 0, sizeof(*pool));
  pool->state = (enum uvpool__state) state;
}

/* Every move of the drawing is made. */
static void drawn_moves_work(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  int moves = 0;
  for (int from = 0; from < STATES; from++) {
    for (int to = 0; to < STATES; to++) {
      if (drawn[from][to]) {
        empty_pool(&pool, from);
        uvpool__state_move_locked(&pool, (enum uvpool__state) to);
        assert_int_equal(pool.state, to);
        moves++;
      }
    }
  }
  assert_int_equal(moves, 6);
}

typedef struct move_s {
  struct uvpool__pool pool;
  int to;
} move_t;

static void make_move(void* arg) {
  move_t* move = arg;
  uvpool__state_move_locked(&move->pool, (enum uvpool__state) move->to);
}

/* Every other move fails an assertion. */
static void other_moves_die(void** state) {
  (void) state;
  static move_t move;
  dies_or_skip();
  for (int from = 0; from < STATES; from++) {
    for (move.to = 0; move.to < STATES; move.to++) {
      if (!drawn[from][move.to]) {
        empty_pool(&move.pool, from);
        assert_true(dies(make_move, &move));
      }
    }
  }
}

/* ---- Promises ------------------------------------------------------------ */

/* Addresses that nobody looks behind. */
static int anything;
static struct uvpool__caller* const some_caller = (void*) &anything;
static struct uvpool_s* const some_handle = (void*) &anything;

static void block_a_caller(struct uvpool__pool* pool) {
  pool->callers.head = some_caller;
}

static void let_one_wait(struct uvpool__pool* pool) {
  pool->waiting.len = 1;
}

static void keep_a_thread(struct uvpool__pool* pool) {
  pool->threads = 1;
}

static void keep_a_handle(struct uvpool__pool* pool) {
  pool->handles = some_handle;
}

/* What may be there, and in which state it may not be any more. */
typedef struct promise_s {
  void (*put)(struct uvpool__pool* pool);
  enum uvpool__state gone_from;
} promise_t;

static const promise_t promises[] = {
    {block_a_caller, UVPOOL__DRAINING},
    {let_one_wait, UVPOOL__RELEASING},
    {keep_a_thread, UVPOOL__RELEASED},
    {keep_a_handle, UVPOOL__CLOSED},
};

/* Each thing is allowed in the states before the one that promises its end, and
 * in none from there on. */
static void states_keep_their_promises(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  for (int at = 0; at < STATES; at++) {
    empty_pool(&pool, at);
    assert_true(uvpool__state_invariant_locked(&pool));
    for (size_t i = 0; i < KIT_COUNT(promises); i++) {
      empty_pool(&pool, at);
      promises[i].put(&pool);
      assert_int_equal(uvpool__state_invariant_locked(&pool),
                       at < (int) promises[i].gone_from);
    }
  }
}

/* A move into a state whose promise is not kept fails an assertion. */
static void broken_promises_die(void** state) {
  (void) state;
  static move_t move;
  dies_or_skip();
  for (size_t i = 0; i < KIT_COUNT(promises); i++) {
    move.to = (int) promises[i].gone_from;
    empty_pool(&move.pool, move.to - 1); /* the drawing has this move */
    promises[i].put(&move.pool);
    assert_true(dies(make_move, &move));
  }
}

/* The counts of workers, in all combinations of 0 and 1 for the parts: they may
 * be fewer than the whole, never more. */
static void counts_add_up(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  for (unsigned bits = 0; bits < 16; bits++) {
    empty_pool(&pool, UVPOOL__OPEN);
    pool.busy = bits & 1;
    pool.waking = (bits >> 1) & 1;
    pool.leaving = (bits >> 2) & 1;
    pool.idle.len = (bits >> 3) & 1;
    uint64_t parts = pool.busy + pool.waking + pool.leaving + pool.idle.len;
    for (pool.workers = 0; pool.workers <= 5; pool.workers++) {
      for (pool.threads = 0; pool.threads <= 5; pool.threads++) {
        assert_int_equal(uvpool__state_invariant_locked(&pool),
                         parts <= pool.workers && pool.workers <= pool.threads);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(drawn_moves_work),
      cmocka_unit_test(other_moves_die),
      cmocka_unit_test(states_keep_their_promises),
      cmocka_unit_test(broken_promises_die),
      cmocka_unit_test(counts_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
