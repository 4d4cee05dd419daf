/* A multi-pool from create to close: what it costs the loop, release with the
 * names of those who are late, reboot, tune, and creations that fail. */
#include "child.h"
#include "fault_alloc.h"
#include "fault_thread.h"
#include "kit.h"

static uvpool_options_t options_with(fault_alloc_t* memory) {
  uvpool_options_t options = pool_options(2, 8);
  options.allocator = fault_alloc_table(memory);
  return options;
}

/* What a loop has to look after does not depend on the number of pools. */
static void pools_share_handles(void** state) {
  uvpool_multi_t* one = multi_open(*state, 1, UVPOOL_ROUND_ROBIN, 1, 0);
  int handles = loop_handles(*state);
  multi_close(*state, one);
  uvpool_multi_t* many = multi_open(*state, 64, UVPOOL_ROUND_ROBIN, 1, 0);
  assert_int_equal(loop_handles(*state), handles);
  multi_close(*state, many);
}

/* The workers of all pools expire, by one set of timers, which then rests. */
static void workers_of_all_expire(void** state) {
  enum { POOLS = 5 };
  uvpool_options_t options = pool_options(1, 8);
  options.expiry_ms = 20;
  uvpool_multi_t* multi = NULL;
  assert_status(
      uvpool_multi_create(*state, POOLS, UVPOOL_ROUND_ROBIN, &options, &multi),
      0);
  job_t* jobs = jobs_new(POOLS, NULL);
  for (int i = 0; i < POOLS; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
  }
  loop_run(*state);
  jobs_assert_ran(jobs, POOLS);
  for (int64_t i = 0; i < POOLS; i++) {
    pool_await_workers(*state, uvpool_multi_pool(multi, i), 0);
    assert_int_equal(pool_stats(uvpool_multi_pool(multi, i)).workers_expired,
                     1);
  }
  assert_int_equal(loop_active_timers(*state), 0);
  multi_close(*state, multi);
  jobs_free(jobs);
}

