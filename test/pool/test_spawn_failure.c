/* Threads that cannot be started are an ordinary condition: with a worker alive
 * the task waits for it, without one submit says UV_EAGAIN; what was accepted
 * is never lost. */
#include "fault_alloc.h"
#include "fault_thread.h"
#include "kit.h"

static void need_faults(void) {
  if (!fault_thread_works()) {
    skip();
  }
}

/* The very first thread fails: refused, nothing called, and the next attempt
 * works. */
static void first_thread_fails_once(void** state) {
  need_faults();
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0);
  fault_thread_fail(1, 1);
  assert_status(job_submit(pool, &job), UV_EAGAIN);
  assert_int_equal(fault_thread_failed(), 1);
  assert_int_equal(uv_loop_alive(*state), 0);
  assert_int_equal(uvpool_waiting(pool), 0);
  assert_int_equal(uvpool_workers(pool), 0);
  uvpool_stats_t s = pool_stats(pool);
  assert_int_equal(s.spawn_failures, 1);
  assert_int_equal(s.accepted, 0);
  assert_int_equal(s.refused, 1);
  job_assert_untouched(&job);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

/* As long as none can be started, every submit is refused. */
static void none_can_be_started(void** state) {
  need_faults();
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0);
  fault_thread_fail(1, FAULT_THREAD_FOREVER);
  for (int i = 0; i < 20; i++) {
    assert_status(job_submit(pool, &job), UV_EAGAIN);
  }
  assert_int_equal(pool_stats(pool).refused, 20);
  loop_run(*state);
  job_assert_untouched(&job);
  pool_close(*state, pool);
  fault_thread_clear();
}

static void go_nowhere(void* arg) {
  atomic_fetch_add((atomic_int*) arg, 1);
}

/* uvpool_go likewise; its task object is not lost. */
static void go_is_refused_too(void** state) {
  need_faults();
  atomic_int fired;
  atomic_init(&fired, 0);
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  fault_thread_fail(1, FAULT_THREAD_FOREVER);
  for (int i = 0; i < 20; i++) {
    assert_status(uvpool_go(pool, go_nowhere, &fired), UV_EAGAIN);
  }
  fault_thread_clear();
  assert_status(uvpool_go(pool, go_nowhere, &fired), 0);
  loop_run(*state);
  assert_int_equal(atomic_load(&fired), 1);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
}

/* The k-th thread fails with workers alive: all tasks run on those. */
static void a_later_thread_fails(void** state) {
  need_faults();
  for (int k = 2; k <= 5; k++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = pool_open(*state, 8, UVPOOL_UNLIMITED);
    job_t* jobs = jobs_new(20, &gate);
    fault_thread_fail(k, FAULT_THREAD_FOREVER);
    jobs_submit(pool, jobs, 20);
    gate_await(&gate, (unsigned) k - 1);
    assert_int_equal(uvpool_workers(pool), k - 1);
    assert_true(uvpool_waiting(pool) == 20 - (k - 1));
    assert_true(pool_stats(pool).spawn_failures > 0);
    gate_open(&gate);
    loop_run(*state);
    jobs_assert_ran(jobs, 20);
    pool_close(*state, pool);
    fault_thread_clear();
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

static int two_have_arrived(void* gate) {
  return gate_arrived(gate) >= 2;
}

/* After a passing failure the pool grows again by itself: the tasks that wait
 * are a reason, and no further submit is needed. */
static void grows_again_after_a_passing_failure(void** state) {
  need_faults();
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(4, &gate);
  fault_thread_fail(2, 3);
  jobs_submit(pool, jobs, 4);
  gate_await(&gate, 1);
  loop_run_until(*state, two_have_arrived, &gate, "a second worker");
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 4);
  pool_close(*state, pool);
  fault_thread_clear();
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* create with workers to start: UV_EAGAIN when any of them fails, and those
 * that did start are gone again. */
static void create_fails_cleanly(void** state) {
  need_faults();
  for (int k = 1; k <= 3; k++) {
    fault_alloc_t memory;
    fault_alloc_init(&memory);
    uvpool_options_t options = pool_options(4, 0);
    options.min_workers = 3;
    options.allocator = fault_alloc_table(&memory);
    uvpool_t* pool = NULL;
    fault_thread_fail(k, FAULT_THREAD_FOREVER);
    assert_status(uvpool_create(*state, &options, &pool), UV_EAGAIN);
    fault_thread_clear();
    loop_run(*state);
    assert_int_equal(loop_handles(*state), 0);
    assert_int_equal(atomic_load(&memory.live), 0);
  }
}

/* reboot with workers to start: UV_EAGAIN, the pool stays released, and a later
 * one works. */
static void reboot_fails_cleanly(void** state) {
  need_faults();
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.min_workers = 2;
  uvpool_t* pool = pool_open_with(*state, &options);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  loop_run(*state);
  for (int k = 1; k <= 2; k++) {
    fault_thread_fail(k, FAULT_THREAD_FOREVER);
    assert_status(uvpool_reboot(pool), UV_EAGAIN);
    assert_int_equal(uvpool_is_closed(pool), 1);
    fault_thread_clear();
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
    loop_run(*state);
    assert_int_equal(end.count, k + 1);
    assert_status(end.status, 0);
  }
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_workers(pool), 2);
  job_t job;
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

/* A growing capacity that finds no threads: what waits goes on with the worker
 * that is there. */
static void tune_survives_failures(void** state) {
  need_faults();
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(10, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 9);
  fault_thread_fail(1, FAULT_THREAD_FOREVER);
  assert_status(uvpool_tune(pool, 4), 0);
  assert_int_equal(uvpool_capacity(pool), 4);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 10);
  fault_thread_clear();
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A caller that may block does not wait for ever for a thread that cannot be:
 * UV_EAGAIN as from submit. */
static void submit_wait_says_eagain(void** state) {
  need_faults();
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  fault_thread_fail(1, FAULT_THREAD_FOREVER);
  caller_t caller;
  caller_start(&caller, pool, &job, UINT64_MAX);
  assert_status(caller_join(*state, &caller), UV_EAGAIN);
  job_assert_untouched(&job);
  fault_thread_clear();
  pool_close(*state, pool);
}

/* Every second thread fails, under load, with workers expiring all the time. */
static void intermittent_failures_lose_nothing(void** state) {
  enum { ROUNDS = 200, COUNT = 8 };
  need_faults();
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.expiry_ms = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  for (int round = 0; round < ROUNDS; round++) {
    job_t* jobs = jobs_new(COUNT, NULL);
    int results[COUNT];
    fault_thread_fail(1 + round % 3, 1 + round % 2);
    for (int i = 0; i < COUNT; i++) {
      results[i] = job_submit(pool, &jobs[i]);
    }
    loop_run(*state);
    for (int i = 0; i < COUNT; i++) {
      if (results[i] == 0) {
        job_assert_ran(&jobs[i]);
      } else {
        job_assert_untouched(&jobs[i]);
      }
    }
    loop_run_for(*state, (uint64_t) (round % 3));
    jobs_free(jobs);
  }
  fault_thread_clear();
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(first_thread_fails_once),
      loop_test(none_can_be_started),
      loop_test(go_is_refused_too),
      loop_test(a_later_thread_fails),
      loop_test(grows_again_after_a_passing_failure),
      loop_test(create_fails_cleanly),
      loop_test(reboot_fails_cleanly),
      loop_test(tune_survives_failures),
      loop_test(submit_wait_says_eagain),
      loop_test(intermittent_failures_lose_nothing),
  };
  return kit_run(argc, argv, tests);
}
