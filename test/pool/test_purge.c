/* Idle workers expire: never before expiry_ms, never below min_workers, and
 * with no timer running while there is nobody to expire. */
#include "kit.h"

#include <string.h>

enum { EXPIRY_MS = 20 };
#define EXPIRY_NS (EXPIRY_MS * UINT64_C(1000000))

enum { MAX_STOPS = 32 };

/* Which threads stopped, and when: the worker-stop hook writes. */
typedef struct stops_s {
  atomic_int taken;   /* slots handed out */
  atomic_int written; /* slots filled */
  uv_thread_t threads[MAX_STOPS];
  uint64_t times[MAX_STOPS];
} stops_t;

static void on_stop(void* data, void* worker_data) {
  stops_t* stops = data;
  (void) worker_data;
  int slot = atomic_fetch_add(&stops->taken, 1);
  stops->threads[slot % MAX_STOPS] = uv_thread_self();
  stops->times[slot % MAX_STOPS] = uv_hrtime();
  atomic_fetch_add(&stops->written, 1);
}

typedef struct awaited_stops_s {
  stops_t* stops;
  int count;
} awaited_stops_t;

static int have_stopped(void* arg) {
  awaited_stops_t* awaited = arg;
  return atomic_load(&awaited->stops->written) >= awaited->count;
}

static void await_stops(uv_loop_t* loop, stops_t* stops, int count) {
  awaited_stops_t awaited = {stops, count};
  loop_run_until(loop, have_stopped, &awaited, "workers to stop");
}

static uvpool_options_t purged_options(int64_t capacity, stops_t* stops) {
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.expiry_ms = EXPIRY_MS;
  if (stops != NULL) {
    memset(stops, 0, sizeof(*stops));
    options.on_worker_stop = on_stop;
    options.data = stops;
  }
  return options;
}

/* Makes the pool have `n` workers at once; returns when the last was freed. */
static uint64_t use_workers(uv_loop_t* loop, uvpool_t* pool, int n) {
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(n, &gate);
  pool_occupy(pool, jobs, n);
  uint64_t freed = uv_hrtime();
  gate_open(&gate);
  loop_run(loop);
  jobs_free(jobs);
  gate_destroy(&gate);
  return freed;
}

static int no_timer_runs(void* loop) {
  return loop_active_timers(loop) == 0;
}

static int a_timer_runs(void* loop) {
  return loop_active_timers(loop) > 0;
}

static void await_no_timer(uv_loop_t* loop) {
  loop_run_until(loop, no_timer_runs, loop, "the timers to stop");
}

/* All idle workers leave, and are counted as expired. */
static void idle_workers_leave(void** state) {
  uvpool_options_t options = purged_options(5, NULL);
  uvpool_t* pool = pool_open_with(*state, &options);
  for (uint64_t round = 1; round <= 3; round++) {
    use_workers(*state, pool, 5);
    pool_await_workers(*state, pool, 0);
    assert_int_equal(pool_stats(pool).workers_expired, 5 * round);
  }
  pool_close(*state, pool);
}

/* None before it has been idle for expiry_ms. */
static void never_before_the_expiry(void** state) {
  enum { WORKERS = 4, ROUNDS = 5 };
  stops_t stops;
  uvpool_options_t options = purged_options(WORKERS, &stops);
  uvpool_t* pool = pool_open_with(*state, &options);
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t freed = use_workers(*state, pool, WORKERS);
    await_stops(*state, &stops, (round + 1) * WORKERS);
    pool_await_workers(*state, pool, 0);
    for (int i = 0; i < WORKERS; i++) {
      assert_true(stops.times[round * WORKERS + i] - freed >= EXPIRY_NS);
    }
  }
  pool_close(*state, pool);
}

typedef struct last_use_s {
  uv_thread_t thread;
  uint64_t time;
} last_use_t;

static void note_use(job_t* job) {
  last_use_t* use = job->arg;
  use->thread = uv_thread_self();
  use->time = uv_hrtime();
}

