/* uvpool_create: which options it takes, which it refuses, and that a refusal
 * leaves nothing behind. */
#include "fault_alloc.h"
#include "kit.h"

#include <string.h>

typedef struct number_case_s {
  const char* name;
  size_t offset; /* of an int64_t in uvpool_options_t */
  int64_t value;
} number_case_t;

#define NUMBER(field, value)                                                   \
  { #field "=" #value, offsetof(uvpool_options_t, field), (value) }

#define TWO_31 (INT64_C(1) << 31)
#define TWO_32 (INT64_C(1) << 32)

/* Out of range, each alone in otherwise default options. 2^31 and 2^32 would
 * turn negative and 0 in an int. */
static const number_case_t bad_numbers[] = {
    NUMBER(capacity, UVPOOL_CAPACITY_MAX + 1),
    NUMBER(capacity, TWO_31),
    NUMBER(capacity, TWO_32),
    NUMBER(capacity, TWO_32 + 4),
    NUMBER(capacity, INT64_MAX),
    NUMBER(max_waiting, -2),
    NUMBER(max_waiting, -TWO_32),
    NUMBER(max_waiting, INT64_MIN),
    NUMBER(min_workers, -1),
    NUMBER(min_workers, 5), /* above the default capacity */
    NUMBER(min_workers, TWO_31),
    NUMBER(min_workers, TWO_32),
    NUMBER(min_workers, INT64_MIN),
    NUMBER(expiry_ms, -1),
    NUMBER(expiry_ms, -TWO_32),
    NUMBER(expiry_ms, INT64_MIN),
    NUMBER(stack_size, -1),
    NUMBER(stack_size, (INT64_C(1) << 30) + 1),
    NUMBER(stack_size, TWO_32),
    NUMBER(stack_size, INT64_MAX),
    NUMBER(stack_size, INT64_MIN),
    NUMBER(spin_us, -1),
    NUMBER(spin_us, 1000001),
    NUMBER(spin_us, TWO_32),
    NUMBER(spin_us, INT64_MAX),
    NUMBER(completions_per_turn, 0),
    NUMBER(completions_per_turn, -2),
    NUMBER(completions_per_turn, -TWO_32),
    NUMBER(completions_per_turn, INT64_MIN),
    NUMBER(completion_budget_us, 0),
    NUMBER(completion_budget_us, -2),
    NUMBER(completion_budget_us, -TWO_32),
    NUMBER(completion_budget_us, INT64_MIN),
    NUMBER(ageing_ms, -1),
    NUMBER(ageing_ms, -TWO_32),
    NUMBER(ageing_ms, INT64_MIN),
    NUMBER(ageing_ms, INT64_MAX),
    NUMBER(classes[0].reserved, -1),
    NUMBER(classes[0].reserved, 4), /* the default capacity */
    NUMBER(classes[7].reserved, INT64_MIN),
    NUMBER(classes[7].reserved, TWO_32),
    NUMBER(classes[7].reserved, INT64_MAX),
};

/* The ends of each range. */
static const number_case_t good_numbers[] = {
    NUMBER(capacity, 1),
    NUMBER(capacity, UVPOOL_CAPACITY_MAX),
    NUMBER(capacity, 0),
    NUMBER(capacity, -1),
    NUMBER(capacity, INT64_MIN),
    NUMBER(max_waiting, 0),
    NUMBER(max_waiting, UVPOOL_UNLIMITED),
    NUMBER(max_waiting, TWO_32),
    NUMBER(max_waiting, INT64_MAX),
    NUMBER(min_workers, 0),
    NUMBER(min_workers, 4),
    NUMBER(expiry_ms, 0),
    NUMBER(expiry_ms, 1),
    NUMBER(expiry_ms, TWO_31),
    NUMBER(stack_size, 0),
    NUMBER(stack_size, 1),
    NUMBER(stack_size, INT64_C(1) << 30),
    NUMBER(spin_us, 1),
    NUMBER(spin_us, 1000000),
    NUMBER(completions_per_turn, 1),
    NUMBER(completions_per_turn, UVPOOL_UNLIMITED),
    NUMBER(completions_per_turn, INT64_MAX),
    NUMBER(completion_budget_us, 1),
    NUMBER(completion_budget_us, UVPOOL_UNLIMITED),
    NUMBER(completion_budget_us, INT64_C(3600000000)),
    NUMBER(ageing_ms, 0),
    NUMBER(ageing_ms, 1),
    NUMBER(ageing_ms, INT64_C(366) * 24 * 3600 * 1000),
    NUMBER(classes[0].cap, 1),
    NUMBER(classes[0].cap, INT64_MIN),
    NUMBER(classes[7].cap, INT64_MAX),
    NUMBER(classes[0].reserved, 3),
    NUMBER(classes[7].reserved, 3),
};

static uvpool_options_t with_number(const number_case_t* number) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  memcpy((char*) &options + number->offset, &number->value, sizeof(int64_t));
  return options;
}

