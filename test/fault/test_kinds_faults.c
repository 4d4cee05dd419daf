/* The same sweep over what is made of several parts: multi-pools, funcs,
 * further handles, the default pool. A creation that fails at any part leaves
 * nothing behind; one that succeeds works. */
#include "sweep.h"

/* Ends a creation: 1 if there is something to use. */
static int was_made(run_t* run, int rc) {
  wrap_trust_timers();
  if (rc == 0) {
    return 1;
  }
  run->failures = wrap_disarm();
  assert_true(run->failures > 0);
  assert_0_or(rc, UV_ENOMEM, UV_EAGAIN, UV_EMFILE, UV_EINVAL);
  loop_run(run->loop);
  return 0;
}

static int identity(void* arg) {
  atomic_fetch_add((atomic_int*) arg, 1);
  return 0;
}

/* Under faults an invoke may be refused, after them none is. */
static void use_func(run_t* run, uvpool_func_t* func) {
  atomic_int runs = 0;
  int accepted = uvpool_func_invoke(func, &runs) == 0;
  run->failures = wrap_disarm();
  assert_status(uvpool_func_invoke(func, &runs), 0);
  loop_run(run->loop);
  assert_int_equal(atomic_load(&runs), accepted + 1);
  assert_status(uvpool_func_close(func, NULL), 0);
  loop_run(run->loop);
}

static void make_func(run_t* run) {
  uvpool_func_t* func = NULL;
  wrap_arm(run->nth, run->for_ever);
  int rc = uvpool_func_create(run->loop, identity, &run->options, &func);
  if (was_made(run, rc)) {
    use_func(run, func);
  }
}

static void make_multi_func(run_t* run) {
  uvpool_func_t* func = NULL;
  wrap_arm(run->nth, run->for_ever);
  int rc = uvpool_func_create_multi(
      run->loop, 3, UVPOOL_LEAST_TASKS, identity, &run->options, &func);
  if (was_made(run, rc)) {
    use_func(run, func);
  }
}

static void make_multi(run_t* run) {
  uvpool_multi_t* multi = NULL;
  job_t jobs[2];
  job_init(&jobs[0], 0);
  job_init(&jobs[1], 1);
  wrap_arm(run->nth, run->for_ever);
  int rc = uvpool_multi_create(
      run->loop, 3, UVPOOL_ROUND_ROBIN, &run->options, &multi);
  if (!was_made(run, rc)) {
    return;
  }
  rc = multi_job_submit(multi, &jobs[0]);
  assert_0_or(rc, UV_EAGAIN);
  run->failures = wrap_disarm();
  assert_status(multi_job_submit(multi, &jobs[1]), 0);
  loop_run(run->loop);
  job_assert_ran(&jobs[1]);
  wrap_arm(1, 1);
  wrap_trust_timers();
  multi_close(run->loop, multi);
  (void) wrap_disarm();
}

static void make_default(run_t* run) {
  uvpool_t* pool = NULL;
  wrap_arm(run->nth, run->for_ever);
  if (was_made(run, uvpool_default(run->loop, &pool))) {
    run->failures = wrap_disarm();
    pool_close(run->loop, pool);
  }
}

static void attach(run_t* run) {
  uvpool_t* pool = pool_open_with(run->loop, &run->options);
  uvpool_t* further = NULL;
  job_t job;
  job_init(&job, 0);
  wrap_arm(run->nth, run->for_ever);
  if (was_made(run, uvpool_attach(pool, run->loop, &further))) {
    run->failures = wrap_disarm();
    assert_status(job_submit(further, &job), 0);
    loop_run(run->loop);
    job_assert_ran(&job);
    pool_close(run->loop, further);
  }
  pool_close(run->loop, pool);
}

static void all(const char* name, void (*scenario)(run_t* run)) {
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  sweep(name, scenario, &options);
}

static void funcs(void** state) {
  (void) state;
  all("func", make_func);
}

static void multi_funcs(void** state) {
  (void) state;
  all("func on a multi-pool", make_multi_func);
}

static void multi_pools(void** state) {
  (void) state;
  all("multi-pool", make_multi);
}

static void multi_pools_with_everything(void** state) {
  (void) state;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_PREALLOC;
  options.min_workers = 1;
  sweep("multi-pool preallocated, with min_workers", make_multi, &options);
}

static void defaults(void** state) {
  (void) state;
  all("default pool", make_default);
}

static void further_handles(void** state) {
  (void) state;
  all("attach", attach);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(funcs),
      cmocka_unit_test(multi_funcs),
      cmocka_unit_test(multi_pools),
      cmocka_unit_test(multi_pools_with_everything),
      cmocka_unit_test(defaults),
      cmocka_unit_test(further_handles),
  };
  return kit_run(argc, argv, tests);
}
