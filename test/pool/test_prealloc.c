/* UVPOOL_PREALLOC: all that workers need is allocated by create; after that no
 * submit can fail for want of memory. The capacity is frozen. */
#include "fault_alloc.h"
#include "kit.h"

static uvpool_t* open_preallocated(uv_loop_t* loop,
                                   fault_alloc_t* memory,
                                   int64_t capacity,
                                   int64_t max_waiting) {
  fault_alloc_init(memory);
  uvpool_options_t options = pool_options(capacity, max_waiting);
  options.flags = UVPOOL_PREALLOC;
  options.allocator = fault_alloc_table(memory);
  return pool_open_with(loop, &options);
}

static void run_wide(uv_loop_t* loop, uvpool_t* pool, int count) {
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(count, &gate);
  pool_occupy(pool, jobs, count);
  gate_open(&gate);
  loop_run(loop);
  jobs_assert_ran(jobs, count);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* No allocation after create, up to the last worker, through several lives. */
static void allocates_nothing_after_create(void** state) {
  fault_alloc_t memory;
  uvpool_t* pool = open_preallocated(*state, &memory, 8, UVPOOL_UNLIMITED);
  long after_create = atomic_load(&memory.total);
  for (int life = 0; life < 3; life++) {
    pool_end_t end = {0};
    uvpool_set_data(pool, &end);
    run_wide(*state, pool, 8);
    job_t* jobs = jobs_new(1000, NULL);
    jobs_submit(pool, jobs, 1000);
    loop_run(*state);
    jobs_assert_ran(jobs, 1000);
    jobs_free(jobs);
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
    loop_run(*state);
    assert_status(end.status, 0);
    assert_status(uvpool_reboot(pool), 0);
  }
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.total), after_create);
  assert_int_equal(atomic_load(&memory.live), 0);
}

/* With every later allocation failing, everything works. */
static void works_without_memory(void** state) {
  fault_alloc_t memory;
  uvpool_t* pool = open_preallocated(*state, &memory, 4, UVPOOL_UNLIMITED);
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  run_wide(*state, pool, 4);
  run_wide(*state, pool, 4);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
}

/* No thread is started in advance. */
static void starts_no_thread(void** state) {
  fault_alloc_t memory;
  uvpool_t* pool = open_preallocated(*state, &memory, 4, 0);
  assert_int_equal(uvpool_workers(pool), 0);
  pool_close(*state, pool);
}

/* The capacity cannot be changed. */
static void cannot_be_tuned(void** state) {
  fault_alloc_t memory;
  uvpool_t* pool = open_preallocated(*state, &memory, 4, 0);
  assert_status(uvpool_tune(pool, 3), UV_ENOTSUP);
  assert_status(uvpool_tune(pool, 4), UV_ENOTSUP);
  assert_int_equal(uvpool_capacity(pool), 4);
  run_wide(*state, pool, 4);
  pool_close(*state, pool);
}

/* Workers come and go by expiry without using up what was preallocated. */
static void records_are_used_again(void** state) {
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(3, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_PREALLOC;
  options.expiry_ms = 1;
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  for (int round = 0; round < 10; round++) {
    run_wide(*state, pool, 3);
    pool_await_workers(*state, pool, 0);
  }
  assert_int_equal(pool_stats(pool).workers_started, 30);
  pool_close(*state, pool);
}

/* The largest capacity. */
static void of_the_largest_capacity(void** state) {
  fault_alloc_t memory;
  uvpool_t* pool = open_preallocated(*state, &memory, UVPOOL_CAPACITY_MAX, 0);
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  run_wide(*state, pool, 20);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(allocates_nothing_after_create),
      loop_test(works_without_memory),
      loop_test(starts_no_thread),
      loop_test(cannot_be_tuned),
      loop_test(records_are_used_again),
      loop_test(of_the_largest_capacity),
  };
  return kit_run(argc, argv, tests);
}
