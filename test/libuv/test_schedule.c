/* Slow work and fast work: after the schedule test of Node, a hundred slow name
 * lookups against one fast read of a file. libuv lets name lookups take half of
 * its threads at most; a user's own slow work cannot be told apart there. Here
 * it gets a pool of its own, or a class with a cap. */
#include "item.h"

enum { SLOW = 100, FAST = 20, THREADS = 4 };

/* Slow is whatever stands at the gate: it ends when the test says so, and not
 * before. */
typedef struct mixed_s {
  gate_t gate;
  item_t* slow;
  item_t* fast;
} mixed_t;

static void mixed_init(mixed_t* m) {
  gate_init(&m->gate);
  m->slow = items_new(SLOW, &m->gate);
  m->fast = items_new(FAST, NULL);
}

static void mixed_destroy(mixed_t* m) {
  free(m->slow);
  free(m->fast);
  gate_destroy(&m->gate);
}

static int slow_over(const mixed_t* m) {
  int over = 0;
  for (int i = 0; i < SLOW; i++) {
    over += m->slow[i].after;
  }
  return over;
}

static int fast_are_over(void* arg) {
  const mixed_t* m = arg;
  int over = 0;
  for (int i = 0; i < FAST; i++) {
    over += m->fast[i].after;
  }
  return over == FAST;
}

/* Two pools on one loop: all the fast work is over before any of the slow. */
static void a_pool_for_each(void** state) {
  mixed_t m;
  mixed_init(&m);
  uvpool_t* slow = pool_open(*state, THREADS, UVPOOL_UNLIMITED);
  uvpool_t* fast = pool_open(*state, 1, UVPOOL_UNLIMITED);
  items_queue(slow, m.slow, SLOW);
  gate_await(&m.gate, THREADS);
  items_queue(fast, m.fast, FAST);
  loop_run_until(*state, fast_are_over, &m, "the fast items");
  assert_int_equal(slow_over(&m), 0);
  assert_int_equal(uvpool_waiting(slow), SLOW - THREADS);
  gate_open(&m.gate);
  loop_run(*state);
  items_assert_ran(m.slow, SLOW);
  items_assert_ran(m.fast, FAST);
  pool_close(*state, slow);
  pool_close(*state, fast);
  mixed_destroy(&m);
}

/* In one pool, which is fair, the fast work waits behind the slow: the reason
 * for two. */
static void one_pool_is_a_queue(void** state) {
  mixed_t m;
  mixed_init(&m);
  uvpool_t* pool = pool_open(*state, THREADS, UVPOOL_UNLIMITED);
  items_queue(pool, m.slow, SLOW);
  items_queue(pool, m.fast, FAST);
  for (unsigned n = THREADS; n <= SLOW; n++) {
    gate_await(&m.gate, n);
    assert_int_equal(atomic_load(&m.fast[0].worked), 0);
    gate_admit(&m.gate, n < SLOW);
  }
  gate_open(&m.gate);
  loop_run(*state);
  items_assert_ran(m.slow, SLOW);
  items_assert_ran(m.fast, FAST);
  pool_close(*state, pool);
  mixed_destroy(&m);
}

/* In one pool with a cap on the slow work, half of the workers as libuv has it
 * for name lookups, the fast work finds the others free. */
static void a_cap_in_one_pool(void** state) {
  enum { CAP = (THREADS + 1) / 2 };
  mixed_t m;
  mixed_init(&m);
  uvpool_options_t options = pool_options(THREADS, UVPOOL_UNLIMITED);
  options.classes[1].cap = CAP;
  uvpool_t* pool = pool_open_with(*state, &options);
  uvpool_task_options_t slow;
  uvpool_task_options_init(&slow);
  slow.task_class = 1;
  job_t* jobs = jobs_new(SLOW, &m.gate);
  for (int i = 0; i < SLOW; i++) {
    assert_status(
        uvpool_submit_ex(pool, &jobs[i].task, job_work, job_done, &slow), 0);
  }
  gate_await(&m.gate, CAP);
  items_queue(pool, m.fast, FAST);
  loop_run_until(*state, fast_are_over, &m, "the fast items");
  assert_int_equal(gate_arrived(&m.gate), CAP);
  assert_int_equal(uvpool_waiting(pool), SLOW - CAP);
  gate_open(&m.gate);
  loop_run(*state);
  jobs_assert_ran(jobs, SLOW);
  items_assert_ran(m.fast, FAST);
  pool_close(*state, pool);
  jobs_free(jobs);
  mixed_destroy(&m);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(a_pool_for_each),
      loop_test(one_pool_is_a_queue),
      loop_test(a_cap_in_one_pool),
  };
  return kit_run(argc, argv, tests);
}
