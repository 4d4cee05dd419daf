/* A preallocated pool refused a submit for want of memory: all its records were
 * there, but that of a worker that had ended was not free yet, and there was no
 * memory for another one.
 *
 * Now the task waits until the record is free. */
#include "fault_alloc.h"
#include "kit.h"

static int nobody_lives(void* pool) {
  return uvpool_workers(pool) == 0;
}

static void waits_for_a_record(void** state) {
  fault_alloc_t memory;
  job_t jobs[2];
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, 8);
  options.flags = UVPOOL_PREALLOC;
  options.on_panic = pool_ignore_panic;
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_init(&jobs[0], 0);
  job_init(&jobs[1], 1);
  jobs[0].in_work = job_panic;
  assert_status(job_submit(pool, &jobs[0]), 0);
  /* The loop does not run: the panic is not reported, the record not free. */
  kit_wait_until(nobody_lives, pool, "the worker to end");
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  assert_status(job_submit(pool, &jobs[1]), 0);
  loop_run(*state);
  job_assert_panicked(&jobs[0]);
  job_assert_ran(&jobs[1]);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(waits_for_a_record),
  };
  return kit_run(argc, argv, tests);
}
