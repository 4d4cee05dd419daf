/* ants #146 (and #35, #141, #143, #239): callers blocked for a worker while all
 * workers were lost to panics waited for ever, or until a purge came by. The
 * cure left a window: a worker on its way out changed the count and signalled
 * without the lock, and a caller that had read the old count slept on.
 *
 * Here a worker counts itself out under the lock and dispatches what waits.
 * Nobody purges in these tests, and nobody releases. */
#include "kit.h"

enum { CALLERS = 3, PER_CALLER = 400 };

typedef struct blocked_s {
  helper_t helper;
  uvpool_t* pool;
  job_t* jobs; /* PER_CALLER */
  int failures;
} blocked_t;

static void submit_panics(void* arg) {
  blocked_t* b = arg;
  for (int i = 0; i < PER_CALLER; i++) {
    b->failures += job_submit_wait(b->pool, &b->jobs[i], UINT64_MAX) != 0;
  }
}

static int all_done(void* arg) {
  blocked_t* b = arg;
  for (int i = 0; i < PER_CALLER; i++) {
    if (b->jobs[i].done == 0) {
      return 0;
    }
  }
  return 1;
}

static void check_panics(uv_loop_t* loop, int capacity) {
  uvpool_options_t options = pool_options(capacity, 0);
  options.flags = UVPOOL_NO_PURGE;
  options.on_panic = pool_ignore_panic;
  uvpool_t* pool = pool_open_with(loop, &options);
  blocked_t callers[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (blocked_t) {.pool = pool, .jobs = jobs_new(PER_CALLER, NULL)};
    for (int k = 0; k < PER_CALLER; k++) {
      callers[i].jobs[k].in_work = job_panic;
    }
    helper_start(&callers[i].helper, submit_panics, &callers[i]);
  }
  for (int i = 0; i < CALLERS; i++) {
    helper_join(loop, &callers[i].helper);
    loop_run_until(loop, all_done, &callers[i], "every panic");
    assert_int_equal(callers[i].failures, 0);
  }
  assert_int_equal(pool_stats(pool).panicked, CALLERS * PER_CALLER);
  pool_close(loop, pool);
  for (int i = 0; i < CALLERS; i++) {
    jobs_free(callers[i].jobs);
  }
}

/* One worker at a time. */
static void the_only_worker(void** state) {
  check_panics(*state, 1);
}

/* Several. */
static void several_workers(void** state) {
  check_panics(*state, 3);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_only_worker),
      loop_test(several_workers),
  };
  return kit_run(argc, argv, tests);
}
