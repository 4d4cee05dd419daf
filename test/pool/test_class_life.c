/* Tasks that their cap holds back, when the pool ends or changes; and classes
 * where only class 0 is known. */
#include "kit.h"

enum { COUNT = 12, CAP = 2 };

typedef struct held_back_s {
  gate_t gate;
  uvpool_t* pool;
  job_t* jobs; /* of class 1; CAP of them stand at the gate, the rest waits */
} held_back_t;

static void hold_back(uv_loop_t* loop, held_back_t* h) {
  gate_init(&h->gate);
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.classes[1].cap = CAP;
  h->pool = pool_open_with(loop, &options);
  h->jobs = jobs_new(COUNT, &h->gate);
  jobs_submit_class(h->pool, h->jobs, COUNT, 1);
  gate_await(&h->gate, CAP);
}

static void let_go(held_back_t* h) {
  jobs_free(h->jobs);
  gate_destroy(&h->gate);
}

/* Those that stood at the gate have run, the others were cancelled. */
static void assert_rest_cancelled(held_back_t* h) {
  jobs_assert_ran(h->jobs, CAP);
  jobs_assert_dropped(&h->jobs[CAP], COUNT - CAP, UV_ECANCELED);
}

/* ---- Ends ---------------------------------------------------------------- */

/* A drain runs them, as their cap allows, and then ends. */
static void drain_runs_them(void** state) {
  held_back_t h;
  hold_back(*state, &h);
  gauge_t gauge;
  gauge_init(&gauge);
  pool_end_t end = {0};
  uvpool_set_data(h.pool, &end);
  for (int i = CAP; i < COUNT; i++) {
    h.jobs[i].gauge = &gauge;
  }
  assert_status(uvpool_drain(h.pool, UINT64_MAX, pool_on_release), 0);
  loop_turn(*state, 3);
  assert_int_equal(end.count, 0);
  gate_open(&h.gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  jobs_assert_ran(h.jobs, COUNT);
  assert_true(gauge_most(&gauge) <= CAP);
  pool_close(*state, h.pool);
  let_go(&h);
}

static void release_cancels_them(void** state) {
  held_back_t h;
  hold_back(*state, &h);
  pool_end_t end = {0};
  uvpool_set_data(h.pool, &end);
  assert_status(uvpool_release_timeout(h.pool, UINT64_MAX, pool_on_release), 0);
  assert_int_equal(uvpool_waiting(h.pool), 0);
  gate_open(&h.gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_rest_cancelled(&h);
  uvpool_stats_t s = pool_stats(h.pool);
  assert_int_equal(s.classes[1].busy + s.classes[1].waiting, 0);
  pool_close(*state, h.pool);
  let_go(&h);
}

static void close_cancels_them(void** state) {
  held_back_t h;
  hold_back(*state, &h);
  gate_open(&h.gate);
  assert_status(uvpool_close(h.pool, NULL), 0);
  loop_run(*state);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(h.jobs[i].done, 1);
  }
  let_go(&h);
}

/* The cap is as new after a reboot. */
static void reboot_counts_anew(void** state) {
  held_back_t h;
  hold_back(*state, &h);
  pool_end_t end = {0};
  uvpool_set_data(h.pool, &end);
  gate_open(&h.gate);
  assert_status(uvpool_release_timeout(h.pool, UINT64_MAX, pool_on_release), 0);
  loop_run(*state);
  assert_status(uvpool_reboot(h.pool), 0);
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(COUNT, &gate);
  jobs_submit_class(h.pool, jobs, COUNT, 1);
  gate_await(&gate, CAP);
  assert_int_equal(pool_stats(h.pool).classes[1].busy, CAP);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, h.pool);
  jobs_free(jobs);
  gate_destroy(&gate);
  let_go(&h);
}

/* Cancelled while held back, they leave; the cap is not used by them. */
static void cancel_takes_them_out(void** state) {
  held_back_t h;
  hold_back(*state, &h);
  for (int i = CAP; i < COUNT; i += 2) {
    assert_status(uvpool_cancel(&h.jobs[i].task), 0);
  }
  assert_int_equal(pool_stats(h.pool).classes[1].waiting, (COUNT - CAP) / 2);
  gate_open(&h.gate);
  loop_run(*state);
  for (int i = CAP; i < COUNT; i += 2) {
    job_assert_dropped(&h.jobs[i], UV_ECANCELED);
    job_assert_ran(&h.jobs[i + 1]);
  }
  pool_close(*state, h.pool);
  let_go(&h);
}

/* ---- Changes ------------------------------------------------------------- */