/* Not early either when the loop was blocked and its idea of the time is old:
 * what counts is when the worker was last used. */
static void never_early_after_a_blocked_loop(void** state) {
  stops_t stops;
  last_use_t use;
  uvpool_options_t options = purged_options(2, &stops);
  uvpool_t* pool = pool_open_with(*state, &options);
  use_workers(*state, pool, 2);
  uint64_t blocked_until = uv_hrtime() + 3 * EXPIRY_NS;
  while (uv_hrtime() < blocked_until) {
    continue;
  }
  job_t job;
  job_init(&job, 0);
  job.in_work = note_use;
  job.arg = &use;
  jobs_submit(pool, &job, 1);
  pool_wait_completed(pool, 3);
  loop_run(*state);
  pool_await_workers(*state, pool, 0);
  await_stops(*state, &stops, 2);
  int found = 0;
  for (int i = 0; i < 2; i++) {
    if (uv_thread_equal(&stops.threads[i], &use.thread)) {
      assert_true(stops.times[i] - use.time >= EXPIRY_NS);
      found++;
    }
  }
  assert_int_equal(found, 1);
  pool_close(*state, pool);
}

static void burn_time(uv_timer_t* timer) {
  uint64_t until = uv_hrtime() + EXPIRY_NS / 3;
  (void) timer;
  while (uv_hrtime() < until) {
    continue;
  }
}

/* Nor when the loop is busy all the time, and each of its timers is set by a
 * time that is old already. */
static void never_early_on_a_busy_loop(void** state) {
  enum { ROUNDS = 15 };
  stops_t stops;
  uv_timer_t busy;
  uvpool_options_t options = purged_options(1, &stops);
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_int_equal(uv_timer_init(*state, &busy), 0);
  assert_int_equal(uv_timer_start(&busy, burn_time, 1, EXPIRY_MS / 2), 0);
  uv_unref((uv_handle_t*) &busy);
  for (int round = 0; round < ROUNDS; round++) {
    last_use_t use;
    job_t job;
    job_init(&job, 0);
    job.in_work = note_use;
    job.arg = &use;
    jobs_submit(pool, &job, 1);
    loop_run(*state);
    await_stops(*state, &stops, round + 1);
    pool_await_workers(*state, pool, 0);
    assert_true(stops.times[round] - use.time >= EXPIRY_NS);
  }
  loop_close_handle(*state, (uv_handle_t*) &busy);
  pool_close(*state, pool);
}

/* min_workers stay, and no timer runs for them. */
static void min_workers_stay(void** state) {
  uvpool_options_t options = purged_options(5, NULL);
  options.min_workers = 2;
  uvpool_t* pool = pool_open_with(*state, &options);
  use_workers(*state, pool, 5);
  pool_await_workers(*state, pool, 2);
  pool_await_idle(*state, pool, 2);
  loop_run_for(*state, 3 * EXPIRY_MS);
  assert_int_equal(uvpool_workers(pool), 2);
  assert_int_equal(pool_stats(pool).workers_expired, 3);
  await_no_timer(*state);
  use_workers(*state, pool, 1);
  assert_int_equal(pool_stats(pool).workers_started, 5);
  pool_close(*state, pool);
}

/* UVPOOL_NO_PURGE keeps them all, and runs no timer. */
static void no_purge_keeps_them(void** state) {
  uvpool_options_t options = purged_options(3, NULL);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  use_workers(*state, pool, 3);
  pool_await_idle(*state, pool, 3);
  assert_int_equal(loop_active_timers(*state), 0);
  loop_run_for(*state, 3 * EXPIRY_MS);
  assert_int_equal(uvpool_workers(pool), 3);
  assert_int_equal(pool_stats(pool).workers_expired, 0);
  assert_int_equal(loop_active_timers(*state), 0);
  pool_close(*state, pool);
}

