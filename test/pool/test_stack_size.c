/* options.stack_size: how much stack a worker has. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_getattr_np */
#endif
#include "kit.h"

#include <pthread.h>
#include <string.h>

typedef struct extent_s {
  size_t stack;
  size_t guard;
} extent_t;

static void measure(job_t* job) {
#if defined(__linux__)
  extent_t* extent = job->arg;
  pthread_attr_t attr;
  void* lowest = NULL;
  if (pthread_getattr_np(pthread_self(), &attr) != 0) {
    return;
  }
  (void) pthread_attr_getstack(&attr, &lowest, &extent->stack);
  (void) pthread_attr_getguardsize(&attr, &extent->guard);
  (void) pthread_attr_destroy(&attr);
#else
  (void) job;
#endif
}

static extent_t run_with(uv_loop_t* loop, int64_t stack_size) {
  extent_t extent = {0, 0};
  uvpool_options_t options = pool_options(1, 0);
  options.stack_size = stack_size;
  uvpool_t* pool = pool_open_with(loop, &options);
  job_t job;
  job_init(&job, 0);
  job.in_work = measure;
  job.arg = &extent;
  jobs_submit(pool, &job, 1);
  loop_run(loop);
  job_assert_ran(&job);
  pool_close(loop, pool);
  return extent;
}

static void need_measure(void) {
#if !defined(__linux__)
  skip();
#endif
}

/* 0 means 8 MiB. */
static void default_size(void** state) {
  need_measure();
  assert_true(run_with(*state, 0).stack >= 8u << 20);
}

/* At least what was asked for, whether or not it is a multiple of a page. */
static void at_least_what_was_asked(void** state) {
  static const int64_t sizes[] = {
      1, 4095, 16384, 65537, 1 << 20, (1 << 20) + 1, 64 << 20};
  need_measure();
  for (size_t i = 0; i < KIT_COUNT(sizes); i++) {
    assert_true(run_with(*state, sizes[i]).stack >= (size_t) sizes[i]);
  }
}

/* A guard stands below every stack: an overflow faults, it does not corrupt. */
static void has_a_guard(void** state) {
  need_measure();
  assert_true(run_with(*state, 0).guard >= 4096);
  assert_true(run_with(*state, 1 << 20).guard >= 4096);
}

static int use_much_stack(uvpool_task_t* task) {
  volatile char much[12 << 20];
  (void) task;
  for (size_t i = 0; i < sizeof(much); i += 1024) {
    much[i] = (char) i;
  }
  return much[0] + much[8 << 20];
}

static void keep_status(uvpool_task_t* task, int status) {
  *(int*) task->data = status;
}

/* A large stack can be used. */
static void a_large_stack_is_there(void** state) {
  uvpool_options_t options = pool_options(1, 0);
  options.stack_size = 16 << 20;
  uvpool_t* pool = pool_open_with(*state, &options);
  uvpool_task_t task;
  int status = 1;
  memset(&task, 0, sizeof(task));
  task.data = &status;
  assert_status(uvpool_submit(pool, &task, use_much_stack, keep_status), 0);
  loop_run(*state);
  assert_int_equal(status, 0);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(default_size),
      loop_test(at_least_what_was_asked),
      loop_test(has_a_guard),
      loop_test(a_large_stack_is_there),
  };
  return kit_run(argc, argv, tests);
}
