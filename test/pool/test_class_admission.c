/* Which tasks of a class are admitted, and which options make no sense. */
#include "kit.h"

static uvpool_options_t with_cap(int64_t capacity,
                                 int64_t max_waiting,
                                 int64_t cap) {
  uvpool_options_t options = pool_options(capacity, max_waiting);
  options.classes[1].cap = cap;
  return options;
}

/* ---- Room ---------------------------------------------------------------- */

/* Without a waiting room a class at its cap is refused, others are not. */
static void no_room_beyond_the_cap(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = with_cap(3, 0, 1);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(5, &gate);
  jobs_submit_class(pool, jobs, 1, 1);
  gate_await(&gate, 1);
  assert_status(job_submit_class(pool, &jobs[1], 1), UV_EAGAIN);
  jobs_submit_class(pool, &jobs[2], 1, 2);
  gate_await(&gate, 2);
  jobs_submit(pool, &jobs[3], 1);
  gate_await(&gate, 3);
  assert_status(job_submit(pool, &jobs[4]), UV_EAGAIN);
  assert_status(job_submit_class(pool, &jobs[4], 2), UV_EAGAIN);
  assert_int_equal(pool_stats(pool).refused, 3);
  gate_open(&gate);
  loop_run(*state);
  job_assert_untouched(&jobs[1]);
  jobs_assert_ran(&jobs[2], 2);
  jobs_submit_class(pool, &jobs[1], 1, 1);
  loop_run(*state);
  job_assert_ran(&jobs[1]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Without a waiting room, what is reserved for others counts as busy. */
static void no_room_on_reserved_workers(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(3, 0);
  options.classes[1].reserved = 2;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(6, &gate);
  jobs_submit(pool, jobs, 1);
  gate_await(&gate, 1);
  assert_status(job_submit(pool, &jobs[4]), UV_EAGAIN);
  assert_status(job_submit_class(pool, &jobs[4], 2), UV_EAGAIN);
  jobs_submit_class(pool, &jobs[1], 1, 1);
  gate_await(&gate, 2);
  jobs_submit_class(pool, &jobs[2], 1, 1);
  gate_await(&gate, 3);
  assert_status(job_submit_class(pool, &jobs[4], 1), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* The waiting room is one for all: full of a capped class, it takes as many of
 * another class as there are workers free for them. */
static void a_room_full_of_the_capped(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = with_cap(3, 2, 1);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* capped = jobs_new(4, &gate);
  job_t* others = jobs_new(3, &gate);
  jobs_submit_class(pool, capped, 1, 1);
  gate_await(&gate, 1);
  jobs_submit_class(pool, &capped[1], 2, 1);
  assert_status(job_submit_class(pool, &capped[3], 1), UV_EAGAIN);
  jobs_submit(pool, others, 2); /* on two free workers */
  gate_await(&gate, 3);
  assert_status(job_submit(pool, &others[2]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(capped, 3);
  jobs_assert_ran(others, 2);
  pool_close(*state, pool);
  jobs_free(capped);
  jobs_free(others);
  gate_destroy(&gate);
}

/* The room is counted by the cap, not by the capacity: the bound is on what
 * waits beyond the workers that the class could have. */
static void the_bound_counts_from_the_cap(void** state) {
  enum { CAP = 2, WAITING = 3 };
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = with_cap(8, WAITING, CAP);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(CAP + WAITING + 1, &gate);
  jobs_submit_class(pool, jobs, CAP + WAITING, 1);
  assert_status(job_submit_class(pool, &jobs[CAP + WAITING], 1), UV_EAGAIN);
  gate_await(&gate, CAP);
  assert_status(job_submit_class(pool, &jobs[CAP + WAITING], 1), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, CAP + WAITING);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Callers of submit_wait come before later ones of class 0, not before those of
 * another class; and they are served by room for class 0. */
static void callers_hold_up_class_0_only(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(3, 0);
  options.classes[0].cap = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(4, &gate);
  jobs_submit(pool, jobs, 1);
  gate_await(&gate, 1);
  caller_t caller;
  caller_start_blocked(*state, &caller, pool, &jobs[1], 1);
  assert_status(job_submit(pool, &jobs[2]), UV_EAGAIN);
  assert_status(job_submit_class(pool, &jobs[2], 0), UV_EAGAIN);
  jobs_submit_class(pool, &jobs[2], 1, 1);
  gate_await(&gate, 2);
  jobs_submit_class(pool, &jobs[3], 1, 2);
  gate_await(&gate, 3);
  assert_int_equal(pool_stats(pool).blocked, 1);
  gate_open(&gate);
  assert_status(caller_join(*state, &caller), 0);
  loop_run_until(*state, job_is_done, &jobs[1], "the caller's task");
  loop_run(*state);
  jobs_assert_ran(jobs, 4);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- Room again ---------------------------------------------------------- */

static int drains;

static void count_drain(uvpool_t* pool) {
  (void) pool;
  drains++;
}

static int has_drained(void* arg) {
  (void) arg;
  return drains > 0;
}

/* One of a capped class that was refused hears of room when its class has some,
 * though another class is still without. */
static void on_drain_for_a_capped_class(void** state) {
  gate_t long_gate;
  gate_init(&long_gate);
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = with_cap(2, 0, 1);
  options.classes[0].cap = 1;
  options.on_drain = count_drain;
  drains = 0;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* plain = jobs_new(1, &long_gate);
  job_t* capped = jobs_new(2, &gate);
  pool_occupy(pool, plain, 1);
  jobs_submit_class(pool, capped, 1, 1);
  gate_await(&gate, 1);
  assert_status(job_submit_class(pool, &capped[1], 1), UV_EAGAIN);
  gate_open(&gate);
  loop_run_until(*state, job_is_done, &capped[0], "the capped one");
  loop_run_until(*state, has_drained, NULL, "on_drain");
  jobs_submit_class(pool, &capped[1], 1, 1);
  gate_open(&long_gate);
  loop_run(*state);
  jobs_assert_ran(capped, 2);
  assert_int_equal(drains, 1);
  pool_close(*state, pool);
  jobs_free(plain);
  jobs_free(capped);
  gate_destroy(&gate);
  gate_destroy(&long_gate);
}

/* ---- What makes no sense ------------------------------------------------- */

static void assert_refused(uv_loop_t* loop, const uvpool_options_t* options) {
  uvpool_t* pool = NULL;
  assert_status(uvpool_create(loop, options, &pool), UV_EINVAL);
  assert_null(pool);
}

static void assert_taken(uv_loop_t* loop, const uvpool_options_t* options) {
  pool_close(loop, pool_open_with(loop, options));
}

/* A reservation that is negative, above its cap, or leaves nobody. */
static void einval_reserved(void** state) {
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    const int64_t bad[] = {-1, INT64_MIN, 4, 5, INT64_MAX, INT64_C(1) << 32};
    for (size_t i = 0; i < KIT_COUNT(bad); i++) {
      uvpool_options_t options = pool_options(4, 0);
      options.classes[c].reserved = bad[i];
      assert_refused(*state, &options);
    }
    uvpool_options_t options = pool_options(4, 0);
    options.classes[c].reserved = 3;
    assert_taken(*state, &options);
    options.classes[c].cap = 2;
    assert_refused(*state, &options);
    options.classes[c].cap = 3;
    assert_taken(*state, &options);
    options.classes[c].cap = 0; /* none */
    assert_taken(*state, &options);
    options.classes[(c + 1) % UVPOOL_CLASSES].reserved = 1;
    assert_refused(*state, &options);
  }
}

/* The sum over all classes does not wrap around. */
static void einval_sum(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    options.classes[c].reserved = INT64_MAX / 4 + 1; /* 8 of them: 2^64 */
  }
  assert_refused(*state, &options);
  options = pool_options(UVPOOL_CLASSES, 0);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    options.classes[c].reserved = 1;
  }
  assert_refused(*state, &options);
  options.capacity = UVPOOL_CLASSES + 1;
  assert_taken(*state, &options);
}

/* An unlimited pool has nothing to reserve; a cap it may have. */
static void einval_unlimited(void** state) {
  uvpool_options_t options = pool_options(UVPOOL_UNLIMITED, 0);
  options.classes[3].reserved = 1;
  assert_refused(*state, &options);
  options.classes[3].reserved = 0;
  options.classes[3].cap = 1;
  assert_taken(*state, &options);
}

/* A cap above the capacity, or none however it is said, is fine. */
static void any_cap_is_taken(void** state) {
  const int64_t caps[] = {INT64_MIN, -2, -1, 0, 1, 4, 5, INT64_MAX};
  for (size_t i = 0; i < KIT_COUNT(caps); i++) {
    uvpool_options_t options = with_cap(4, 0, caps[i]);
    assert_taken(*state, &options);
  }
}

/* Classes that do not exist, in a pool with classes and in one without. */
static void einval_task_class(void** state) {
  const int32_t bad[] = {-1, UVPOOL_CLASSES, 256, INT32_MIN, INT32_MAX};
  for (int64_t cap = 0; cap <= 1; cap++) {
    uvpool_options_t options = with_cap(4, 0, cap);
    uvpool_t* pool = pool_open_with(*state, &options);
    job_t job;
    job_init(&job, 0);
    for (size_t i = 0; i < KIT_COUNT(bad); i++) {
      assert_status(job_submit_class(pool, &job, bad[i]), UV_EINVAL);
    }
    uvpool_stats_t s = pool_stats(pool);
    assert_int_equal(s.accepted + s.refused, 0);
    job_assert_untouched(&job);
    jobs_submit_class(pool, &job, 1, UVPOOL_CLASSES - 1);
    loop_run(*state);
    job_assert_ran(&job);
    pool_close(*state, pool);
  }
}

/* Priorities that do not exist. */
static void einval_priority(void** state) {
  const int32_t bad[] = {-1, UVPOOL_PRIORITY_LOW + 1, 256, INT32_MIN};
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  for (size_t i = 0; i < KIT_COUNT(bad); i++) {
    assert_status(job_submit_priority(pool, &job, bad[i]), UV_EINVAL);
  }
  job_assert_untouched(&job);
  pool_close(*state, pool);
}

/* Sizes of options that this library does not know; the others' errors. */
static void einval_size_and_the_rest(void** state) {
  const size_t known = sizeof(uvpool_task_options_t);
  const size_t sizes[] = {0, 1, known - 1, known + 1, SIZE_MAX};
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  uvpool_task_options_t o;
  uvpool_task_options_init(&o);
  uvpool_task_options_init(NULL);
  assert_int_equal(o.size, known);
  for (size_t i = 0; i < KIT_COUNT(sizes); i++) {
    o.size = sizes[i];
    assert_status(job_submit_ex(pool, &job, &o), UV_EINVAL);
  }
  o.size = known;
  uvpool_task_t* task = &job.task;
  assert_status(uvpool_submit_ex(NULL, task, job_work, job_done, &o),
                UV_EINVAL);
  assert_status(uvpool_submit_ex(pool, NULL, job_work, job_done, &o),
                UV_EINVAL);
  assert_status(uvpool_submit_ex(pool, task, NULL, job_done, &o), UV_EINVAL);
  assert_status(uvpool_submit_ex(pool, task, job_work, NULL, &o), UV_EINVAL);
  assert_status(job_submit_ex(pool, &job, &o), 0);
  assert_status(job_submit_ex(pool, &job, &o), UV_EALREADY);
  loop_run(*state);
  job_assert_ran(&job);
  assert_status(uvpool_release(pool), 0);
  assert_status(job_submit_ex(pool, &job, &o), UV_ESHUTDOWN);
  pool_close(*state, pool);
}

/* A capacity has to be more than all that is reserved. */
static void einval_tune(void** state) {
  uvpool_options_t options = pool_options(8, 0);
  options.classes[0].reserved = 1;
  options.classes[7].reserved = 3;
  uvpool_t* pool = pool_open_with(*state, &options);
  for (int64_t capacity = -1; capacity <= 4; capacity++) {
    assert_status(uvpool_tune(pool, capacity), UV_EINVAL);
    assert_int_equal(uvpool_capacity(pool), 8);
  }
  assert_status(uvpool_tune(pool, 5), 0);
  assert_int_equal(uvpool_capacity(pool), 5);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(no_room_beyond_the_cap),
      loop_test(no_room_on_reserved_workers),
      loop_test(a_room_full_of_the_capped),
      loop_test(the_bound_counts_from_the_cap),
      loop_test(callers_hold_up_class_0_only),
      loop_test(on_drain_for_a_capped_class),
      loop_test(einval_reserved),
      loop_test(einval_sum),
      loop_test(einval_unlimited),
      loop_test(any_cap_is_taken),
      loop_test(einval_task_class),
      loop_test(einval_priority),
      loop_test(einval_size_and_the_rest),
      loop_test(einval_tune),
  };
  return kit_run(argc, argv, tests);
}