/* A panic gives its place under the cap back, and its reserved worker. */
static void a_panic_gives_its_place_back(void** state) {
  uvpool_options_t options = pool_options(3, UVPOOL_UNLIMITED);
  options.classes[1].cap = 1;
  options.classes[1].reserved = 1;
  options.on_panic = pool_ignore_panic;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(10, NULL);
  for (int i = 0; i < 10; i += 2) {
    jobs[i].in_work = job_panic;
  }
  jobs_submit_class(pool, jobs, 10, 1);
  loop_run(*state);
  for (int i = 0; i < 10; i += 2) {
    job_assert_panicked(&jobs[i]);
    job_assert_ran(&jobs[i + 1]);
  }
  assert_int_equal(pool_stats(pool).classes[1].busy, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* A tune below the cap: the capacity bounds them; up again: the cap. */
static void a_tune_and_a_cap(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.classes[1].cap = 3;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(8, &gate);
  jobs_submit_class(pool, jobs, 8, 1);
  gate_await(&gate, 1);
  assert_status(uvpool_tune(pool, 2), 0);
  gate_await(&gate, 2);
  assert_status(uvpool_tune(pool, 6), 0);
  gate_await(&gate, 3);
  loop_run_for(*state, 5);
  assert_int_equal(gate_arrived(&gate), 3);
  assert_int_equal(uvpool_workers(pool), 3);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 8);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void submit_more(job_t* job) {
  job_t* more = job->arg;
  if (more != NULL) {
    (void) job_submit(uvpool_task_handle(&job->task), more);
    (void) job_submit_class(uvpool_task_handle(&job->task), more + 1, 1);
  }
}

/* From done callbacks too, where plain submits are held: both caps are kept and
 * all of them run. */
static void held_submits_and_caps(void** state) {
  enum { PAIRS = 200 };
  gauge_t gauges[2];
  gauge_init(&gauges[0]);
  gauge_init(&gauges[1]);
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.classes[0].cap = 2;
  options.classes[1].cap = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(2 * PAIRS, NULL);
  for (int i = 0; i < 2 * PAIRS; i++) {
    jobs[i].gauge = &gauges[i % 2];
    jobs[i].in_done = i % 2 == 0 ? submit_more : NULL;
    jobs[i].arg = i + 2 < 2 * PAIRS ? &jobs[i + 2] : NULL;
  }
  jobs_submit(pool, jobs, 1);
  jobs_submit_class(pool, &jobs[1], 1, 1);
  loop_run(*state);
  jobs_assert_ran(jobs, 2 * PAIRS);
  assert_true(gauge_most(&gauges[0]) <= 2);
  assert_true(gauge_most(&gauges[1]) <= 1);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* Another loop's handle shares the pool's caps. */
static void attached_handles_share_the_cap(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.classes[2].cap = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  uvpool_t* other = NULL;
  assert_status(uvpool_attach(pool, *state, &other), 0);
  job_t* jobs = jobs_new(4, &gate);
  for (int i = 0; i < 4; i++) {
    jobs_submit_class(i % 2 == 0 ? pool : other, &jobs[i], 1, 2);
  }
  gate_await(&gate, 1);
  assert_int_equal(pool_stats(other).classes[2].busy, 1);
  assert_int_equal(pool_stats(other).classes[2].waiting, 3);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 4);
  pool_close(*state, other);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- Where there is class 0 only ----------------------------------------- */

static int count_multi_busy(void* arg) {
  uvpool_multi_t* multi = arg;
  return uvpool_busy(uvpool_multi_pool(multi, 0)) == 1 &&
         uvpool_busy(uvpool_multi_pool(multi, 1)) == 1;
}

/* The tasks of a multi-pool are of class 0, in each of its pools. */
static void multi_pools_are_of_class_0(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(3, UVPOOL_UNLIMITED);
  options.classes[0].cap = 1;
  uvpool_multi_t* multi = NULL;
  assert_status(
      uvpool_multi_create(*state, 2, UVPOOL_ROUND_ROBIN, &options, &multi), 0);
  job_t* jobs = jobs_new(8, &gate);
  for (int i = 0; i < 8; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
  }
  kit_wait_until(count_multi_busy, multi, "one busy worker in each pool");
  for (int i = 0; i < 2; i++) {
    uvpool_stats_t s = pool_stats(uvpool_multi_pool(multi, i));
    assert_int_equal(s.classes[0].busy, 1);
    assert_int_equal(s.classes[0].waiting, s.waiting);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 8);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void enter_gate(void* arg) {
  gate_pass(arg);
}

static int func_enter_gate(void* arg) {
  gate_pass(arg);
  return 0;
}

/* So is what uvpool_go and a func pool run. */
static void go_and_func_are_of_class_0(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(3, UVPOOL_UNLIMITED);
  options.classes[0].cap = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  uvpool_func_t* func = NULL;
  assert_status(uvpool_func_create(*state, func_enter_gate, &options, &func),
                0);
  for (int i = 0; i < 3; i++) {
    assert_status(uvpool_go(pool, enter_gate, &gate), 0);
    assert_status(uvpool_func_invoke(func, &gate), 0);
  }
  gate_await(&gate, 2);
  uvpool_t* pools[] = {pool, uvpool_func_pool(func)};
  for (int i = 0; i < 2; i++) {
    uvpool_stats_t s = pool_stats(pools[i]);
    assert_int_equal(s.classes[0].busy, 1);
    assert_int_equal(s.classes[0].waiting, 2);
  }
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(gate_arrived(&gate), 6);
  assert_status(uvpool_func_close(func, NULL), 0);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(drain_runs_them),
      loop_test(release_cancels_them),
      loop_test(close_cancels_them),
      loop_test(reboot_counts_anew),
      loop_test(cancel_takes_them_out),
      loop_test(a_panic_gives_its_place_back),
      loop_test(a_tune_and_a_cap),
      loop_test(held_submits_and_caps),
      loop_test(attached_handles_share_the_cap),
      loop_test(multi_pools_are_of_class_0),
      loop_test(go_and_func_are_of_class_0),
  };
  return kit_run(argc, argv, tests);
}
