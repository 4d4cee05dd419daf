/* Many deadlines that are over at once: the loop ends some, and goes on with
 * its other business before the next.
 *
 * It ended all of them in one timer callback, which for 10^6 took seconds. */
#include <stdlib.h>

#include "kit.h"

enum { COUNT = 20000, AT_ONCE = 64 };

/* Loop thread. */
static uvpool_t* pool;
static uint64_t expired; /* as of the last turn */
static uint64_t most;    /* in one turn */

static void look(uv_check_t* check) {
  (void) check;
  uint64_t now = pool_stats(pool).expired;
  if (now - expired > most) {
    most = now - expired;
  }
  expired = now;
}

static void the_loop_turns_in_between(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.completion_budget_us = 1;
  pool = pool_open_with(*state, &options);
  uv_check_t check;
  assert_int_equal(uv_check_init(*state, &check), 0);
  assert_int_equal(uv_check_start(&check, look), 0);
  uv_unref((uv_handle_t*) &check);
  job_t* jobs = jobs_new(COUNT + 1, &gate);
  assert_status(job_submit(pool, &jobs[COUNT]), 0);
  gate_await(&gate, 1);
  uint64_t deadline_ns = uv_hrtime() + 20 * 1000000u;
  for (int i = 0; i < COUNT; i++) {
    assert_status(job_submit_deadline(pool, &jobs[i], deadline_ns), 0);
  }
  while (expired < COUNT) {
    uv_run(*state, UV_RUN_ONCE);
  }
  /* UV_RUN_ONCE looks at its timers before and after it waits. */
  assert_true(most <= 2 * AT_ONCE);
  gate_open(&gate);
  loop_run(*state);
  for (int i = 0; i < COUNT; i++) {
    assert_status(jobs[i].status, UV_ETIMEDOUT);
  }
  uv_close((uv_handle_t*) &check, NULL);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_loop_turns_in_between),
  };
  return kit_run(argc, argv, tests);
}
