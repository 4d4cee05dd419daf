/* uvpool_tune: a new capacity, at once and without waiting. */
#include "kit.h"

static uvpool_t* open_without_purge(uv_loop_t* loop, int64_t capacity) {
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  return pool_open_with(loop, &options);
}

/* Growing starts what waits, without another submit. */
static void growth_starts_what_waits(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(6, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 5);
  assert_status(uvpool_tune(pool, 2), 0);
  gate_await(&gate, 2);
  assert_int_equal(uvpool_waiting(pool), 4);
  assert_status(uvpool_tune(pool, 5), 0);
  gate_await(&gate, 5);
  assert_int_equal(uvpool_waiting(pool), 1);
  assert_int_equal(uvpool_busy(pool), 5);
  assert_int_equal(uvpool_capacity(pool), 5);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 6);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Growing makes room for submits at once. */
static void growth_makes_room(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  assert_status(job_submit(pool, &jobs[1]), UV_EAGAIN);
  assert_status(uvpool_tune(pool, 2), 0);
  jobs_submit(pool, &jobs[1], 1);
  assert_status(job_submit(pool, &jobs[2]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Shrinking retires idle workers, though nobody purges. */
static void shrinking_retires_idle_workers(void** state) {
  uvpool_t* pool = open_without_purge(*state, 10);
  pool_warm(*state, pool, 10);
  assert_status(uvpool_tune(pool, 2), 0);
  assert_int_equal(uvpool_capacity(pool), 2);
  pool_await_workers(*state, pool, 2);
  assert_int_equal(uvpool_idle(pool), 2);
  pool_close(*state, pool);
}

/* Idle workers go first: the busy ones are as many as may stay. */
static void shrinking_spares_the_busy(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_without_purge(*state, 6);
  pool_warm(*state, pool, 6);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 2);
  assert_status(uvpool_tune(pool, 2), 0);
  pool_await_workers(*state, pool, 2);
  assert_int_equal(uvpool_busy(pool), 2);
  gate_open(&gate);
  loop_run(*state);
  pool_await_idle(*state, pool, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Busy workers leave as they finish; nothing new starts until there are fewer
 * than the capacity, and the figures stay truthful meanwhile. */
static void shrinking_lets_the_busy_finish(void** state) {
  enum { WIDE = 8, NARROW = 2 };
  gate_t gate;
  gate_init(&gate);
  gauge_t gauge;
  gauge_init(&gauge);
  uvpool_t* pool = open_without_purge(*state, WIDE);
  job_t* jobs = jobs_new(WIDE + 4, &gate);
  pool_occupy(pool, jobs, WIDE);
  for (int i = WIDE; i < WIDE + 4; i++) {
    jobs[i].gauge = &gauge;
  }
  jobs_submit(pool, &jobs[WIDE], 4);
  assert_status(uvpool_tune(pool, NARROW), 0);
  assert_int_equal(uvpool_busy(pool), WIDE);
  assert_int_equal(uvpool_available(pool), 0);
  gate_admit(&gate, WIDE - NARROW);
  pool_await_workers(*state, pool, NARROW);
  assert_int_equal(uvpool_waiting(pool), 4);
  assert_int_equal(gate_arrived(&gate), WIDE);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, WIDE + 4);
  assert_true(gauge_most(&gauge) <= NARROW);
  assert_true(uvpool_workers(pool) <= NARROW);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Shrunk with everybody busy, a pool without waiting room refuses until a
 * worker is free under the new capacity. */
static void shrinking_takes_room_away(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 3, 0);
  job_t* jobs = jobs_new(4, &gate);
  pool_occupy(pool, jobs, 3);
  assert_status(uvpool_tune(pool, 1), 0);
  assert_status(job_submit(pool, &jobs[3]), UV_EAGAIN);
  gate_admit(&gate, 2);
  pool_wait_completed(pool, 2);
  assert_status(job_submit(pool, &jobs[3]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_submit(pool, &jobs[3], 1);
  loop_run(*state);
  jobs_assert_ran(jobs, 4);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* The same capacity changes nothing. */
static void same_capacity_is_no_change(void** state) {
  uvpool_t* pool = open_without_purge(*state, 3);
  pool_warm(*state, pool, 3);
  assert_status(uvpool_tune(pool, 3), 0);
  loop_turn(*state, 3);
  assert_int_equal(uvpool_workers(pool), 3);
  assert_int_equal(pool_stats(pool).workers_started, 3);
  pool_close(*state, pool);
}

/* Shrinking frees no slot for too many: after it, growing back works. */
static void shrinks_and_grows_back(void** state) {
  uvpool_t* pool = open_without_purge(*state, 4);
  for (int round = 0; round < 20; round++) {
    pool_warm(*state, pool, 4);
    assert_status(uvpool_tune(pool, 1), 0);
    pool_warm(*state, pool, 1);
    assert_status(uvpool_tune(pool, 4), 0);
  }
  pool_close(*state, pool);
}

/* Capacities that cannot be. */
static void einval(void** state) {
  static const int64_t bad[] = {0,
                                -1,
                                INT64_MIN,
                                UVPOOL_CAPACITY_MAX + 1,
                                INT64_C(1) << 31,
                                INT64_C(1) << 32,
                                (INT64_C(1) << 32) + 2,
                                INT64_MAX};
  uvpool_t* pool = pool_open(*state, 3, 0);
  for (size_t i = 0; i < KIT_COUNT(bad); i++) {
    assert_status(uvpool_tune(pool, bad[i]), UV_EINVAL);
    assert_int_equal(uvpool_capacity(pool), 3);
  }
  assert_status(uvpool_tune(pool, UVPOOL_CAPACITY_MAX), 0);
  assert_status(uvpool_tune(pool, 1), 0);
  pool_close(*state, pool);
}

/* Below the workers that are to be kept. */
static void einval_below_min_workers(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.min_workers = 2;
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_status(uvpool_tune(pool, 1), UV_EINVAL);
  assert_int_equal(uvpool_capacity(pool), 4);
  assert_status(uvpool_tune(pool, 2), 0);
  pool_close(*state, pool);
}

/* An unlimited pool and a preallocated one cannot be tuned. */
static void enotsup(void** state) {
  uvpool_t* unlimited = pool_open(*state, UVPOOL_UNLIMITED, 0);
  assert_status(uvpool_tune(unlimited, 4), UV_ENOTSUP);
  assert_int_equal(uvpool_capacity(unlimited), -1);
  pool_close(*state, unlimited);
  uvpool_options_t options = pool_options(4, 0);
  options.flags = UVPOOL_PREALLOC;
  uvpool_t* preallocated = pool_open_with(*state, &options);
  assert_status(uvpool_tune(preallocated, 2), UV_ENOTSUP);
  assert_int_equal(uvpool_capacity(preallocated), 4);
  pool_close(*state, preallocated);
}

/* A released pool cannot be tuned, and can again after a reboot. */
static void eshutdown(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 0);
  assert_status(uvpool_release(pool), 0);
  assert_status(uvpool_tune(pool, 4), UV_ESHUTDOWN);
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_capacity(pool), 2);
  assert_status(uvpool_tune(pool, 4), 0);
  pool_close(*state, pool);
}

static void tune_to_2(job_t* job) {
  job->result = uvpool_tune(uvpool_task_handle(&job->task), 2);
}

/* It may be called from work and from done. */
static void may_be_called_from_work_and_done(void** state) {
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0);
  job.in_work = tune_to_2;
  job.in_done = tune_to_2;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  assert_status(job.result, 0);
  assert_int_equal(uvpool_capacity(pool), 2);
  pool_close(*state, pool);
}

typedef struct tuner_s {
  uvpool_t* pool;
  uint32_t seed;
  int failures;
} tuner_t;

static void tune_at_random(void* arg) {
  tuner_t* tuner = arg;
  for (int i = 0; i < 300; i++) {
    tuner->seed = tuner->seed * 1664525u + 1013904223u;
    tuner->failures +=
        uvpool_tune(tuner->pool, 1 + (tuner->seed >> 16) % 8) != 0;
  }
}

/* Random capacities under load: nothing is lost, though nobody tunes any more
 * when the last tasks are due, and no more run than the highest allows. */
static void random_tunes_under_load(void** state) {
  enum { ROUNDS = 60, COUNT = 400 };
  gauge_t gauge;
  gauge_init(&gauge);
  tuner_t tuner = {.pool = open_without_purge(*state, 4), .seed = 20240229};
  for (int round = 0; round < ROUNDS; round++) {
    job_t* jobs = jobs_new(COUNT, NULL);
    helper_t helper;
    helper_start(&helper, tune_at_random, &tuner);
    for (int i = 0; i < COUNT; i++) {
      jobs[i].gauge = &gauge;
      jobs_submit(tuner.pool, &jobs[i], 1);
    }
    loop_run(*state);
    jobs_assert_ran(jobs, COUNT);
    helper_join(*state, &helper);
    jobs_free(jobs);
  }
  assert_int_equal(tuner.failures, 0);
  assert_true(gauge_most(&gauge) <= 8);
  assert_status(uvpool_tune(tuner.pool, 1), 0);
  pool_await_workers(*state, tuner.pool, 1);
  pool_close(*state, tuner.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(growth_starts_what_waits),
      loop_test(growth_makes_room),
      loop_test(shrinking_retires_idle_workers),
      loop_test(shrinking_spares_the_busy),
      loop_test(shrinking_lets_the_busy_finish),
      loop_test(shrinking_takes_room_away),
      loop_test(same_capacity_is_no_change),
      loop_test(shrinks_and_grows_back),
      loop_test(einval),
      loop_test(einval_below_min_workers),
      loop_test(enotsup),
      loop_test(eshutdown),
      loop_test(may_be_called_from_work_and_done),
      loop_test(random_tunes_under_load),
  };
  return kit_run(argc, argv, tests);
}
