/* options.allocator: all memory of the pool comes from it and goes back to it;
 * tasks need none; each allocation may fail. */
#include "fault_alloc.h"
#include "kit.h"

static uvpool_options_t counted(fault_alloc_t* memory, int64_t capacity) {
  fault_alloc_init(memory);
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.allocator = fault_alloc_table(memory);
  return options;
}

/* A whole life returns all of it. */
static void everything_is_returned(void** state) {
  fault_alloc_t memory;
  uvpool_options_t options = counted(&memory, 4);
  options.name = "counted";
  options.min_workers = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_true(atomic_load(&memory.live) > 0);
  job_t* jobs = jobs_new(100, NULL);
  jobs_submit(pool, jobs, 100);
  loop_run(*state);
  jobs_assert_ran(jobs, 100);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
  jobs_free(jobs);
}

/* Once the workers are there, tasks need no memory: not one allocation. */
static void tasks_need_none(void** state) {
  enum { WORKERS = 4, COUNT = 20000 };
  gate_t gate;
  gate_init(&gate);
  fault_alloc_t memory;
  uvpool_options_t options = counted(&memory, WORKERS);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < WORKERS; i++) {
    jobs[i].gate = &gate;
  }
  pool_occupy(pool, jobs, WORKERS);
  gate_open(&gate);
  loop_run(*state);
  long warm = atomic_load(&memory.total);
  jobs_submit(pool, &jobs[WORKERS], COUNT - WORKERS);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  assert_int_equal(atomic_load(&memory.total), warm);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* create with its n-th allocation failing, once and for ever, for every n until
 * none fails: UV_ENOMEM and nothing kept. */
static void create_survives_every_failure(void** state) {
  static const long many[] = {1, FAULT_FOREVER};
  static const uint32_t flags[] = {0, UVPOOL_PREALLOC};
  for (size_t i = 0; i < KIT_COUNT(many) * KIT_COUNT(flags); i++) {
    int rc = UV_ENOMEM;
    for (long n = 1; rc != 0; n++) {
      fault_alloc_t memory;
      uvpool_t* pool = NULL;
      uvpool_options_t options = counted(&memory, 4);
      options.name = "counted";
      options.flags = flags[i / KIT_COUNT(many)];
      fault_alloc_fail(&memory, n, many[i % KIT_COUNT(many)]);
      rc = uvpool_create(*state, &options, &pool);
      if (rc == 0) {
        assert_int_equal(atomic_load(&memory.failed), 0);
        pool_close(*state, pool);
      } else {
        assert_status(rc, UV_ENOMEM);
        loop_run(*state);
        assert_int_equal(loop_handles(*state), 0);
      }
      assert_int_equal(atomic_load(&memory.live), 0);
    }
  }
}

/* create that has to start workers may say UV_EAGAIN instead. */
static void create_with_workers_survives_too(void** state) {
  int rc = UV_ENOMEM;
  for (long n = 1; rc != 0; n++) {
    fault_alloc_t memory;
    uvpool_t* pool = NULL;
    uvpool_options_t options = counted(&memory, 4);
    options.min_workers = 3;
    fault_alloc_fail(&memory, n, FAULT_FOREVER);
    rc = uvpool_create(*state, &options, &pool);
    if (rc == 0) {
      pool_close(*state, pool);
    } else {
      assert_true(rc == UV_ENOMEM || rc == UV_EAGAIN);
    }
    loop_run(*state);
    assert_int_equal(loop_handles(*state), 0);
    assert_int_equal(atomic_load(&memory.live), 0);
  }
}

/* A whole life with the n-th allocation after create failing: what is accepted
 * is done, what is not is refused, close works, nothing leaks. */
static void live_with_failure(uv_loop_t* loop, long n, long many) {
  enum { COUNT = 12 };
  fault_alloc_t memory;
  uvpool_options_t options = counted(&memory, 4);
  uvpool_t* pool = pool_open_with(loop, &options);
  job_t* jobs = jobs_new(COUNT, NULL);
  int results[COUNT];
  fault_alloc_fail(&memory, n, many);
  for (int i = 0; i < COUNT; i++) {
    results[i] = job_submit(pool, &jobs[i]);
  }
  loop_run(loop);
  for (int i = 0; i < COUNT; i++) {
    assert_true(results[i] == 0 || results[i] == UV_EAGAIN);
    if (results[i] == 0) {
      job_assert_ran(&jobs[i]);
    } else {
      job_assert_untouched(&jobs[i]);
    }
  }
  pool_close(loop, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
  jobs_free(jobs);
}

/* The same for every n that a life can reach, once and for ever. */
static void a_life_survives_every_failure(void** state) {
  for (long n = 1; n <= 16; n++) {
    live_with_failure(*state, n, 1);
    live_with_failure(*state, n, FAULT_FOREVER);
  }
}

/* Without memory for a single worker, submit refuses, and works again later. */
static void no_memory_for_the_first_worker(void** state) {
  fault_alloc_t memory;
  uvpool_options_t options = counted(&memory, 2);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t job;
  job_init(&job, 0);
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  int rc = job_submit(pool, &job);
  if (atomic_load(&memory.failed) > 0) {
    assert_status(rc, UV_EAGAIN);
    loop_run(*state);
    job_assert_untouched(&job);
    fault_alloc_fail(&memory, 0, 0);
    jobs_submit(pool, &job, 1);
  }
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
}

/* Release and close never need memory. */
static void the_end_needs_no_memory(void** state) {
  gate_t gate;
  gate_init(&gate);
  fault_alloc_t memory;
  uvpool_options_t options = counted(&memory, 2);
  uvpool_t* pool = pool_open_with(*state, &options);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  job_t* jobs = jobs_new(20, &gate);
  pool_occupy(pool, jobs, 2);
  jobs_submit(pool, &jobs[2], 18);
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  gate_open(&gate);
  loop_run(*state);
  assert_status(end.status, 0);
  jobs_assert_ran(jobs, 2);
  jobs_assert_dropped(&jobs[2], 18, UV_ECANCELED);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(everything_is_returned),
      loop_test(tasks_need_none),
      loop_test(create_survives_every_failure),
      loop_test(create_with_workers_survives_too),
      loop_test(a_life_survives_every_failure),
      loop_test(no_memory_for_the_first_worker),
      loop_test(the_end_needs_no_memory),
  };
  return kit_run(argc, argv, tests);
}
