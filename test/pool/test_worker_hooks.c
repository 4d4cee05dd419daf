/* on_worker_start and on_worker_stop: on each worker's own thread, before its
 * first task and after its last, with data that the work can get at. */
#include "kit.h"

#include <string.h>

enum { MAX_WORKERS = 64 };

/* One record per thread that started, written by that thread. */
typedef struct station_s {
  uv_thread_t thread;
  void* options_data;
  atomic_int worked;
  atomic_int stopped;
  int moved; /* stop ran on another thread, or with other data */
} station_t;

typedef struct hooks_s {
  atomic_int started; /* also those that failed */
  atomic_int fail;    /* so many of the next starts fail */
  station_t stations[MAX_WORKERS];
  atomic_int lost; /* works that found no data, or another thread's */
} hooks_t;

static int on_start(void* data, void** worker_data) {
  hooks_t* hooks = data;
  int number = atomic_fetch_add(&hooks->started, 1);
  if (atomic_load(&hooks->fail) > 0) {
    atomic_fetch_sub(&hooks->fail, 1);
    return UV_EIO;
  }
  station_t* station = &hooks->stations[number % MAX_WORKERS];
  station->thread = uv_thread_self();
  station->options_data = data;
  *worker_data = station;
  return 0;
}

static void on_stop(void* data, void* worker_data) {
  station_t* station = worker_data;
  uv_thread_t self = uv_thread_self();
  if (!uv_thread_equal(&self, &station->thread) ||
      station->options_data != data || uvpool_worker_data() != station) {
    station->moved = 1;
  }
  atomic_fetch_add(&station->stopped, 1);
}

static void use_station(job_t* job) {
  hooks_t* hooks = job->arg;
  station_t* station = uvpool_worker_data();
  uv_thread_t self = uv_thread_self();
  if (station == NULL || !uv_thread_equal(&self, &station->thread)) {
    atomic_fetch_add(&hooks->lost, 1);
  } else {
    atomic_fetch_add(&station->worked, 1);
  }
}

static uvpool_options_t hooked_options(hooks_t* hooks, int64_t capacity) {
  memset(hooks, 0, sizeof(*hooks));
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.on_worker_start = on_start;
  options.on_worker_stop = on_stop;
  options.data = hooks;
  return options;
}

static void run_jobs(uv_loop_t* loop, uvpool_t* pool, hooks_t* hooks, int n) {
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(n, &gate);
  for (int i = 0; i < n; i++) {
    jobs[i].in_work = use_station;
    jobs[i].arg = hooks;
  }
  jobs_submit(pool, jobs, n);
  gate_open(&gate);
  loop_run(loop);
  jobs_assert_ran(jobs, n);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* How often the start hook succeeded; asserts that each such worker stopped
 * once, on its thread. */
static int assert_all_stopped(hooks_t* hooks) {
  int count = 0;
  for (int i = 0; i < MAX_WORKERS; i++) {
    station_t* station = &hooks->stations[i];
    if (station->options_data == NULL) {
      continue;
    }
    count++;
    assert_ptr_equal(station->options_data, hooks);
    assert_int_equal(atomic_load(&station->stopped), 1);
    assert_int_equal(station->moved, 0);
  }
  assert_int_equal(atomic_load(&hooks->lost), 0);
  return count;
}

/* Each worker gets its own data, sees it in every work, and gives it back. */
static void each_worker_has_its_data(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 4);
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_int_equal(atomic_load(&hooks.started), 0);
  run_jobs(*state, pool, &hooks, 4);
  run_jobs(*state, pool, &hooks, 100);
  pool_close(*state, pool);
  int worked = 0;
  for (int i = 0; i < MAX_WORKERS; i++) {
    worked += atomic_load(&hooks.stations[i].worked);
  }
  assert_int_equal(worked, 104);
  assert_int_equal(assert_all_stopped(&hooks), atomic_load(&hooks.started));
}

/* The workers that create starts run the hook too, and it is not waited for. */
static void warm_workers_have_their_data(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 4);
  options.min_workers = 3;
  uvpool_t* pool = pool_open_with(*state, &options);
  pool_await_idle(*state, pool, 3);
  assert_int_equal(atomic_load(&hooks.started), 3);
  pool_close(*state, pool);
  assert_int_equal(assert_all_stopped(&hooks), 3);
}

/* options.data is what the hooks get, whatever uvpool_set_data does later. */
static void set_data_does_not_reach_them(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 1);
  uvpool_t* pool = pool_open_with(*state, &options);
  uvpool_set_data(pool, NULL);
  run_jobs(*state, pool, &hooks, 2);
  pool_close(*state, pool);
  assert_int_equal(assert_all_stopped(&hooks), 1);
}

static void panic(job_t* job) {
  use_station(job);
  uvpool_panic("on purpose");
}

/* After a panic stop runs too, and the next worker starts with its own data. */
static void stop_runs_after_a_panic(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 1);
  options.on_panic = pool_ignore_panic;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t job;
  job_init(&job, 0);
  job.in_work = panic;
  job.arg = &hooks;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_status(job.status, UVPOOL_EPANIC);
  run_jobs(*state, pool, &hooks, 1);
  pool_close(*state, pool);
  assert_int_equal(assert_all_stopped(&hooks), 2);
}

