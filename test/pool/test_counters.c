/* The figures: capacity, workers, busy, idle, waiting, available. */
#include "kit.h"

typedef struct figures_s {
  int64_t capacity;
  int64_t workers;
  int64_t busy;
  int64_t idle;
  int64_t waiting;
  int64_t available;
} figures_t;

static void assert_figures(uvpool_t* pool, figures_t expected) {
  assert_int_equal(uvpool_capacity(pool), expected.capacity);
  assert_int_equal(uvpool_workers(pool), expected.workers);
  assert_int_equal(uvpool_busy(pool), expected.busy);
  assert_int_equal(uvpool_idle(pool), expected.idle);
  assert_int_equal(uvpool_waiting(pool), expected.waiting);
  assert_int_equal(uvpool_available(pool), expected.available);
}

/* The figures through a whole life. */
static void follow_what_happens(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(3, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(8, &gate);
  assert_figures(pool, (figures_t) {3, 0, 0, 0, 0, 3});
  pool_occupy(pool, jobs, 2);
  assert_figures(pool, (figures_t) {3, 2, 2, 0, 0, 1});
  pool_occupy(pool, &jobs[2], 1);
  jobs_submit(pool, &jobs[3], 5);
  assert_figures(pool, (figures_t) {3, 3, 3, 0, 5, 0});
  gate_admit(&gate, 4);
  gate_await(&gate, 7);
  assert_figures(pool, (figures_t) {3, 3, 3, 0, 1, 0});
  gate_open(&gate);
  loop_run(*state);
  pool_await_idle(*state, pool, 3);
  assert_figures(pool, (figures_t) {3, 3, 0, 3, 0, 3});
  assert_status(uvpool_release(pool), 0);
  pool_await_workers(*state, pool, 0);
  assert_figures(pool, (figures_t) {3, 0, 0, 0, 0, 3});
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* An unlimited pool has capacity -1 and -1 available, whatever it does. */
static void unlimited_is_minus_1(void** state) {
  static const int64_t unlimited[] = {0, -1, -5, INT64_MIN};
  for (size_t i = 0; i < KIT_COUNT(unlimited); i++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = pool_open(*state, unlimited[i], 0);
    job_t* jobs = jobs_new(2, &gate);
    assert_figures(pool, (figures_t) {-1, 0, 0, 0, 0, -1});
    pool_occupy(pool, jobs, 2);
    assert_figures(pool, (figures_t) {-1, 2, 2, 0, 0, -1});
    assert_int_equal(pool_stats(pool).capacity, -1);
    gate_open(&gate);
    loop_run(*state);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* More busy workers than a lowered capacity: available is 0, never negative. */
static void available_is_never_negative(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 6, 0);
  job_t* jobs = jobs_new(6, &gate);
  pool_occupy(pool, jobs, 6);
  assert_status(uvpool_tune(pool, 2), 0);
  assert_figures(pool, (figures_t) {2, 6, 6, 0, 0, 0});
  gate_open(&gate);
  loop_run(*state);
  pool_await_idle(*state, pool, 2);
  assert_figures(pool, (figures_t) {2, 2, 0, 2, 0, 2});
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* min_workers are there when create returns. */
static void min_workers_are_there_at_once(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.min_workers = 3;
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_int_equal(uvpool_workers(pool), 3);
  assert_int_equal(uvpool_busy(pool), 0);
  pool_await_idle(*state, pool, 3);
  assert_figures(pool, (figures_t) {4, 3, 0, 3, 0, 4});
  pool_close(*state, pool);
}

typedef struct reader_s {
  uvpool_t* pool;
  atomic_int stop;
  atomic_int rounds;
  int bad; /* figures out of their range */
} reader_t;

static void read_figures(void* arg) {
  reader_t* r = arg;
  while (!atomic_load(&r->stop)) {
    int64_t workers = uvpool_workers(r->pool);
    int64_t busy = uvpool_busy(r->pool);
    int64_t idle = uvpool_idle(r->pool);
    int64_t waiting = uvpool_waiting(r->pool);
    int64_t available = uvpool_available(r->pool);
    r->bad += workers < 0 || workers > 4 || busy < 0 || busy > 4;
    r->bad += idle < 0 || idle > 4 || waiting < 0 || waiting > 100;
    r->bad += available < 0 || available > 4;
    r->bad += uvpool_capacity(r->pool) != 4;
    atomic_fetch_add(&r->rounds, 1);
  }
}

static int is_reading(void* r) {
  return atomic_load(&((reader_t*) r)->rounds) > 0;
}

/* Read from another thread under load, they stay within their ranges. */
static void readable_from_any_thread(void** state) {
  enum { COUNT = 5000, WINDOW = 100 };
  reader_t reader = {.pool = pool_open(*state, 4, UVPOOL_UNLIMITED)};
  helper_t helper;
  helper_start(&helper, read_figures, &reader);
  kit_wait_until(is_reading, &reader, "the reader to begin");
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i += WINDOW) {
    jobs_submit(reader.pool, &jobs[i], WINDOW);
    loop_run(*state);
  }
  atomic_store(&reader.stop, 1);
  helper_join(*state, &helper);
  assert_int_equal(reader.bad, 0);
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, reader.pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(follow_what_happens),
      loop_test(unlimited_is_minus_1),
      loop_test(available_is_never_negative),
      loop_test(min_workers_are_there_at_once),
      loop_test(readable_from_any_thread),
  };
  return kit_run(argc, argv, tests);
}
