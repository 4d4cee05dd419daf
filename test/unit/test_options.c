/* options.c: every default, and every limit from both sides. */
#include "options.h"

#include <string.h>

#include "kit.h"

/* What create makes of the options. */
static int resolve(const uvpool_options_t* options) {
  struct uvpool__settings settings;
  return uvpool__options_resolve(options, &settings);
}

static struct uvpool__settings resolved(const uvpool_options_t* options) {
  struct uvpool__settings settings;
  memset(&settings, 0xa5, sizeof(settings));
  assert_status(uvpool__options_resolve(options, &settings), 0);
  return settings;
}

static uvpool_options_t defaults(void) {
  uvpool_options_t options;
  memset(&options, 0xa5, sizeof(options));
  uvpool_options_init(&options);
  return options;
}

/* ---- Defaults ------------------------------------------------------------ */

/* What uvpool_options_init writes is what the header says. */
static void init_sets_the_defaults(void** state) {
  (void) state;
  uvpool_options_t o = defaults();
  assert_int_equal(o.size, sizeof(o));
  assert_int_equal(o.flags, 0);
  assert_int_equal(o.capacity, 4);
  assert_int_equal(o.max_waiting, 65536);
  assert_int_equal(o.min_workers, 0);
  assert_int_equal(o.expiry_ms, 1000);
  assert_int_equal(o.stack_size, 0);
  assert_int_equal(o.spin_us, 0);
  assert_int_equal(o.completions_per_turn, UVPOOL_UNLIMITED);
  assert_int_equal(o.completion_budget_us, 1000);
  assert_int_equal(o.ageing_ms, 100);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    assert_int_equal(o.classes[c].cap, UVPOOL_UNLIMITED);
    assert_int_equal(o.classes[c].reserved, 0);
  }
  assert_string_equal(o.name, "uvpool");
  assert_true(o.on_task == NULL);
  assert_true(o.on_panic == NULL);
  assert_true(o.on_log == NULL);
  assert_true(o.on_drain == NULL);
  assert_true(o.on_worker_start == NULL);
  assert_true(o.on_worker_stop == NULL);
  assert_true(o.allocator.alloc == NULL);
  assert_true(o.allocator.free == NULL);
  assert_null(o.allocator.context);
  assert_null(o.data);
}

/* ---- Ranges -------------------------------------------------------------- */

/* One number in otherwise default options. */
typedef struct number_s {
  size_t field; /* offset in uvpool_options_t */
  int64_t value;
  int good;
} number_t;

#define FIELD(name) offsetof(uvpool_options_t, name)

#define YEAR_MS (INT64_C(366) * 24 * 3600 * 1000)
#define HOUR_US (INT64_C(3600) * 1000000)

