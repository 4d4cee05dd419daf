/* The cap of a class: never more of it run, others pass it by, and what it
 * holds back wakes nobody in vain. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include <stdio.h>

#include "kit.h"

enum { CAPACITY = 4 };

static uvpool_t* open_capped(uv_loop_t* loop, int task_class, int64_t cap) {
  uvpool_options_t options = pool_options(CAPACITY, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  options.classes[task_class].cap = cap;
  return pool_open_with(loop, &options);
}

/* ---- Never above --------------------------------------------------------- */

/* Many come, and as many run at once as the cap says: the works count. */
static void no_more_run_than_the_cap(void** state) {
  enum { COUNT = 400 };
  for (int cap = 1; cap <= CAPACITY + 1; cap++) {
    gauge_t gauge;
    gauge_init(&gauge);
    uvpool_t* pool = open_capped(*state, 3, cap);
    job_t* jobs = jobs_new(2 * COUNT, NULL);
    for (int i = 0; i < COUNT; i++) {
      jobs[i].gauge = &gauge;
      assert_status(job_submit_class(pool, &jobs[i], 3), 0);
      assert_status(job_submit(pool, &jobs[COUNT + i]), 0);
    }
    loop_run(*state);
    jobs_assert_ran(jobs, 2 * COUNT);
    assert_true(gauge_most(&gauge) <= cap);
    pool_close(*state, pool);
    jobs_free(jobs);
  }
}

