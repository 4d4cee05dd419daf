/* Numbers as large as their type allows, and NULL wherever a pointer is taken:
 * both are refused, and a pool that lives meanwhile does not notice.
 *
 * The ends of each range are test_create_options.c's; here are the numbers that
 * become small, 0 or negative once somebody squeezes them into fewer bits or
 * multiplies them. */
#include "fault_alloc.h"
#include "kit.h"

#include <string.h>

typedef struct number_case_s {
  const char* name;
  size_t offset; /* of an int64_t in uvpool_options_t */
  int64_t value;
  uint32_t flags; /* of the options */
} number_case_t;

#define NUMBER(field, value, flags)                                            \
  { #field "=" #value, offsetof(uvpool_options_t, field), (value), (flags) }

#define TWO_31 (INT64_C(1) << 31)
#define TWO_32 (INT64_C(1) << 32)
#define TWO_63_DOWN(by) (INT64_MAX - (by) + 1)
/* Rounded up: in nanoseconds they wrap around to next to nothing. */
#define TWO_64_OVER_MILLION INT64_C(18446744073710)
#define TWO_64_OVER_THOUSAND INT64_C(18446744073709552)
#define YEAR_MS (INT64_C(366) * 24 * 3600 * 1000)
#define HOUR_US (INT64_C(3600) * 1000000)

static const number_case_t too_large[] = {
    NUMBER(capacity, TWO_31, UVPOOL_PREALLOC),
    NUMBER(capacity, TWO_32, UVPOOL_PREALLOC),
    NUMBER(capacity, TWO_32 + 1, UVPOOL_PREALLOC),
    NUMBER(capacity, INT64_MAX, UVPOOL_PREALLOC),
    NUMBER(capacity, INT64_MAX / 4 + 2, UVPOOL_PREALLOC), /* times 8: 8 */
    NUMBER(capacity, TWO_31, UVPOOL_NO_PURGE),
    NUMBER(capacity, TWO_32 + 4, UVPOOL_NO_PURGE),
    NUMBER(capacity, TWO_63_DOWN(4), 0),
    NUMBER(min_workers, TWO_32 + 1, 0),
    NUMBER(min_workers, INT64_MAX, 0),
    NUMBER(min_workers, INT64_MAX, UVPOOL_NO_PURGE),
    NUMBER(expiry_ms, YEAR_MS + 1, 0),
    NUMBER(expiry_ms, INT64_MAX, 0),
    NUMBER(expiry_ms, TWO_64_OVER_MILLION, 0),
    NUMBER(stack_size, TWO_63_DOWN(4095), 0), /* rounded up: negative */
    NUMBER(stack_size, TWO_32 + 65536, 0),
    NUMBER(spin_us, TWO_32 + 1, 0),
    NUMBER(spin_us, TWO_63_DOWN(1), 0),
    NUMBER(completion_budget_us, HOUR_US + 1, 0),
    NUMBER(completion_budget_us, INT64_MAX, 0),
    NUMBER(completion_budget_us, TWO_64_OVER_THOUSAND, 0),
};

/* Large, and allowed: they are limits on what never becomes so many. */
static const number_case_t large[] = {
    NUMBER(max_waiting, INT64_MAX, 0),
    NUMBER(max_waiting, INT64_MAX, UVPOOL_PREALLOC),
    NUMBER(max_waiting, TWO_32, 0),
    NUMBER(expiry_ms, YEAR_MS, 0),
    NUMBER(expiry_ms, TWO_32, 0),
    NUMBER(completions_per_turn, TWO_32, 0),
    NUMBER(completion_budget_us, HOUR_US, 0),
};

static uvpool_options_t with_number(const number_case_t* number) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.flags = number->flags;
  memcpy((char*) &options + number->offset, &number->value, sizeof(int64_t));
  return options;
}

static void run_some(uv_loop_t* loop, uvpool_t* pool) {
  enum { COUNT = 9 };
  job_t* jobs = jobs_new(COUNT, NULL);
  jobs_submit(pool, jobs, COUNT);
  loop_run(loop);
  jobs_assert_ran(jobs, COUNT);
  jobs_free(jobs);
}

/* UV_EINVAL, and nothing is kept; the pool beside it goes on. No memory is to
 * be had, lest a capacity that slips through be preallocated. */
