/* Reserved workers: free for their class whatever others do, and nobody's
 * loss when it asks for none. */
#include <stdbool.h>

#include "kit.h"

static uvpool_t* open_reserved(uv_loop_t* loop,
                               int64_t capacity,
                               int task_class,
                               int64_t reserved) {
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  options.classes[task_class].reserved = reserved;
  return pool_open_with(loop, &options);
}

/* Others flood the pool: they get the rest, and a task of the class finds its
 * worker, again and again. */
static void reserved_workers_are_free(void** state) {
  enum { CAPACITY = 4, RESERVED = 2, FLOOD = 50 };
  gate_t gate;
  gate_init(&gate);
  gate_t own_gate;
  gate_init(&own_gate);
  uvpool_t* pool = open_reserved(*state, CAPACITY, 1, RESERVED);
  job_t* flood = jobs_new(FLOOD, &gate);
  for (int i = 0; i < FLOOD; i++) {
    assert_status(job_submit_class(pool, &flood[i], i % 2 * 3), 0);
  }
  gate_await(&gate, CAPACITY - RESERVED);
  for (unsigned round = 0; round < 5; round++) {
    job_t* own = jobs_new(RESERVED, &own_gate);
    jobs_submit_class(pool, own, RESERVED, 1);
    gate_await(&own_gate, (round + 1) * RESERVED);
    assert_int_equal(pool_stats(pool).classes[1].busy, RESERVED);
    assert_int_equal(gate_arrived(&gate), CAPACITY - RESERVED);
    gate_admit(&own_gate, RESERVED);
    loop_run_until(*state, job_is_done, &own[0], "the reserved one");
    loop_run_until(*state, job_is_done, &own[1], "the other reserved one");
    assert_int_equal(gate_arrived(&gate), CAPACITY - RESERVED);
    jobs_free(own);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(flood, FLOOD);
  pool_close(*state, pool);
  jobs_free(flood);
  gate_destroy(&gate);
  gate_destroy(&own_gate);
}

/* No more of the others ever run than are left: their works count, while those
 * of the class come and go. */
static void others_never_have_more_than_the_rest(void** state) {
  enum { CAPACITY = 5, RESERVED = 3, COUNT = 600 };
  gauge_t others;
  gauge_init(&others);
  uvpool_t* pool = open_reserved(*state, CAPACITY, 6, RESERVED);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    bool own = i % 3 == 0;
    jobs[i].gauge = own ? NULL : &others;
    assert_status(job_submit_class(pool, &jobs[i], own ? 6 : i % 2), 0);
  }
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  assert_true(gauge_most(&others) <= CAPACITY - RESERVED);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* A class may have more than is reserved for it, while the others ask for
 * less. */
static void a_class_may_have_the_rest_too(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_reserved(*state, 4, 1, 1);
  job_t* jobs = jobs_new(5, &gate);
  jobs_submit_class(pool, jobs, 5, 1);
  gate_await(&gate, 4);
  assert_int_equal(pool_stats(pool).classes[1].busy, 4);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 5);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Several classes have their own, and one worker is for whoever comes. */
static void each_class_has_its_own(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(UVPOOL_CLASSES + 1, UVPOOL_UNLIMITED);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    options.classes[c].reserved = 1;
  }
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(2 * UVPOOL_CLASSES, &gate);
  jobs_submit_class(pool, jobs, UVPOOL_CLASSES, 2); /* its own and the shared */
  gate_await(&gate, 2);
  unsigned arrived = 2;
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    jobs_submit_class(pool, &jobs[UVPOOL_CLASSES + c], 1, c);
    arrived += c != 2;
    gate_await(&gate, arrived);
    assert_int_equal(pool_stats(pool).classes[c].busy, c == 2 ? 2 : 1);
  }
  assert_int_equal(uvpool_busy(pool), UVPOOL_CLASSES + 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2 * UVPOOL_CLASSES);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A reserved worker that its class has used is free for it alone again. */
static void it_comes_back_to_its_class(void** state) {
  gate_t own_gate;
  gate_init(&own_gate);
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_reserved(*state, 2, 1, 1);
  job_t* own = jobs_new(3, &own_gate);
  job_t* others = jobs_new(2, &gate);
  jobs_submit_class(pool, own, 2, 1);
  gate_await(&own_gate, 2); /* both workers */
  jobs_submit(pool, others, 2);
  gate_admit(&own_gate, 1);
  gate_await(&gate, 1); /* the one that is shared */
  gate_admit(&own_gate, 1);
  pool_wait_completed(pool, 2);
  loop_run_for(*state, 5);
  assert_int_equal(gate_arrived(&gate), 1); /* the other is not for others */
  jobs_submit_class(pool, &own[2], 1, 1);
  gate_await(&own_gate, 3);
  gate_open(&own_gate);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(own, 3);
  jobs_assert_ran(others, 2);
  pool_close(*state, pool);
  jobs_free(own);
  jobs_free(others);
  gate_destroy(&own_gate);
  gate_destroy(&gate);
}

/* After a tune down with others busy everywhere: the first to finish leave, and
 * what is reserved is free again before more of the others begin. */
static void a_tune_keeps_what_is_reserved(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_reserved(*state, 6, 1, 1);
  job_t* jobs = jobs_new(9, &gate);
  jobs_submit(pool, jobs, 8);
  gate_await(&gate, 5);
  assert_status(uvpool_tune(pool, 1), UV_EINVAL);
  assert_status(uvpool_tune(pool, 2), 0);
  gate_admit(&gate, 3);
  pool_wait_completed(pool, 3);
  assert_int_equal(gate_arrived(&gate), 5);
  gate_admit(&gate, 1); /* one other is left: it has the shared worker */
  pool_wait_completed(pool, 4);
  jobs_submit_class(pool, &jobs[8], 1, 1);
  gate_await(&gate, 6);
  assert_int_equal(pool_stats(pool).classes[0].busy, 1);
  assert_int_equal(pool_stats(pool).classes[1].busy, 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 9);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(reserved_workers_are_free),
      loop_test(others_never_have_more_than_the_rest),
      loop_test(a_class_may_have_the_rest_too),
      loop_test(each_class_has_its_own),
      loop_test(it_comes_back_to_its_class),
      loop_test(a_tune_keeps_what_is_reserved),
  };
  return kit_run(argc, argv, tests);
}
