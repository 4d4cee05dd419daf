/* Submits from other threads: done comes on the handle's loop, and the loop is
 * woken for it though it sleeps. */
#include "kit.h"

enum { COUNT = 200 };

typedef struct foreign_s {
  uvpool_t* pool;
  job_t* jobs;
  gate_t* gate; /* passed before each submit; NULL: not */
  int failures;
} foreign_t;

static void submit_all(void* arg) {
  foreign_t* f = arg;
  for (int i = 0; i < COUNT; i++) {
    if (f->gate != NULL) {
      gate_pass(f->gate);
    }
    f->failures += job_submit(f->pool, &f->jobs[i]) != 0;
  }
}

static int stopped_at; /* the number of dones after which to stop the loop */
static int dones;

static void stop_at_last(job_t* job) {
  if (++dones == stopped_at) {
    uv_stop(uvpool_get_loop(uvpool_task_handle(&job->task)));
  }
}

/* The loop is held by uvpool_ref and nothing else wakes it: the dones must. */
static void done_wakes_the_loop(void** state) {
  foreign_t f = {.pool = pool_open(*state, 2, UVPOOL_UNLIMITED),
                 .jobs = jobs_new(COUNT, NULL)};
  dones = 0;
  stopped_at = COUNT;
  for (int i = 0; i < COUNT; i++) {
    f.jobs[i].in_done = stop_at_last;
  }
  helper_t helper;
  assert_status(uvpool_ref(f.pool), 0);
  helper_start(&helper, submit_all, &f);
  (void) loop_run_mode(*state, UV_RUN_DEFAULT);
  jobs_assert_ran(f.jobs, COUNT);
  helper_join(*state, &helper);
  assert_int_equal(f.failures, 0);
  assert_status(uvpool_unref(f.pool), 0);
  pool_close(*state, f.pool);
  jobs_free(f.jobs);
}

/* One at a time: each submit finds the loop and the pool asleep, so that each
 * wake-up has to come through. */
static void every_single_done_wakes_the_loop(void** state) {
  gate_t gate;
  gate_init(&gate);
  foreign_t f = {.pool = pool_open(*state, 2, UVPOOL_UNLIMITED),
                 .jobs = jobs_new(COUNT, NULL),
                 .gate = &gate};
  helper_t helper;
  assert_status(uvpool_ref(f.pool), 0);
  helper_start(&helper, submit_all, &f);
  dones = 0;
  for (int i = 0; i < COUNT; i++) {
    stopped_at = i + 1;
    f.jobs[i].in_done = stop_at_last;
    gate_admit(&gate, 1);
    (void) loop_run_mode(*state, UV_RUN_DEFAULT);
    assert_int_equal(dones, i + 1);
  }
  helper_join(*state, &helper);
  assert_int_equal(f.failures, 0);
  jobs_assert_ran(f.jobs, COUNT);
  assert_status(uvpool_unref(f.pool), 0);
  pool_close(*state, f.pool);
  jobs_free(f.jobs);
  gate_destroy(&gate);
}

/* Tasks of another thread that wait at close are cancelled like the loop's. */
static void close_cancels_them_too(void** state) {
  gate_t gate;
  gate_init(&gate);
  foreign_t f = {.pool = pool_open(*state, 1, UVPOOL_UNLIMITED),
                 .jobs = jobs_new(COUNT, NULL)};
  job_t held;
  job_init(&held, -1);
  held.gate = &gate;
  pool_occupy(f.pool, &held, 1);
  helper_t helper;
  helper_start(&helper, submit_all, &f);
  helper_join(*state, &helper);
  assert_int_equal(f.failures, 0);
  assert_status(uvpool_close(f.pool, NULL), 0);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&held);
  jobs_assert_dropped(f.jobs, COUNT, UV_ECANCELED);
  jobs_free(f.jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(done_wakes_the_loop),
      loop_test(every_single_done_wakes_the_loop),
      loop_test(close_cancels_them_too),
  };
  return kit_run(argc, argv, tests);
}