static int start_that_panics(void* data, void** worker_data) {
  uvpool_panic("not in a work");
  return on_start(data, worker_data);
}

/* uvpool_panic does nothing in the hooks: they are no work. */
static void panic_does_nothing_in_start(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 1);
  options.on_worker_start = start_that_panics;
  uvpool_t* pool = pool_open_with(*state, &options);
  run_jobs(*state, pool, &hooks, 1);
  assert_int_equal(pool_stats(pool).panicked, 0);
  pool_close(*state, pool);
  assert_int_equal(assert_all_stopped(&hooks), 1);
}

/* A start that fails counts as a thread that could not be started; the task is
 * not lost but run by a later attempt, and stop is not called for it. */
static void a_failed_start_is_retried(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 1);
  uvpool_t* pool = pool_open_with(*state, &options);
  atomic_store(&hooks.fail, 3);
  run_jobs(*state, pool, &hooks, 2);
  assert_int_equal(atomic_load(&hooks.started), 4);
  assert_int_equal(pool_stats(pool).spawn_failures, 3);
  pool_close(*state, pool);
  assert_int_equal(assert_all_stopped(&hooks), 1);
}

/* As long as every start fails, the task waits, and a release ends it. */
static void a_failing_start_does_not_hold_up_release(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 2);
  uvpool_t* pool = pool_open_with(*state, &options);
  atomic_store(&hooks.fail, 1000000);
  job_t* jobs = jobs_new(3, NULL);
  jobs_submit(pool, jobs, 1);
  loop_run_for(*state, 20);
  assert_int_equal(jobs[0].done, 0);
  int rc = job_submit(pool, &jobs[1]);
  assert_true(rc == 0 || rc == UV_EAGAIN);
  assert_status(uvpool_release(pool), 0);
  loop_run(*state);
  job_assert_dropped(&jobs[0], UV_ECANCELED);
  if (rc == 0) {
    job_assert_dropped(&jobs[1], UV_ECANCELED);
  } else {
    job_assert_untouched(&jobs[1]);
  }
  pool_close(*state, pool);
  assert_int_equal(assert_all_stopped(&hooks), 0);
  jobs_free(jobs);
}

/* With another worker alive, a failed start is no matter: that one does it. */
static void a_failed_start_beside_a_live_worker(void** state) {
  hooks_t hooks;
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = hooked_options(&hooks, 2);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  atomic_store(&hooks.fail, 1000000);
  jobs_submit(pool, &jobs[1], 2);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  pool_close(*state, pool);
  assert_int_equal(assert_all_stopped(&hooks), 1);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static int three_have_failed(void* pool) {
  return pool_stats(pool).spawn_failures == 3;
}

/* A hook that refuses a worker that create starts is as one that refuses later:
 * counted, and made up for when there is work. */
static void a_failed_warm_worker_is_replaced(void** state) {
  hooks_t hooks;
  uvpool_options_t options = hooked_options(&hooks, 4);
  options.min_workers = 3;
  atomic_store(&hooks.fail, 3);
  uvpool_t* pool = pool_open_with(*state, &options);
  loop_run_until(*state, three_have_failed, pool, "three failed starts");
  run_jobs(*state, pool, &hooks, 2);
  pool_close(*state, pool);
  assert_true(assert_all_stopped(&hooks) >= 1);
}

/* On any thread that is no worker there is no data. */
static void no_data_elsewhere(void** state) {
  (void) state;
  assert_null(uvpool_worker_data());
}

static void on_lonely_stop(void* data, void* worker_data) {
  atomic_fetch_add((atomic_int*) data, worker_data == NULL ? 1 : 100);
}

/* Without a start hook the data is NULL, in work and in stop. */
static void stop_without_start(void** state) {
  atomic_int stopped;
  hooks_t hooks;
  atomic_init(&stopped, 0);
  uvpool_options_t options = hooked_options(&hooks, 1);
  options.on_worker_start = NULL;
  options.on_worker_stop = on_lonely_stop;
  options.data = &stopped;
  uvpool_t* pool = pool_open_with(*state, &options);
  run_jobs(*state, pool, &hooks, 1);
  assert_int_equal(atomic_load(&hooks.lost), 1);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&stopped), 1);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(each_worker_has_its_data),
      loop_test(warm_workers_have_their_data),
      loop_test(set_data_does_not_reach_them),
      loop_test(stop_runs_after_a_panic),
      loop_test(panic_does_nothing_in_start),
      loop_test(a_failed_start_is_retried),
      loop_test(a_failing_start_does_not_hold_up_release),
      loop_test(a_failed_start_beside_a_live_worker),
      loop_test(a_failed_warm_worker_is_replaced),
      cmocka_unit_test(no_data_elsewhere),
      loop_test(stop_without_start),
  };
  return kit_run(argc, argv, tests);
}
