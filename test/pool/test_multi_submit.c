/* uvpool_multi_submit: which pool gets a task, and when all refuse. */
#include "fault_thread.h"
#include "kit.h"

static const uvpool_strategy_t strategies[] = {UVPOOL_ROUND_ROBIN,
                                               UVPOOL_LEAST_TASKS};

/* Round robin begins at 0 and goes round. */
static void round_robin_goes_round(void** state) {
  enum { POOLS = 3, COUNT = 9 };
  gate_t gate;
  gate_init(&gate);
  uvpool_multi_t* multi =
      multi_open(*state, POOLS, UVPOOL_ROUND_ROBIN, COUNT, 0);
  job_t* jobs = jobs_new(COUNT, &gate);
  multi_occupy(multi, jobs, COUNT);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(multi_index_of(multi, &jobs[i]), i % POOLS);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A task does not wait in its turn while another pool has a free worker. */
static void round_robin_does_not_queue_beside_idle(void** state) {
  enum { POOLS = 3 };
  gate_t gate;
  gate_init(&gate);
  uvpool_multi_t* multi = multi_open(*state, POOLS, UVPOOL_ROUND_ROBIN, 2, 8);
  job_t* jobs = jobs_new(8, &gate);
  pool_occupy(uvpool_multi_pool(multi, 0), jobs, 2);
  multi_occupy(multi, jobs + 2, 4); /* all 4 arrive: none of them waits */
  assert_int_equal(uvpool_multi_waiting(multi), 0);
  /* Now all are busy, and turns are taken in waiting. */
  assert_status(multi_job_submit(multi, &jobs[6]), 0);
  assert_status(multi_job_submit(multi, &jobs[7]), 0);
  assert_int_equal(uvpool_multi_waiting(multi), 2);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 8);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Least tasks counts what runs and what waits. */
static void least_tasks_balances(void** state) {
  enum { POOLS = 4, COUNT = 16 };
  gate_t gate;
  gate_init(&gate);
  uvpool_multi_t* multi =
      multi_open(*state, POOLS, UVPOOL_LEAST_TASKS, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(COUNT, &gate);
  for (int i = 0; i < COUNT; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
    assert_int_equal(multi_index_of(multi, &jobs[i]), i % POOLS);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Warm, idle workers are no tasks: 4 pools of 2 take 8 tasks at once. */
static void idle_workers_are_no_load(void** state) {
  enum { POOLS = 4, COUNT = 8 };
  for (size_t s = 0; s < KIT_COUNT(strategies); s++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_options_t options = pool_options(2, 0);
    options.min_workers = 2;
    uvpool_multi_t* multi = NULL;
    assert_status(
        uvpool_multi_create(*state, POOLS, strategies[s], &options, &multi), 0);
    for (int64_t i = 0; i < POOLS; i++) {
      pool_await_idle(*state, uvpool_multi_pool(multi, i), 2);
    }
    job_t* jobs = jobs_new(COUNT + 1, &gate);
    multi_occupy(multi, jobs, COUNT);
    for (int64_t i = 0; i < POOLS; i++) {
      assert_int_equal(uvpool_multi_busy_at(multi, i), 2);
    }
    assert_status(multi_job_submit(multi, &jobs[COUNT]), UV_EAGAIN);
    gate_open(&gate);
    loop_run(*state);
    jobs_assert_ran(jobs, COUNT);
    job_assert_untouched(&jobs[COUNT]);
    multi_close(*state, multi);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* A pool that is full by itself does not make the others refuse. */
static void a_full_pool_is_passed_over(void** state) {
  for (size_t s = 0; s < KIT_COUNT(strategies); s++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_multi_t* multi = multi_open(*state, 3, strategies[s], 1, 0);
    job_t* jobs = jobs_new(4, &gate);
    pool_occupy(uvpool_multi_pool(multi, 0), jobs, 1);
    multi_occupy(multi, jobs + 1, 2);
    assert_status(multi_job_submit(multi, &jobs[3]), UV_EAGAIN);
    uint64_t refused = 0;
    for (int64_t i = 0; i < 3; i++) {
      refused += pool_stats(uvpool_multi_pool(multi, i)).refused;
    }
    assert_int_equal(refused, 1);
    gate_open(&gate);
    loop_run(*state);
    jobs_assert_ran(jobs, 3);
    multi_close(*state, multi);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* A pool that was released by itself neither; when all are, it is over. */
static void a_released_pool_is_passed_over(void** state) {
  uvpool_multi_t* multi = multi_open(*state, 2, UVPOOL_ROUND_ROBIN, 1, 8);
  job_t* jobs = jobs_new(4, NULL);
  assert_status(uvpool_release(uvpool_multi_pool(multi, 0)), 0);
  assert_int_equal(uvpool_multi_is_closed(multi), 0);
  for (int i = 0; i < 3; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
    assert_int_equal(multi_index_of(multi, &jobs[i]), 1);
  }
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  assert_status(uvpool_release(uvpool_multi_pool(multi, 1)), 0);
  assert_int_equal(uvpool_multi_is_closed(multi), 1);
  assert_status(multi_job_submit(multi, &jobs[3]), UV_ESHUTDOWN);
  job_assert_untouched(&jobs[3]);
  multi_close(*state, multi);
  jobs_free(jobs);
}

static void submit_next(job_t* job) {
  uvpool_multi_t* multi = job->arg;
  job_t* next = job + 4;
  if (next->id < 400) {
    assert_status(multi_job_submit(multi, next), 0);
  }
}

/* Submits inside done callbacks are spread as others are, and with max_waiting
 * 0 each finds the room that its own task has left. */
static void submits_in_done(void** state) {
  enum { COUNT = 404 };
  for (size_t s = 0; s < KIT_COUNT(strategies); s++) {
    uvpool_multi_t* multi = multi_open(*state, 4, strategies[s], 1, 0);
    job_t* jobs = jobs_new(COUNT, NULL);
    for (int i = 0; i < COUNT; i++) {
      jobs[i].in_done = submit_next;
      jobs[i].arg = multi;
    }
    for (int i = 0; i < 4; i++) {
      assert_status(multi_job_submit(multi, &jobs[i]), 0);
    }
    loop_run(*state);
    jobs_assert_ran(jobs, 400);
    multi_close(*state, multi);
    jobs_free(jobs);
  }
}

static void go_count(void* arg) {
  atomic_fetch_add((atomic_int*) arg, 1);
}

/* Fire and forget takes turns as well. */
static void go_runs_on_all(void** state) {
  atomic_int count = 0;
  uvpool_multi_t* multi = multi_open(*state, 4, UVPOOL_ROUND_ROBIN, 1, 100);
  for (int i = 0; i < 100; i++) {
    assert_status(uvpool_multi_go(multi, go_count, &count), 0);
  }
  loop_run(*state);
  assert_int_equal(atomic_load(&count), 100);
  for (int64_t i = 0; i < 4; i++) {
    assert_true(pool_stats(uvpool_multi_pool(multi, i)).completed > 0);
  }
  assert_status(uvpool_multi_go(multi, NULL, NULL), UV_EINVAL);
  multi_close(*state, multi);
}

static int drained[3];

static void on_drain(uvpool_t* pool) {
  drained[(intptr_t) uvpool_get_data(pool)]++;
}

/* After a refusal every pool tells of room, once. */
static void on_drain_comes_from_each(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(1, 0);
  options.on_drain = on_drain;
  uvpool_multi_t* multi = NULL;
  assert_status(
      uvpool_multi_create(*state, 3, UVPOOL_ROUND_ROBIN, &options, &multi), 0);
  for (intptr_t i = 0; i < 3; i++) {
    uvpool_set_data(uvpool_multi_pool(multi, i), (void*) i);
    drained[i] = 0;
  }
  job_t* jobs = jobs_new(4, &gate);
  multi_occupy(multi, jobs, 3);
  assert_status(multi_job_submit(multi, &jobs[3]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  loop_turn(*state, 3);
  jobs_assert_ran(jobs, 3);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(drained[i], 1);
  }
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* No thread to be had in any of them: refused, and it works again after. */
static void no_threads(void** state) {
  if (!fault_thread_works()) {
    skip();
  }
  uvpool_multi_t* multi = multi_open(*state, 2, UVPOOL_LEAST_TASKS, 1, 8);
  job_t* jobs = jobs_new(2, NULL);
  fault_thread_fail(1, FAULT_THREAD_FOREVER);
  assert_status(multi_job_submit(multi, &jobs[0]), UV_EAGAIN);
  fault_thread_clear();
  job_assert_untouched(&jobs[0]);
  assert_status(multi_job_submit(multi, &jobs[1]), 0);
  loop_run(*state);
  job_assert_ran(&jobs[1]);
  multi_close(*state, multi);
  jobs_free(jobs);
}

/* What is wrong is said so, and harms nobody. */
static void einval(void** state) {
  uvpool_multi_t* multi = multi_open(*state, 2, UVPOOL_ROUND_ROBIN, 1, 0);
  uvpool_task_t task = {.data = NULL};
  assert_status(uvpool_multi_submit(NULL, &task, job_work, job_done),
                UV_EINVAL);
  assert_status(uvpool_multi_submit(multi, NULL, job_work, job_done),
                UV_EINVAL);
  assert_status(uvpool_multi_submit(multi, &task, NULL, job_done), UV_EINVAL);
  assert_status(uvpool_multi_submit(multi, &task, job_work, NULL), UV_EINVAL);
  assert_status(uvpool_multi_submit_wait(NULL, &task, job_work, job_done, 0),
                UV_EINVAL);
  assert_status(uvpool_multi_submit_wait(multi, &task, job_work, job_done, 0),
                UV_EPERM);
  job_t job;
  job_init(&job, 0);
  assert_status(multi_job_submit(multi, &job), 0);
  assert_status(multi_job_submit(multi, &job), UV_EALREADY);
  loop_run(*state);
  job_assert_ran(&job);
  multi_close(*state, multi);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(round_robin_goes_round),
      loop_test(round_robin_does_not_queue_beside_idle),
      loop_test(least_tasks_balances),
      loop_test(idle_workers_are_no_load),
      loop_test(a_full_pool_is_passed_over),
      loop_test(a_released_pool_is_passed_over),
      loop_test(submits_in_done),
      loop_test(go_runs_on_all),
      loop_test(on_drain_comes_from_each),
      loop_test(no_threads),
      loop_test(einval),
  };
  return kit_run(argc, argv, tests);
}
