/* The task as a struct: its size is part of the ABI, its memory may hold
 * anything, and its data is the caller's. */
#include "kit.h"

#include <string.h>

/* 128 bytes on 64-bit systems. */
static void size(void** state) {
  (void) state;
  if (sizeof(void*) != 8) {
    skip();
  }
  assert_int_equal(sizeof(uvpool_task_t), 128);
}

/* Submitted with memory of any content, and once more after its done. */
static void any_memory_will_do(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  uint32_t seed = 7;
  for (unsigned pattern = 0; pattern < 400; pattern++) {
    job_t job;
    job_init(&job, (int) pattern);
    unsigned char* bytes = (unsigned char*) &job.task;
    for (size_t i = 0; i < sizeof(job.task); i++) {
      seed = seed * 1664525u + 1013904223u;
      bytes[i] = (unsigned char) (pattern < 256 ? pattern : seed >> 24);
    }
    job.task.data = &job;
    for (int flight = 1; flight <= 2; flight++) {
      jobs_submit(pool, &job, 1);
      loop_run(*state);
      assert_int_equal(job.done, flight);
      assert_status(job.status, 0);
      assert_int_equal(job.started, 1);
      assert_int_equal(job.cancelled, 0);
      assert_ptr_equal(job.task.data, &job);
    }
  }
  pool_close(*state, pool);
}

/* uvpool_task_init leaves the data alone, may be repeated between flights, and
 * is optional. */
static void init_leaves_data_alone(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  for (int flight = 1; flight <= 3; flight++) {
    uvpool_task_init(&job.task);
    assert_ptr_equal(job.task.data, &job);
    jobs_submit(pool, &job, 1);
    loop_run(*state);
    assert_int_equal(job.done, flight);
  }
  uvpool_task_init(NULL);
  pool_close(*state, pool);
}

/* The bytes of a task in flight, at another address, are a task of its own that
 * is not in flight. */
static void a_copy_is_another_task(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, 0);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  memcpy(&jobs[1].task, &jobs[0].task, sizeof(jobs[1].task));
  jobs[1].task.data = &jobs[1];
  assert_status(uvpool_cancel(&jobs[1].task), UV_EINVAL);
  pool_occupy(pool, &jobs[1], 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* The same memory for a task of one pool after another: nothing remembers the
 * address. */
static void memory_may_be_used_again(void** state) {
  job_t job;
  for (int i = 0; i < 50; i++) {
    uvpool_t* pool = pool_open(*state, 1, 0);
    job_init(&job, i);
    jobs_submit(pool, &job, 1);
    loop_run(*state);
    job_assert_ran(&job);
    pool_close(*state, pool);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(size),
      loop_test(any_memory_will_do),
      loop_test(init_leaves_data_alone),
      loop_test(a_copy_is_another_task),
      loop_test(memory_may_be_used_again),
  };
  return kit_run(argc, argv, tests);
}