/* A busy worker does not expire, however long its work takes. */
static void busy_workers_stay(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = purged_options(3, NULL);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t job;
  use_workers(*state, pool, 3);
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  pool_await_workers(*state, pool, 1);
  loop_run_for(*state, 3 * EXPIRY_MS);
  assert_int_equal(uvpool_busy(pool), 1);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&job);
  pool_await_workers(*state, pool, 0);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* Timers run only while somebody idle may expire, and never hold the loop. */
static void timers_run_only_when_needed(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = purged_options(2, NULL);
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_int_equal(loop_active_timers(*state), 0);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  await_no_timer(*state);
  gate_open(&gate);
  loop_run(*state);
  loop_run_until(*state, a_timer_runs, *state, "a timer to start");
  assert_int_equal(uv_loop_alive(*state), 0);
  pool_await_workers(*state, pool, 0);
  await_no_timer(*state);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* A release stops them: nobody is left to expire. */
static void release_stops_the_timers(void** state) {
  uvpool_options_t options = purged_options(2, NULL);
  options.expiry_ms = 1000;
  uvpool_t* pool = pool_open_with(*state, &options);
  use_workers(*state, pool, 2);
  loop_run_until(*state, a_timer_runs, *state, "a timer to start");
  assert_status(uvpool_release(pool), 0);
  pool_await_workers(*state, pool, 0);
  await_no_timer(*state);
  pool_close(*state, pool);
}

/* When the last has expired, the loop would sleep for ever: zero wake-ups. */
static void an_empty_pool_does_not_wake_the_loop(void** state) {
  uvpool_options_t options = purged_options(3, NULL);
  uvpool_t* pool = pool_open_with(*state, &options);
  use_workers(*state, pool, 3);
  pool_await_workers(*state, pool, 0);
  await_no_timer(*state);
  assert_status(uvpool_ref(pool), 0);
  assert_int_equal(uv_backend_timeout(*state), -1);
  assert_int_equal(loop_active_timers(*state), 0);
  assert_status(uvpool_unref(pool), 0);
  pool_close(*state, pool);
}

static int has_expired_18(void* pool) {
  return pool_stats(pool).workers_expired >= 18;
}

/* A trickle of short tasks keeps one or two of many warm workers: the surplus
 * expires although there is always something to do. */
static void surplus_expires_under_a_trickle(void** state) {
  uvpool_options_t options = purged_options(20, NULL);
  uvpool_t* pool = pool_open_with(*state, &options);
  use_workers(*state, pool, 20);
  for (int i = 0; i < 5000 && !has_expired_18(pool); i++) {
    job_t job;
    job_init(&job, i);
    jobs_submit(pool, &job, 1);
    loop_run(*state);
    loop_run_for(*state, 2);
  }
  assert_true(has_expired_18(pool));
  pool_close(*state, pool);
}

/* A task that meets the expiry of the last idle worker is never lost. */
static void submit_races_with_expiry(void** state) {
  enum { ROUNDS = 300 };
  uvpool_options_t options = purged_options(2, NULL);
  options.expiry_ms = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  for (int i = 0; i < ROUNDS; i++) {
    job_t job;
    job_init(&job, i);
    jobs_submit(pool, &job, 1);
    loop_run(*state);
    job_assert_ran(&job);
    loop_run_for(*state, (uint64_t) (i % 4));
  }
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(idle_workers_leave),
      loop_test(never_before_the_expiry),
      loop_test(never_early_after_a_blocked_loop),
      loop_test(never_early_on_a_busy_loop),
      loop_test(min_workers_stay),
      loop_test(no_purge_keeps_them),
      loop_test(busy_workers_stay),
      loop_test(timers_run_only_when_needed),
      loop_test(release_stops_the_timers),
      loop_test(an_empty_pool_does_not_wake_the_loop),
      loop_test(surplus_expires_under_a_trickle),
      loop_test(submit_races_with_expiry),
  };
  return kit_run(argc, argv, tests);
}