/* Refused, and once the loop has turned nothing is on it and no memory out. */
static void assert_refused(uv_loop_t* loop, uvpool_options_t* options) {
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  if (options->allocator.alloc == NULL && options->allocator.free == NULL) {
    options->allocator = fault_alloc_table(&memory);
  }
  uvpool_t* pool = NULL;
  assert_status(uvpool_create(loop, options, &pool), UV_EINVAL);
  loop_run(loop);
  assert_int_equal(loop_handles(loop), 0);
  assert_int_equal(atomic_load(&memory.live), 0);
}

/* Accepted, and the pool runs a task. */
static void assert_usable(uv_loop_t* loop, const uvpool_options_t* options) {
  job_t job;
  job_init(&job, 0);
  uvpool_t* pool = pool_open_with(loop, options);
  jobs_submit(pool, &job, 1);
  loop_run(loop);
  job_assert_ran(&job);
  pool_close(loop, pool);
}

/* Every number out of its range is refused. */
static void refuses_bad_numbers(void** state) {
  for (size_t i = 0; i < KIT_COUNT(bad_numbers); i++) {
    print_message("  %s\n", bad_numbers[i].name);
    uvpool_options_t options = with_number(&bad_numbers[i]);
    assert_refused(*state, &options);
  }
}

/* Every number at the end of its range is accepted and works. */
static void accepts_good_numbers(void** state) {
  for (size_t i = 0; i < KIT_COUNT(good_numbers); i++) {
    print_message("  %s\n", good_numbers[i].name);
    uvpool_options_t options = with_number(&good_numbers[i]);
    assert_usable(*state, &options);
  }
}

/* A size that this version does not know is refused. */
static void refuses_unknown_sizes(void** state) {
  const size_t known = sizeof(uvpool_options_t);
  const size_t sizes[] = {
      0, 1, sizeof(size_t), known - 1, known + 1, known + 8, SIZE_MAX};
  for (size_t i = 0; i < KIT_COUNT(sizes); i++) {
    uvpool_options_t options;
    uvpool_options_init(&options);
    options.size = sizes[i];
    assert_refused(*state, &options);
  }
}

/* Flags that nobody knows are refused; the known ones go together. */
static void refuses_unknown_flags(void** state) {
  const uint32_t known = UVPOOL_NO_PURGE | UVPOOL_PREALLOC | UVPOOL_EXACT_TIMES;
  uvpool_options_t options;
  for (unsigned bit = 0; bit < 32; bit++) {
    uvpool_options_init(&options);
    options.flags = UINT32_C(1) << bit;
    if ((options.flags & known) == 0) {
      assert_refused(*state, &options);
    } else {
      assert_usable(*state, &options);
    }
  }
  uvpool_options_init(&options);
  options.flags = known;
  assert_usable(*state, &options);
}

/* Preallocation needs a finite capacity. */
static void refuses_unlimited_prealloc(void** state) {
  const int64_t unlimited[] = {0, -1, INT64_MIN};
  for (size_t i = 0; i < KIT_COUNT(unlimited); i++) {
    uvpool_options_t options = pool_options(unlimited[i], 0);
    options.flags = UVPOOL_PREALLOC;
    assert_refused(*state, &options);
  }
}

/* More workers to start than the ceiling, with an unlimited capacity. */
static void refuses_min_workers_beyond_ceiling(void** state) {
  uvpool_options_t options = pool_options(UVPOOL_UNLIMITED, 0);
  options.min_workers = UVPOOL_CAPACITY_MAX + 1;
  assert_refused(*state, &options);
}

