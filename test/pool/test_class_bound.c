/* The bound of a class on what waits: it is refused, and others are not. */
#include "kit.h"

enum { CAPACITY = 2, POOL_BOUND = 100 };

static uvpool_t* open_bounded(uv_loop_t* loop,
                              int task_class,
                              int64_t cap,
                              int64_t max_waiting) {
  uvpool_options_t options = pool_options(CAPACITY, POOL_BOUND);
  options.flags = UVPOOL_NO_PURGE;
  options.classes[task_class].cap = cap;
  options.classes[task_class].max_waiting = max_waiting;
  return pool_open_with(loop, &options);
}

/* As many come in as may run and wait, one more is refused; plain ones still
 * come in; and when one has run, there is room for one. */
static void a_full_class_leaves_room_for_others(void** state) {
  for (int bound = 0; bound <= 3; bound++) {
    int room = bound + 1; /* and one that runs */
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = open_bounded(*state, 1, 1, bound);
    job_t* jobs = jobs_new(room + 3, &gate);
    jobs_submit_class(pool, jobs, room, 1);
    assert_status(job_submit_class(pool, &jobs[room], 1), UV_EAGAIN);
    gate_await(&gate, 1);
    assert_status(job_submit_class(pool, &jobs[room], 1), UV_EAGAIN);
    assert_status(job_submit(pool, &jobs[room + 1]), 0);
    gate_await(&gate, 2);
    assert_status(job_submit(pool, &jobs[room + 2]), 0);
    assert_int_equal(pool_stats(pool).classes[1].waiting, bound);
    assert_int_equal(pool_stats(pool).refused, 2);
    gate_open(&gate);
    loop_run(*state);
    assert_status(job_submit_class(pool, &jobs[room], 1), 0);
    loop_run(*state);
    jobs_assert_ran(jobs, room + 3);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* The pool's own bound counts too, and is met first. */
static void the_pools_bound_counts_too(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(1, 2);
  options.classes[1].max_waiting = 10;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(4, &gate);
  jobs_submit_class(pool, jobs, 3, 1);
  assert_status(job_submit_class(pool, &jobs[3], 1), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Of class 0 it is a bound on plain submits. */
static void class_0_is_bounded(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_bounded(*state, 0, UVPOOL_UNLIMITED, 3);
  job_t* jobs = jobs_new(CAPACITY + 5, &gate);
  jobs_submit(pool, jobs, CAPACITY + 3);
  assert_status(job_submit(pool, &jobs[CAPACITY + 3]), UV_EAGAIN);
  assert_status(job_submit_class(pool, &jobs[CAPACITY + 4], 5), 0);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, CAPACITY + 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* What waits behind in a serial queue waits. */
static void those_behind_count(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_serial_t serial;
  uvpool_t* pool = open_bounded(*state, 2, UVPOOL_UNLIMITED, 1);
  assert_status(uvpool_serial_init(pool, &serial), 0);
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.task_class = 2;
  options.serial = &serial;
  job_t* jobs = jobs_new(4, &gate);
  for (int i = 0; i < 3; i++) { /* two workers, and one that waits */
    assert_status(job_submit_ex(pool, &jobs[i], &options), 0);
  }
  gate_await(&gate, 1);
  assert_int_equal(pool_stats(pool).classes[2].waiting, 2);
  assert_status(job_submit_ex(pool, &jobs[3], &options), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* No bound is none; less than that is nonsense. */
static void einval_less_than_unlimited(void** state) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  assert_int_equal(options.classes[7].max_waiting, UVPOOL_UNLIMITED);
  options.classes[7].max_waiting = UVPOOL_UNLIMITED - 1;
  uvpool_t* pool = NULL;
  assert_status(uvpool_create(*state, &options, &pool), UV_EINVAL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(a_full_class_leaves_room_for_others),
      loop_test(the_pools_bound_counts_too),
      loop_test(class_0_is_bounded),
      loop_test(those_behind_count),
      loop_test(einval_less_than_unlimited),
  };
  return kit_run(argc, argv, tests);
}