static const number_t numbers[] = {
    {FIELD(capacity), INT64_MIN, 1},
    {FIELD(capacity), -1, 1},
    {FIELD(capacity), 0, 1},
    {FIELD(capacity), 1, 1},
    {FIELD(capacity), UVPOOL_CAPACITY_MAX, 1},
    {FIELD(capacity), UVPOOL_CAPACITY_MAX + 1, 0},
    {FIELD(capacity), INT64_C(1) << 31, 0},
    {FIELD(capacity), INT64_C(1) << 32, 0},
    {FIELD(capacity), (INT64_C(1) << 32) + 1, 0},
    {FIELD(capacity), INT64_MAX, 0},
    {FIELD(max_waiting), INT64_MIN, 0},
    {FIELD(max_waiting), -2, 0},
    {FIELD(max_waiting), UVPOOL_UNLIMITED, 1},
    {FIELD(max_waiting), 0, 1},
    {FIELD(max_waiting), 1, 1},
    {FIELD(max_waiting), INT64_MAX, 1},
    {FIELD(min_workers), INT64_MIN, 0},
    {FIELD(min_workers), -1, 0},
    {FIELD(min_workers), 0, 1},
    {FIELD(min_workers), 4, 1}, /* the default capacity */
    {FIELD(min_workers), 5, 0},
    {FIELD(min_workers), INT64_MAX, 0},
    {FIELD(expiry_ms), INT64_MIN, 0},
    {FIELD(expiry_ms), -1, 0},
    {FIELD(expiry_ms), 0, 1},
    {FIELD(expiry_ms), 1, 1},
    {FIELD(expiry_ms), YEAR_MS, 1},
    {FIELD(expiry_ms), YEAR_MS + 1, 0},
    {FIELD(expiry_ms), INT64_MAX, 0},
    {FIELD(stack_size), INT64_MIN, 0},
    {FIELD(stack_size), -1, 0},
    {FIELD(stack_size), 0, 1},
    {FIELD(stack_size), 1, 1},
    {FIELD(stack_size), 1 << 30, 1},
    {FIELD(stack_size), (1 << 30) + 1, 0},
    {FIELD(stack_size), INT64_MAX, 0},
    {FIELD(spin_us), INT64_MIN, 0},
    {FIELD(spin_us), -1, 0},
    {FIELD(spin_us), 0, 1},
    {FIELD(spin_us), 1000000, 1},
    {FIELD(spin_us), 1000001, 0},
    {FIELD(spin_us), INT64_MAX, 0},
    {FIELD(completions_per_turn), INT64_MIN, 0},
    {FIELD(completions_per_turn), -2, 0},
    {FIELD(completions_per_turn), UVPOOL_UNLIMITED, 1},
    {FIELD(completions_per_turn), 0, 0},
    {FIELD(completions_per_turn), 1, 1},
    {FIELD(completions_per_turn), INT64_MAX, 1},
    {FIELD(completion_budget_us), INT64_MIN, 0},
    {FIELD(completion_budget_us), -2, 0},
    {FIELD(completion_budget_us), UVPOOL_UNLIMITED, 1},
    {FIELD(completion_budget_us), 0, 0},
    {FIELD(completion_budget_us), 1, 1},
    {FIELD(completion_budget_us), HOUR_US, 1},
    {FIELD(completion_budget_us), HOUR_US + 1, 0},
    {FIELD(completion_budget_us), INT64_MAX, 0},
    {FIELD(ageing_ms), INT64_MIN, 0},
    {FIELD(ageing_ms), -1, 0},
    {FIELD(ageing_ms), 0, 1},
    {FIELD(ageing_ms), 1, 1},
    {FIELD(ageing_ms), YEAR_MS, 1},
    {FIELD(ageing_ms), YEAR_MS + 1, 0},
    {FIELD(ageing_ms), INT64_MAX, 0},
    {FIELD(classes[0].cap), INT64_MIN, 1},
    {FIELD(classes[7].cap), 0, 1},
    {FIELD(classes[7].cap), 1, 1},
    {FIELD(classes[7].cap), INT64_MAX, 1},
    {FIELD(classes[0].reserved), INT64_MIN, 0},
    {FIELD(classes[0].reserved), -1, 0},
    {FIELD(classes[0].reserved), 0, 1},
    {FIELD(classes[7].reserved), 3, 1}, /* of the default capacity */
    {FIELD(classes[7].reserved), 4, 0},
    {FIELD(classes[7].reserved), INT64_MAX, 0},
};

static void set_number(uvpool_options_t* options, size_t at, int64_t value) {
  memcpy((char*) options + at, &value, sizeof(value));
}

/* The last good and the first bad value of every number. */
static void numbers_have_their_ranges(void** state) {
  (void) state;
  for (size_t i = 0; i < KIT_COUNT(numbers); i++) {
    uvpool_options_t options = defaults();
    set_number(&options, numbers[i].field, numbers[i].value);
    int expected = numbers[i].good ? 0 : UV_EINVAL;
    int rc = resolve(&options);
    if (rc != expected) {
      fail_msg("%lld at offset %zu: %s, not %s",
               (long long) numbers[i].value,
               numbers[i].field,
               rc == 0 ? "0" : uvpool_err_name(rc),
               expected == 0 ? "0" : uvpool_err_name(expected));
    }
  }
}

/* Each known flag is taken, each other bit refused. */
static void flags_are_known_or_refused(void** state) {
  (void) state;
  const uint32_t known = UVPOOL_NO_PURGE | UVPOOL_PREALLOC | UVPOOL_EXACT_TIMES;
  for (int bit = 0; bit < 32; bit++) {
    uvpool_options_t options = defaults();
    options.flags = UINT32_C(1) << bit;
    assert_status(resolve(&options),
                  (options.flags & known) != 0 ? 0 : UV_EINVAL);
  }
  uvpool_options_t options = defaults();
  options.flags = known;
  assert_int_equal(resolved(&options).flags, known);
}