/* Without purge nobody looks at the expiry. */
static void ignores_expiry_without_purge(void** state) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.flags = UVPOOL_NO_PURGE;
  options.expiry_ms = -1;
  assert_usable(*state, &options);
  options.expiry_ms = INT64_MIN;
  assert_usable(*state, &options);
}

/* An allocator of which only one half is set is refused. */
static void refuses_half_an_allocator(void** state) {
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.allocator.alloc = fault_alloc_table(&memory).alloc;
  options.allocator.context = &memory;
  assert_refused(*state, &options);
  uvpool_options_init(&options);
  options.allocator.free = fault_alloc_table(&memory).free;
  options.allocator.context = &memory;
  assert_refused(*state, &options);
  assert_int_equal(atomic_load(&memory.total), 0);
}

/* A NULL loop or handle is refused. */
static void refuses_null(void** state) {
  uvpool_t* pool = NULL;
  assert_status(uvpool_create(NULL, NULL, &pool), UV_EINVAL);
  assert_status(uvpool_create(*state, NULL, NULL), UV_EINVAL);
}

/* NULL options mean the defaults, which start no thread. */
static void null_options_are_the_defaults(void** state) {
  uvpool_t* pool = pool_open_with(*state, NULL);
  assert_int_equal(uvpool_capacity(pool), 4);
  assert_int_equal(uvpool_workers(pool), 0);
  assert_null(uvpool_get_data(pool));
  pool_close(*state, pool);
}

/* uvpool_options_init sets the documented defaults. */
static void init_sets_the_defaults(void** state) {
  (void) state;
  uvpool_options_t o;
  memset(&o, 0xff, sizeof(o));
  uvpool_options_init(&o);
  assert_int_equal(o.size, sizeof(o));
  assert_int_equal(o.flags, 0);
  assert_int_equal(o.capacity, 4);
  assert_int_equal(o.max_waiting, 65536);
  assert_int_equal(o.min_workers, 0);
  assert_true(o.expiry_ms == 0 || o.expiry_ms == 1000);
  assert_int_equal(o.stack_size, 0);
  assert_int_equal(o.spin_us, 0);
  assert_true(o.completions_per_turn == UVPOOL_UNLIMITED);
  assert_int_equal(o.completion_budget_us, 1000);
  assert_true(o.on_panic == NULL && o.on_log == NULL && o.on_drain == NULL);
  assert_true(o.on_worker_start == NULL && o.on_worker_stop == NULL);
  assert_true(o.allocator.alloc == NULL && o.allocator.free == NULL);
  assert_null(o.data);
}

/* It writes nothing beyond the size that the caller was compiled with. */
static void init_stays_within_the_callers_size(void** state) {
  (void) state;
  union {
    uvpool_options_t options;
    unsigned char bytes[sizeof(uvpool_options_t)];
  } old;
  for (size_t size = sizeof(size_t); size <= sizeof(old); size++) {
    memset(&old, 0xa5, sizeof(old));
    uvpool_options_init_sized(&old.options, size);
    for (size_t i = size; i < sizeof(old); i++) {
      assert_int_equal(old.bytes[i], 0xa5);
    }
  }
  uvpool_options_init_sized(NULL, sizeof(uvpool_options_t));
}

/* The options are read, not kept. */
static void does_not_keep_the_options(void** state) {
  uvpool_options_t options = pool_options(2, 0);
  options.data = &options;
  uvpool_t* pool = pool_open_with(*state, &options);
  memset(&options, 0xff, sizeof(options));
  assert_int_equal(uvpool_capacity(pool), 2);
  assert_ptr_equal(uvpool_get_data(pool), &options);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(refuses_bad_numbers),
      loop_test(accepts_good_numbers),
      loop_test(refuses_unknown_sizes),
      loop_test(refuses_unknown_flags),
      loop_test(refuses_unlimited_prealloc),
      loop_test(refuses_min_workers_beyond_ceiling),
      loop_test(ignores_expiry_without_purge),
      loop_test(refuses_half_an_allocator),
      loop_test(refuses_null),
      loop_test(null_options_are_the_defaults),
      cmocka_unit_test(init_sets_the_defaults),
      cmocka_unit_test(init_stays_within_the_callers_size),
      loop_test(does_not_keep_the_options),
  };
  return kit_run(argc, argv, tests);
}
