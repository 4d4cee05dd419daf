/* After a panic the pool goes on: what waits is run by another worker, which is
 * started without anybody's help. */
#include "kit.h"

#include <pthread.h>

static atomic_int panics;

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason) {
  (void) pool;
  (void) task;
  (void) reason;
  atomic_fetch_add(&panics, 1);
}

static uvpool_t* open_ignoring(uv_loop_t* loop,
                               int64_t capacity,
                               int64_t max_waiting) {
  uvpool_options_t options = pool_options(capacity, max_waiting);
  options.on_panic = on_panic;
  options.flags = UVPOOL_NO_PURGE;
  atomic_store(&panics, 0);
  return pool_open_with(loop, &options);
}

static void exit_thread(job_t* job) {
  (void) job;
  pthread_exit(NULL);
}

/* The only worker panics with a queue behind it: the queue is run, by
 * itself. */
static void the_queue_goes_on(void** state) {
  enum { COUNT = 10 };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_ignoring(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, &gate);
  jobs[0].in_work = job_panic;
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], COUNT - 1);
  gate_open(&gate);
  loop_run(*state);
  job_assert_panicked(&jobs[0]);
  jobs_assert_ran(&jobs[1], COUNT - 1);
  assert_int_equal(pool_stats(pool).workers_started, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Every worker panics at once with a queue behind them. */
static void all_workers_at_once(void** state) {
  enum { WORKERS = 4, COUNT = 20 };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_ignoring(*state, WORKERS, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, &gate);
  for (int i = 0; i < WORKERS; i++) {
    jobs[i].in_work = job_panic;
  }
  pool_occupy(pool, jobs, WORKERS);
  jobs_submit(pool, &jobs[WORKERS], COUNT - WORKERS);
  gate_open(&gate);
  loop_run(*state);
  for (int i = 0; i < WORKERS; i++) {
    job_assert_panicked(&jobs[i]);
  }
  jobs_assert_ran(&jobs[WORKERS], COUNT - WORKERS);
  assert_int_equal(atomic_load(&panics), WORKERS);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A caller blocked for room is served though every worker panics. */
static void a_blocked_caller_goes_on(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_ignoring(*state, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  jobs[0].in_work = job_panic;
  pool_occupy(pool, jobs, 1);
  caller_t caller;
  caller_start_blocked(*state, &caller, pool, &jobs[1], 1);
  gate_open(&gate);
  assert_status(caller_join(*state, &caller), 0);
  loop_run_until(*state, job_is_done, &jobs[1], "the caller's task");
  job_assert_panicked(&jobs[0]);
  job_assert_ran(&jobs[1]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A flood in which every third panics. */
static void many(void** state) {
  enum { COUNT = 900 };
  uvpool_t* pool = open_ignoring(*state, 4, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i += 3) {
    jobs[i].in_work = i % 2 ? job_panic : exit_thread;
  }
  jobs_submit(pool, jobs, COUNT);
  loop_run(*state);
  for (int i = 0; i < COUNT; i++) {
    if (i % 3 == 0) {
      job_assert_panicked(&jobs[i]);
    } else {
      job_assert_ran(&jobs[i]);
    }
  }
  assert_int_equal(atomic_load(&panics), COUNT / 3);
  assert_int_equal(pool_stats(pool).panicked, COUNT / 3);
  assert_true(uvpool_workers(pool) <= 4);
  pool_close(*state, pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_queue_goes_on),
      loop_test(all_workers_at_once),
      loop_test(a_blocked_caller_goes_on),
      loop_test(many),
  };
  return kit_run(argc, argv, tests);
}