/* UVPOOL_NO_PURGE: the expiry is not looked at. */
static void no_purge_needs_no_expiry(void** state) {
  (void) state;
  static const int64_t any[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
  for (size_t i = 0; i < KIT_COUNT(any); i++) {
    uvpool_options_t options = defaults();
    options.flags = UVPOOL_NO_PURGE;
    options.expiry_ms = any[i];
    assert_status(resolve(&options), 0);
  }
}

/* UVPOOL_PREALLOC: only a finite number of records can be allocated. */
static void prealloc_needs_a_capacity(void** state) {
  (void) state;
  uvpool_options_t options = defaults();
  options.flags = UVPOOL_PREALLOC;
  options.capacity = 1;
  assert_status(resolve(&options), 0);
  options.capacity = 0;
  assert_status(resolve(&options), UV_EINVAL);
  options.capacity = UVPOOL_UNLIMITED;
  assert_status(resolve(&options), UV_EINVAL);
}

/* min_workers goes up to the capacity, and without one up to the ceiling. */
static void min_workers_fit_the_capacity(void** state) {
  (void) state;
  static const int64_t capacities[] = {1, 2, UVPOOL_CAPACITY_MAX, 0, -1};
  for (size_t i = 0; i < KIT_COUNT(capacities); i++) {
    uvpool_options_t options = defaults();
    options.capacity = capacities[i];
    options.min_workers =
        capacities[i] > 0 ? capacities[i] : UVPOOL_CAPACITY_MAX;
    assert_status(resolve(&options), 0);
    options.min_workers++;
    assert_status(resolve(&options), UV_EINVAL);
  }
}

static void* some_alloc(size_t size, void* context) {
  (void) size;
  return context;
}

static void some_free(void* memory, void* context) {
  (void) memory;
  (void) context;
}

/* An allocator has both functions or none. */
static void half_an_allocator_is_refused(void** state) {
  (void) state;
  uvpool_options_t options = defaults();
  options.allocator.alloc = some_alloc;
  assert_status(resolve(&options), UV_EINVAL);
  options.allocator.free = some_free;
  assert_status(resolve(&options), 0);
  options.allocator.alloc = NULL;
  assert_status(resolve(&options), UV_EINVAL);
}

/* ---- Sizes --------------------------------------------------------------- */

/* A structure of another version is refused. */
static void sizes_are_known_or_refused(void** state) {
  (void) state;
  static const size_t bad[] = {0,
                               1,
                               sizeof(size_t),
                               sizeof(uvpool_options_t) - 1,
                               sizeof(uvpool_options_t) + 1,
                               SIZE_MAX};
  for (size_t i = 0; i < KIT_COUNT(bad); i++) {
    uvpool_options_t options = defaults();
    options.size = bad[i];
    assert_status(resolve(&options), UV_EINVAL);
  }
}

/* A caller that knows fewer fields gets no others written to. */
static void init_of_a_smaller_structure(void** state) {
  (void) state;
  uvpool_options_t options;
  size_t size = FIELD(expiry_ms);
  memset(&options, 0xa5, sizeof(options));
  uvpool_options_init_sized(&options, size);
  assert_int_equal(options.size, size);
  assert_int_equal(options.capacity, 4);
  assert_int_equal(options.min_workers, 0);
  const unsigned char* bytes = (const unsigned char*) &options;
  for (size_t i = size; i < sizeof(options); i++) {
    assert_int_equal(bytes[i], 0xa5);
  }
}

/* A caller that knows more fields finds those zero. */
static void init_of_a_larger_structure(void** state) {
  (void) state;
  struct {
    uvpool_options_t options;
    unsigned char more[64];
  } larger;
  memset(&larger, 0xa5, sizeof(larger));
  uvpool_options_init_sized(&larger.options, sizeof(larger));
  assert_int_equal(larger.options.size, sizeof(larger));
  assert_int_equal(larger.options.capacity, 4);
  for (size_t i = 0; i < sizeof(larger.more); i++) {
    assert_int_equal(larger.more[i], 0);
  }
}

/* NULL is ignored. */
static void init_of_null(void** state) {
  (void) state;
  uvpool_options_init(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(init_sets_the_defaults),
      cmocka_unit_test(numbers_have_their_ranges),
      cmocka_unit_test(flags_are_known_or_refused),
      cmocka_unit_test(no_purge_needs_no_expiry),
      cmocka_unit_test(prealloc_needs_a_capacity),
      cmocka_unit_test(min_workers_fit_the_capacity),
      cmocka_unit_test(half_an_allocator_is_refused),
      cmocka_unit_test(sizes_are_known_or_refused),
      cmocka_unit_test(init_of_a_smaller_structure),
      cmocka_unit_test(init_of_a_larger_structure),
      cmocka_unit_test(init_of_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
