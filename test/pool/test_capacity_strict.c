/* Capacity is strict: never more works at once than the capacity, and never
 * fewer than there are works and workers. */
#include "kit.h"

enum { FLOOD = 4000 };

static void dawdle(job_t* job) {
  (void) job;
  for (volatile int i = 0; i < 200; i++) {
    continue;
  }
}

static void check_most(uv_loop_t* loop, int capacity) {
  gauge_t gauge;
  gauge_init(&gauge);
  uvpool_t* pool = pool_open(loop, capacity, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(FLOOD, NULL);
  for (int i = 0; i < FLOOD; i++) {
    jobs[i].gauge = &gauge;
    jobs[i].in_work = dawdle;
  }
  jobs_submit(pool, jobs, FLOOD);
  loop_run(loop);
  jobs_assert_ran(jobs, FLOOD);
  assert_true(gauge_most(&gauge) <= capacity);
  uvpool_stats_t stats = pool_stats(pool);
  assert_true(stats.busy_max <= (uint64_t) capacity);
  assert_true(stats.workers_max <= (uint64_t) capacity);
  pool_close(loop, pool);
  jobs_free(jobs);
}

/* A flood never runs wider than the capacity. */
static void never_more(void** state) {
  static const int capacities[] = {1, 2, 3, 8};
  for (size_t i = 0; i < KIT_COUNT(capacities); i++) {
    check_most(*state, capacities[i]);
  }
}

/* N blocking tasks on a pool of N start N threads and run at the same time. */
static void blocking_tasks_all_run_on_new_threads(void** state) {
  for (int n = 1; n <= 16; n++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = pool_open(*state, n, 0);
    job_t* jobs = jobs_new(n, &gate);
    pool_occupy(pool, jobs, n);
    assert_int_equal(uvpool_busy(pool), n);
    assert_int_equal(uvpool_workers(pool), n);
    gate_open(&gate);
    loop_run(*state);
    jobs_assert_ran(jobs, n);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

static uvpool_t* open_without_purge(uv_loop_t* loop, int capacity) {
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  return pool_open_with(loop, &options);
}

/* N blocking tasks on N idle workers: each wakes one, whatever the limit on
 * wakes under way, without a later submit to repair it. */
static void blocking_tasks_wake_all_idle_workers(void** state) {
  for (int n = 1; n <= 16; n++) {
    uvpool_t* pool = open_without_purge(*state, n);
    pool_warm(*state, pool, n);
    for (int round = 0; round < 20; round++) {
      gate_t gate;
      gate_init(&gate);
      job_t* jobs = jobs_new(n, &gate);
      pool_occupy(pool, jobs, n);
      gate_open(&gate);
      loop_run(*state);
      jobs_assert_ran(jobs, n);
      pool_await_idle(*state, pool, n);
      jobs_free(jobs);
      gate_destroy(&gate);
    }
    assert_int_equal(pool_stats(pool).workers_started, n);
    pool_close(*state, pool);
  }
}

/* Some workers busy, the others idle: new blocking tasks take all the
 * others. */
static void blocking_tasks_fill_up_a_half_busy_pool(void** state) {
  enum { N = 8 };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_without_purge(*state, N);
  pool_warm(*state, pool, N);
  job_t* jobs = jobs_new(N, &gate);
  for (int i = 0; i < N; i++) {
    pool_occupy(pool, &jobs[i], 1);
  }
  assert_int_equal(uvpool_busy(pool), N);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, N);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A queue behind blocking tasks: each that ends lets exactly one more start. */
static void each_end_starts_one(void** state) {
  enum { CAPACITY = 3, COUNT = 12 };
  gate_t gate;
  gate_init(&gate);
  gauge_t gauge;
  gauge_init(&gauge);
  uvpool_t* pool = pool_open(*state, CAPACITY, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, &gate);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].gauge = &gauge;
  }
  jobs_submit(pool, jobs, COUNT);
  for (unsigned arrived = CAPACITY; arrived < COUNT; arrived++) {
    gate_await(&gate, arrived);
    assert_int_equal(uvpool_waiting(pool), COUNT - arrived);
    assert_int_equal(gate_arrived(&gate), arrived);
    gate_admit(&gate, 1);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  assert_int_equal(gauge_most(&gauge), CAPACITY);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* An unlimited pool runs as many as there are. */
static void unlimited_runs_all(void** state) {
  enum { N = 40 };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, UVPOOL_UNLIMITED, 0);
  job_t* jobs = jobs_new(N, &gate);
  pool_occupy(pool, jobs, N);
  assert_int_equal(uvpool_busy(pool), N);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, N);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(never_more),
      loop_test(blocking_tasks_all_run_on_new_threads),
      loop_test(blocking_tasks_wake_all_idle_workers),
      loop_test(blocking_tasks_fill_up_a_half_busy_pool),
      loop_test(each_end_starts_one),
      loop_test(unlimited_runs_all),
  };
  return kit_run(argc, argv, tests);
}