/* The figures, in total and of each, and indices beyond both ends. */
static void figures(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_multi_t* multi = multi_open(*state, 3, UVPOOL_ROUND_ROBIN, 2, 8);
  job_t* jobs = jobs_new(8, &gate);
  multi_occupy(multi, jobs, 6);
  assert_status(multi_job_submit(multi, &jobs[6]), 0);
  assert_status(multi_job_submit(multi, &jobs[7]), 0);
  assert_int_equal(uvpool_multi_count(multi), 3);
  assert_int_equal(uvpool_multi_capacity(multi), 6);
  assert_int_equal(uvpool_multi_workers(multi), 6);
  assert_int_equal(uvpool_multi_busy(multi), 6);
  assert_int_equal(uvpool_multi_waiting(multi), 2);
  assert_int_equal(uvpool_multi_available(multi), 0);
  assert_int_equal(uvpool_multi_blocked(multi), 0);
  static const int64_t waiting[] = {1, 1, 0};
  for (int64_t i = 0; i < 3; i++) {
    assert_int_equal(uvpool_multi_capacity_at(multi, i), 2);
    assert_int_equal(uvpool_multi_workers_at(multi, i), 2);
    assert_int_equal(uvpool_multi_busy_at(multi, i), 2);
    assert_int_equal(uvpool_multi_waiting_at(multi, i), waiting[i]);
    assert_int_equal(uvpool_multi_available_at(multi, i), 0);
  }
  static const int64_t outside[] = {
      -1, 3, INT64_MIN, INT64_MAX, INT64_C(1) << 32};
  for (size_t i = 0; i < KIT_COUNT(outside); i++) {
    assert_null(uvpool_multi_pool(multi, outside[i]));
    assert_status(uvpool_multi_capacity_at(multi, outside[i]), UV_EINVAL);
    assert_status(uvpool_multi_workers_at(multi, outside[i]), UV_EINVAL);
    assert_status(uvpool_multi_busy_at(multi, outside[i]), UV_EINVAL);
    assert_status(uvpool_multi_waiting_at(multi, outside[i]), UV_EINVAL);
    assert_status(uvpool_multi_available_at(multi, outside[i]), UV_EINVAL);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 8);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Unlimited is -1, however many there are. */
static void unlimited(void** state) {
  uvpool_multi_t* multi = multi_open(*state, 3, UVPOOL_ROUND_ROBIN, -1, 8);
  assert_int_equal(uvpool_multi_capacity(multi), -1);
  assert_int_equal(uvpool_multi_available(multi), -1);
  assert_status(uvpool_multi_tune(multi, 3), UV_ENOTSUP);
  multi_close(*state, multi);
}

/* Tune is for each pool, not for all together. */
static void tune(void** state) {
  uvpool_multi_t* multi = multi_open(*state, 3, UVPOOL_ROUND_ROBIN, 1, 8);
  assert_status(uvpool_multi_tune(multi, 5), 0);
  assert_int_equal(uvpool_multi_capacity(multi), 15);
  assert_status(uvpool_tune(uvpool_multi_pool(multi, 1), 2), 0);
  assert_int_equal(uvpool_multi_capacity(multi), 12);
  assert_status(uvpool_multi_tune(multi, 0), UV_EINVAL);
  assert_int_equal(uvpool_multi_capacity(multi), 12);
  multi_close(*state, multi);
}

/* Those who are late are named; asked again, all is well; and then it can be
 * opened again. */
static void release_names_the_late(void** state) {
  gate_t gate;
  gate_init(&gate);
  multi_end_t end = {0};
  uvpool_multi_t* multi = multi_open(*state, 4, UVPOOL_ROUND_ROBIN, 1, 8);
  uvpool_multi_set_data(multi, &end);
  job_t* jobs = jobs_new(5, NULL);
  jobs[1].gate = jobs[3].gate = &gate;
  for (int i = 0; i < 4; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
  }
  gate_await(&gate, 2);
  loop_run_until(*state, job_is_done, &jobs[0], "the first");
  loop_run_until(*state, job_is_done, &jobs[2], "the third");
  assert_status(uvpool_multi_release_timeout(multi, 10, multi_on_release), 0);
  assert_status(uvpool_multi_release_timeout(multi, 10, multi_on_release),
                UV_EALREADY);
  assert_status(uvpool_multi_drain(multi, 10, multi_on_release), UV_EALREADY);
  loop_run_until(*state, multi_is_released, &end, "the time limit");
  assert_status(end.status, UV_ETIMEDOUT);
  assert_int_equal(end.late_count, 2);
  assert_int_equal(end.late[0], 1);
  assert_int_equal(end.late[1], 3);
  assert_status(uvpool_multi_reboot(multi), UV_EBUSY);
  assert_int_equal(uvpool_multi_is_closed(multi), 1);
  gate_open(&gate);
  end = (multi_end_t) {0};
  assert_status(
      uvpool_multi_release_timeout(multi, UINT64_MAX, multi_on_release), 0);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  jobs_assert_ran(jobs, 4);
  assert_int_equal(uvpool_multi_workers(multi), 0);
  assert_status(uvpool_multi_reboot(multi), 0);
  assert_status(multi_job_submit(multi, &jobs[4]), 0);
  loop_run(*state);
  job_assert_ran(&jobs[4]);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A drain runs what waits in all pools. */
static void drain_runs_what_waits(void** state) {
  enum { COUNT = 40 };
  gate_t gate;
  gate_init(&gate);
  multi_end_t end = {0};
  uvpool_multi_t* multi = multi_open(*state, 4, UVPOOL_LEAST_TASKS, 1, 32);
  uvpool_multi_set_data(multi, &end);
  job_t* jobs = jobs_new(COUNT, &gate);
  for (int i = 0; i < COUNT; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
  }
  assert_status(uvpool_multi_drain(multi, UINT64_MAX, multi_on_release), 0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  jobs_assert_ran(jobs, COUNT);
  multi_close(*state, multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Close answers a pending release, and ends what waits. */
static void close_answers_and_cancels(void** state) {
  enum { COUNT = 8 };
  gate_t gate;
  gate_init(&gate);
  multi_end_t end = {0};
  uvpool_multi_t* multi = multi_open(*state, 2, UVPOOL_ROUND_ROBIN, 1, 8);
  uvpool_multi_set_data(multi, &end);
  job_t* jobs = jobs_new(COUNT, &gate);
  multi_occupy(multi, jobs, 2);
  for (int i = 2; i < COUNT; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
  }
  assert_status(uvpool_multi_drain(multi, UINT64_MAX, multi_on_release), 0);
  assert_status(uvpool_close(uvpool_multi_pool(multi, 0), NULL), UV_EPERM);
  assert_status(uvpool_multi_close(multi, NULL), 0);
  assert_status(uvpool_multi_close(multi, NULL), UV_EALREADY);
  assert_status(uvpool_multi_reboot(multi), UV_ESHUTDOWN);
  assert_int_equal(end.count, 0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, UV_ECANCELED);
  jobs_assert_ran(jobs, 2);
  jobs_assert_dropped(jobs + 2, COUNT - 2, UV_ECANCELED);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A user's uv_walk that closes everything suspends delivery until close. */
static void close_after_walk(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_multi_t* multi = multi_open(*state, 3, UVPOOL_ROUND_ROBIN, 1, 8);
  job_t* jobs = jobs_new(6, &gate);
  multi_occupy(multi, jobs, 3);
  for (int i = 3; i < 6; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
  }
  loop_close_all(*state);
  gate_open(&gate);
  multi_close(*state, multi);
  for (int i = 0; i < 6; i++) {
    assert_int_equal(jobs[i].done, 1);
  }
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Every allocation fails once: nothing is left behind. */
static void no_memory_at_any_point(void** state) {
  fault_alloc_t memory;
  int failures = 0;
  for (long nth = 1;; nth++) {
    fault_alloc_init(&memory);
    fault_alloc_fail(&memory, nth, 1);
    uvpool_options_t options = options_with(&memory);
    options.flags = UVPOOL_PREALLOC;
    uvpool_multi_t* multi = NULL;
    int err =
        uvpool_multi_create(*state, 3, UVPOOL_LEAST_TASKS, &options, &multi);
    if (err == 0) {
      multi_close(*state, multi);
      break;
    }
    assert_status(err, UV_ENOMEM);
    assert_null(multi);
    loop_run(*state);
    assert_int_equal(atomic_load(&memory.live), 0);
    failures++;
  }
  assert_true(failures > 10);
  assert_int_equal(atomic_load(&memory.live), 0);
}

/* The threads of the k-th pool cannot be started: those of the others go. */
static void no_thread_at_any_point(void** state) {
  if (!fault_thread_works()) {
    skip();
  }
  for (int nth = 1; nth <= 6; nth++) {
    fault_alloc_t memory;
    fault_alloc_init(&memory);
    uvpool_options_t options = options_with(&memory);
    options.min_workers = 2;
    uvpool_multi_t* multi = NULL;
    fault_thread_fail(nth, FAULT_THREAD_FOREVER);
    assert_status(
        uvpool_multi_create(*state, 3, UVPOOL_ROUND_ROBIN, &options, &multi),
        UV_EAGAIN);
    fault_thread_clear();
    assert_null(multi);
    loop_run(*state);
    assert_int_equal(atomic_load(&memory.live), 0);
  }
}

/* Numbers of pools and strategies that there are not. */
static void create_einval(void** state) {
  uvpool_multi_t* multi = NULL;
  uvpool_options_t options = pool_options(1, 0);
  static const int64_t counts[] = {
      0, -1, UVPOOL_MULTI_MAX + 1, INT64_C(1) << 32, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < KIT_COUNT(counts); i++) {
    assert_status(uvpool_multi_create(
                      *state, counts[i], UVPOOL_ROUND_ROBIN, &options, &multi),
                  UV_EINVAL);
  }
  static const int strategies[] = {0, 3, 4, 8, -1};
  for (size_t i = 0; i < KIT_COUNT(strategies); i++) {
    assert_status(
        uvpool_multi_create(
            *state, 2, (uvpool_strategy_t) strategies[i], &options, &multi),
        UV_EINVAL);
  }
  options.expiry_ms = -1;
  assert_status(
      uvpool_multi_create(*state, 2, UVPOOL_ROUND_ROBIN, &options, &multi),
      UV_EINVAL);
  assert_status(uvpool_multi_create(NULL, 2, UVPOOL_ROUND_ROBIN, NULL, &multi),
                UV_EINVAL);
  assert_status(uvpool_multi_create(*state, 2, UVPOOL_ROUND_ROBIN, NULL, NULL),
                UV_EINVAL);
  assert_null(multi);
}

typedef struct inherited_s {
  uv_loop_t* loop;
  uvpool_multi_t* multi;
  int closed;
} inherited_t;

static void on_inherited_close(uvpool_multi_t* multi) {
  ((inherited_t*) uvpool_multi_get_data(multi))->closed++;
}

static void in_child(void* arg) {
  inherited_t* in = arg;
  uvpool_task_t task = {.data = NULL};
  CHILD_CHECK(uvpool_multi_submit(in->multi, &task, job_work, job_done) ==
              UV_EPERM);
  CHILD_CHECK(uvpool_multi_release(in->multi) == UV_EPERM);
  CHILD_CHECK(uvpool_multi_workers(in->multi) == UV_EPERM);
  CHILD_CHECK(uvpool_multi_tune(in->multi, 2) == UV_EPERM);
  CHILD_CHECK(uv_loop_fork(in->loop) == 0);
  CHILD_CHECK(uvpool_multi_close(in->multi, on_inherited_close) == 0);
  CHILD_CHECK(in->closed == 0);
  uv_run(in->loop, UV_RUN_DEFAULT);
  CHILD_CHECK(in->closed == 1);
}

/* A child may only close what it has inherited. */
static void inherited_by_a_child(void** state) {
  gate_t gate;
  gate_init(&gate);
  inherited_t in = {.loop = *state};
  in.multi = multi_open(*state, 2, UVPOOL_ROUND_ROBIN, 1, 8);
  uvpool_multi_set_data(in.multi, &in);
  job_t* jobs = jobs_new(2, &gate);
  multi_occupy(in.multi, jobs, 2);
  child_run(in_child, &in);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  multi_close(*state, in.multi);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(pools_share_handles),
      loop_test(workers_of_all_expire),
      loop_test(figures),
      loop_test(unlimited),
      loop_test(tune),
      loop_test(release_names_the_late),
      loop_test(drain_runs_what_waits),
      loop_test(close_answers_and_cancels),
      loop_test(close_after_walk),
      loop_test(no_memory_at_any_point),
      loop_test(no_thread_at_any_point),
      loop_test(create_einval),
      loop_test(inherited_by_a_child),
  };
  return kit_run(argc, argv, tests);
}