/* The cap is not just kept but used: so many stand at the gate. */
static void as_many_run_as_the_cap(void** state) {
  for (int cap = 1; cap <= CAPACITY; cap++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = open_capped(*state, 7, cap);
    job_t* jobs = jobs_new(10, &gate);
    jobs_submit_class(pool, jobs, 10, 7);
    gate_await(&gate, (unsigned) cap);
    for (unsigned passed = 1; passed <= 10u - (unsigned) cap; passed++) {
      gate_admit(&gate, 1);
      gate_await(&gate, (unsigned) cap + passed);
      assert_int_equal(gate_arrived(&gate), (unsigned) cap + passed);
      assert_int_equal(pool_stats(pool).classes[7].busy, cap);
    }
    gate_open(&gate);
    loop_run(*state);
    jobs_assert_ran(jobs, 10);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* A cap of 0 or less is none. */
static void no_cap_is_none(void** state) {
  const int64_t none[] = {0, UVPOOL_UNLIMITED, -2, INT64_MIN};
  for (size_t i = 0; i < KIT_COUNT(none); i++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = open_capped(*state, 1, none[i]);
    job_t* jobs = jobs_new(CAPACITY, &gate);
    jobs_submit_class(pool, jobs, CAPACITY, 1);
    gate_await(&gate, CAPACITY);
    gate_open(&gate);
    loop_run(*state);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* Plain submits are of class 0, whichever call they come by. */
static void plain_submits_are_of_class_0(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_capped(*state, 0, 1);
  job_t* jobs = jobs_new(4, &gate);
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  jobs_submit(pool, jobs, 1);
  assert_status(job_submit_ex(pool, &jobs[1], &options), 0);
  assert_status(job_submit_ex(pool, &jobs[2], NULL), 0);
  jobs_submit(pool, &jobs[3], 1);
  for (unsigned n = 1; n <= 4; n++) {
    gate_await(&gate, n);
    uvpool_stats_t s = pool_stats(pool);
    assert_int_equal(s.classes[0].busy, 1);
    assert_int_equal(s.classes[0].waiting, 4 - n);
    gate_admit(&gate, 1);
  }
  loop_run(*state);
  jobs_assert_ran(jobs, 4);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- Others pass --------------------------------------------------------- */

static int all_done(void* arg) {
  job_t* jobs = arg;
  return job_is_done(&jobs[0]) && job_is_done(&jobs[1]) &&
         job_is_done(&jobs[2]);
}

/* Older ones that are held back by their cap stand in nobody's way. */
static void others_pass_the_capped(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_capped(*state, 1, 1);
  job_t* capped = jobs_new(20, &gate);
  job_t* others = jobs_new(3, NULL);
  jobs_submit_class(pool, capped, 20, 1);
  gate_await(&gate, 1);
  jobs_submit(pool, others, 1);
  jobs_submit_class(pool, &others[1], 2, 2);
  loop_run_until(*state, all_done, others, "those of other classes");
  assert_int_equal(gate_arrived(&gate), 1);
  assert_int_equal(uvpool_waiting(pool), 19);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(capped, 20);
  jobs_assert_ran(others, 3);
  pool_close(*state, pool);
  jobs_free(capped);
  jobs_free(others);
  gate_destroy(&gate);
}

/* First come, first served within a capped class. */
static void a_capped_class_is_fifo(void** state) {
  recorder_t recorder;
  recorder_init(&recorder);
  uvpool_t* pool = open_capped(*state, 5, 1);
  job_t* jobs = jobs_new(8, NULL);
  for (int i = 0; i < 8; i++) {
    jobs[i].recorder = &recorder;
  }
  jobs_submit_class(pool, jobs, 8, 5);
  loop_run(*state);
  int next = 0;
  for (unsigned i = 0; i < recorder.count; i++) {
    if (*recorder.words[i] == 'w') {
      assert_int_equal(recorder.numbers[i], next++);
    }
  }
  assert_int_equal(next, 8);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* ---- Nobody is woken in vain --------------------------------------------- */

/* No thread is started for tasks that may not begin. */
static void no_thread_for_the_capped(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_capped(*state, 1, 1);
  job_t* jobs = jobs_new(50, &gate);
  jobs_submit_class(pool, jobs, 50, 1);
  for (unsigned n = 1; n <= 50; n++) {
    gate_await(&gate, n);
    assert_int_equal(uvpool_workers(pool), 1);
    gate_admit(&gate, 1);
  }
  loop_run(*state);
  assert_int_equal(pool_stats(pool).workers_started, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

#if defined(__linux__)
static atomic_long thread_ids[CAPACITY];
static atomic_uint thread_count;

static int note_thread(void* data, void** worker_data) {
  (void) data;
  (void) worker_data;
  atomic_store(&thread_ids[atomic_fetch_add(&thread_count, 1)],
               syscall(SYS_gettid));
  return 0;
}

/* How often the workers have gone to sleep so far; -1: the system does not
 * say. */
static long sleeps(void) {
  long all = 0;
  for (unsigned i = 0; i < atomic_load(&thread_count); i++) {
    char path[64];
    char line[128];
    long one = -1;
    long id = atomic_load(&thread_ids[i]);
    snprintf(path, sizeof(path), "/proc/self/task/%ld/status", id);
    FILE* file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
      (void) sscanf(line, "voluntary_ctxt_switches: %ld", &one);
    }
    if (file != NULL) {
      fclose(file);
    }
    if (one < 0) {
      return -1;
    }
    all += one;
  }
  return all;
}

/* Waits until all workers are asleep. */
static long sleeps_when_still(uv_loop_t* loop) {
  long last = sleeps();
  for (;;) {
    loop_run_for(loop, 20);
    long now = sleeps();
    if (now == last) {
      return now;
    }
    last = now;
  }
}

/* Idle workers sleep on while many come that may not begin. */
static void nobody_wakes_for_the_capped(void** state) {
  gate_t gate;
  gate_init(&gate);
  atomic_store(&thread_count, 0);
  uvpool_options_t options = pool_options(CAPACITY, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  options.classes[1].cap = 1;
  options.on_worker_start = note_thread;
  uvpool_t* pool = pool_open_with(*state, &options);
  pool_warm(*state, pool, CAPACITY);
  job_t* jobs = jobs_new(200, &gate);
  jobs_submit_class(pool, jobs, 1, 1);
  gate_await(&gate, 1);
  long before = sleeps_when_still(*state);
  jobs_submit_class(pool, &jobs[1], 199, 1);
  loop_run_for(*state, 20);
  if (before >= 0) {
    assert_int_equal(sleeps(), before);
  }
  assert_int_equal(uvpool_idle(pool), CAPACITY - 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 200);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}
#endif

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
    loop_test(no_more_run_than_the_cap),
    loop_test(as_many_run_as_the_cap),
    loop_test(no_cap_is_none),
    loop_test(plain_submits_are_of_class_0),
    loop_test(others_pass_the_capped),
    loop_test(a_capped_class_is_fifo),
    loop_test(no_thread_for_the_capped),
#if defined(__linux__)
    loop_test(nobody_wakes_for_the_capped),
#endif
  };
  return kit_run(argc, argv, tests);
}