static void refuses_what_is_too_large(void** state) {
  uvpool_t* other = pool_open(*state, 2, UVPOOL_UNLIMITED);
  for (size_t i = 0; i < KIT_COUNT(too_large); i++) {
    print_message("  %s, flags %u\n", too_large[i].name, too_large[i].flags);
    fault_alloc_t memory;
    fault_alloc_init(&memory);
    fault_alloc_fail(&memory, 1, FAULT_FOREVER);
    uvpool_options_t options = with_number(&too_large[i]);
    options.allocator = fault_alloc_table(&memory);
    uvpool_t* pool = other;
    assert_status(uvpool_create(*state, &options, &pool), UV_EINVAL);
    run_some(*state, other);
    assert_int_equal(atomic_load(&memory.live), 0);
  }
  pool_close(*state, other);
}

/* Accepted, and the pool works. */
static void takes_what_is_large(void** state) {
  for (size_t i = 0; i < KIT_COUNT(large); i++) {
    print_message("  %s, flags %u\n", large[i].name, large[i].flags);
    uvpool_options_t options = with_number(&large[i]);
    uvpool_t* pool = pool_open_with(*state, &options);
    run_some(*state, pool);
    pool_close(*state, pool);
  }
}

static void go_nowhere(void* arg) {
  *(int*) arg = 1;
}

/* Every call that takes a pointer besides the handle. Also run by a thread that
 * is no loop's, which alone may wait. */
typedef struct null_calls_s {
  uvpool_t* pool;
  job_t* job;
  int called;
  int odd; /* results other than UV_EINVAL */
} null_calls_t;

static void submit_null(void* arg) {
  null_calls_t* calls = arg;
  uvpool_t* pool = calls->pool;
  uvpool_task_t* task = &calls->job->task;
  const int results[] = {
      uvpool_submit(pool, NULL, job_work, job_done),
      uvpool_submit(pool, task, NULL, job_done),
      uvpool_submit(pool, task, job_work, NULL),
      uvpool_submit_wait(pool, NULL, job_work, job_done, UINT64_MAX),
      uvpool_submit_wait(pool, task, NULL, job_done, UINT64_MAX),
      uvpool_submit_wait(pool, task, job_work, NULL, UINT64_MAX),
      uvpool_go(pool, NULL, &calls->called),
      uvpool_go(NULL, go_nowhere, &calls->called),
      uvpool_cancel(NULL),
      uvpool_stats(pool, NULL),
  };
  for (size_t i = 0; i < KIT_COUNT(results); i++) {
    calls->odd += results[i] != UV_EINVAL;
  }
}

static void check_null_calls(uv_loop_t* loop, null_calls_t* calls) {
  helper_t helper;
  submit_null(calls);
  assert_int_equal(calls->odd, 0);
  helper_start(&helper, submit_null, calls);
  helper_join(loop, &helper);
  assert_int_equal(calls->odd, 0);
  assert_status(uvpool_release_timeout(calls->pool, 0, NULL), UV_EINVAL);
  assert_status(uvpool_drain(calls->pool, 0, NULL), UV_EINVAL);
  assert_int_equal(calls->called, 0);
}

/* With an empty pool, with one that is full, and when all is over: nothing is
 * counted, nothing called, and the tasks there are end as they would have. */
static void null_harms_nobody(void** state) {
  gate_t gate;
  gate_init(&gate);
  job_t unused;
  job_init(&unused, 0);
  null_calls_t calls = {.pool = pool_open(*state, 2, 3), .job = &unused};
  check_null_calls(*state, &calls);
  assert_int_equal(uvpool_workers(calls.pool), 0);
  job_t* jobs = jobs_new(5, &gate);
  pool_occupy(calls.pool, jobs, 2);
  jobs_submit(calls.pool, &jobs[2], 3);
  check_null_calls(*state, &calls);
  assert_int_equal(pool_stats(calls.pool).accepted, 5);
  assert_int_equal(pool_stats(calls.pool).refused, 0);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 5);
  check_null_calls(*state, &calls);
  job_assert_untouched(&unused);
  jobs_submit(calls.pool, &unused, 1);
  loop_run(*state);
  job_assert_ran(&unused);
  pool_close(*state, calls.pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(refuses_what_is_too_large),
      loop_test(takes_what_is_large),
      loop_test(null_harms_nobody),
  };
  return kit_run(argc, argv, tests);
}
