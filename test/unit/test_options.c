/* options.c: every default, every limit from both sides, every rounding. */
#include "options.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

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
  assert_string_equal(o.name, "uvpool");
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

/* No options are the defaults. */
static void null_means_the_defaults(void** state) {
  (void) state;
  uvpool_options_t options = defaults();
  struct uvpool__settings a;
  struct uvpool__settings b;
  memset(&a, 0, sizeof(a)); /* also what the compiler pads with */
  memset(&b, 0, sizeof(b));
  assert_status(uvpool__options_resolve(NULL, &a), 0);
  assert_status(uvpool__options_resolve(&options, &b), 0);
  assert_memory_equal(&a, &b, sizeof(a));
}

/* The defaults as the pool sees them. */
static void defaults_resolve(void** state) {
  (void) state;
  struct uvpool__settings s = resolved(NULL);
  assert_int_equal(s.flags, 0);
  assert_false(s.unlimited);
  assert_int_equal(s.capacity, 4);
  assert_int_equal(s.max_waiting, 65536);
  assert_int_equal(s.min_workers, 0);
  assert_int_equal(s.expiry_ms, 1000);
  assert_int_equal(s.stack_size, 8 << 20);
  assert_int_equal(s.spin_us, 0);
  assert_true(s.completions_per_turn == UINT64_MAX);
  assert_int_equal(s.completion_budget_ns, 1000000);
  assert_string_equal(s.name, "uvpool");
}

/* ---- Ranges -------------------------------------------------------------- */

/* One number in otherwise default options. */
typedef struct number_s {
  size_t field; /* offset in uvpool_options_t */
  int64_t value;
  int good;
} number_t;

#define FIELD(name) offsetof(uvpool_options_t, name)

static const int64_t year_ms = INT64_C(366) * 24 * 3600 * 1000;
static const int64_t hour_us = INT64_C(3600) * 1000000;

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
    {FIELD(expiry_ms), INT64_C(366) * 24 * 3600 * 1000, 1},
    {FIELD(expiry_ms), INT64_C(366) * 24 * 3600 * 1000 + 1, 0},
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
    {FIELD(completion_budget_us), INT64_C(3600) * 1000000, 1},
    {FIELD(completion_budget_us), INT64_C(3600) * 1000000 + 1, 0},
    {FIELD(completion_budget_us), INT64_MAX, 0},
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
  const uint32_t known = UVPOOL_NO_PURGE | UVPOOL_PREALLOC;
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

/* ---- What is made of them ------------------------------------------------ */

/* "No limit" is the ceiling or the largest number. */
static void no_limit_is_a_large_one(void** state) {
  (void) state;
  uvpool_options_t options = defaults();
  options.capacity = UVPOOL_UNLIMITED;
  options.max_waiting = UVPOOL_UNLIMITED;
  options.completion_budget_us = UVPOOL_UNLIMITED;
  struct uvpool__settings s = resolved(&options);
  assert_true(s.unlimited);
  assert_int_equal(s.capacity, UVPOOL_CAPACITY_MAX);
  assert_true(s.max_waiting == UINT64_MAX);
  assert_true(s.completions_per_turn == UINT64_MAX);
  assert_true(s.completion_budget_ns == UINT64_MAX);
}

/* Numbers that need no rounding come through, the largest ones too. */
static void numbers_come_through(void** state) {
  (void) state;
  uvpool_options_t options = defaults();
  options.capacity = UVPOOL_CAPACITY_MAX;
  options.max_waiting = INT64_MAX;
  options.min_workers = 7;
  options.expiry_ms = year_ms;
  options.spin_us = 1000000;
  options.completions_per_turn = INT64_MAX;
  options.completion_budget_us = hour_us;
  struct uvpool__settings s = resolved(&options);
  assert_false(s.unlimited);
  assert_int_equal(s.capacity, UVPOOL_CAPACITY_MAX);
  assert_true(s.max_waiting == INT64_MAX);
  assert_int_equal(s.min_workers, 7);
  assert_true(s.expiry_ms == (uint64_t) year_ms);
  assert_int_equal(s.spin_us, 1000000);
  assert_true(s.completions_per_turn == INT64_MAX);
  assert_true(s.completion_budget_ns == (uint64_t) hour_us * 1000);
}

/* An expiry of 0 is the default. */
static void zero_expiry_is_the_default(void** state) {
  (void) state;
  uvpool_options_t options = defaults();
  options.expiry_ms = 0;
  assert_int_equal(resolved(&options).expiry_ms, 1000);
}

/* A stack is whole pages, no less than was asked for or the system needs, and
 * no more than a page above that. */
static void stacks_are_rounded_up(void** state) {
  (void) state;
  size_t page = (size_t) sysconf(_SC_PAGESIZE);
  size_t least = 16384;
#ifdef PTHREAD_STACK_MIN
  least = (size_t) PTHREAD_STACK_MIN;
#endif
  const size_t wishes[] = {1,
                           4095,
                           least - 1,
                           least,
                           least + 1,
                           4 * least - 1,
                           4 * least,
                           4 * least + 1,
                           (1 << 30) - 1,
                           1 << 30};
  for (size_t i = 0; i < KIT_COUNT(wishes); i++) {
    uvpool_options_t options = defaults();
    options.stack_size = (int64_t) wishes[i];
    size_t size = resolved(&options).stack_size;
    size_t floor = wishes[i] > least ? wishes[i] : least;
    assert_int_equal(size % page, 0);
    assert_true(size >= floor);
    assert_true(size - floor < page);
  }
}

static void assert_name(const char* wish, const char* expected) {
  uvpool_options_t options = defaults();
  options.name = wish;
  assert_string_equal(resolved(&options).name, expected);
}

/* The name is copied, up to 15 bytes; NULL is the default. */
static void names_are_cut(void** state) {
  (void) state;
  assert_name(NULL, "uvpool");
  assert_name("", "");
  assert_name("db", "db");
  assert_name("fifteen-letters", "fifteen-letters");
  assert_name("sixteen--letters", "sixteen--letter");
  assert_name("a name that is much longer than any", "a name that is ");
  char name[] = "mine";
  uvpool_options_t options = defaults();
  options.name = name;
  struct uvpool__settings s = resolved(&options);
  name[0] = 'X';
  assert_string_equal(s.name, "mine");
}

static void some_panic(uvpool_t* handle, uvpool_task_t* task, const char* why) {
  (void) handle;
  (void) task;
  (void) why;
}

static void some_log(uvpool_t* handle, const char* message) {
  (void) handle;
  (void) message;
}

static void some_drain(uvpool_t* handle) {
  (void) handle;
}

static int some_start(void* data, void** worker_data) {
  (void) data;
  (void) worker_data;
  return 0;
}

static void some_stop(void* data, void* worker_data) {
  (void) data;
  (void) worker_data;
}

/* Callbacks, allocator and data are remembered by value. */
static void callbacks_come_through(void** state) {
  uvpool_options_t options = defaults();
  options.on_panic = some_panic;
  options.on_log = some_log;
  options.on_drain = some_drain;
  options.on_worker_start = some_start;
  options.on_worker_stop = some_stop;
  options.allocator.alloc = some_alloc;
  options.allocator.free = some_free;
  options.allocator.context = &options;
  options.data = state;
  struct uvpool__settings s = resolved(&options);
  assert_true(s.on_panic == some_panic);
  assert_true(s.on_log == some_log);
  assert_true(s.on_drain == some_drain);
  assert_true(s.on_worker_start == some_start);
  assert_true(s.on_worker_stop == some_stop);
  assert_true(s.allocator.alloc == some_alloc);
  assert_true(s.allocator.free == some_free);
  assert_ptr_equal(s.allocator.context, &options);
  assert_ptr_equal(s.data, state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(init_sets_the_defaults),
      cmocka_unit_test(null_means_the_defaults),
      cmocka_unit_test(defaults_resolve),
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
      cmocka_unit_test(no_limit_is_a_large_one),
      cmocka_unit_test(numbers_come_through),
      cmocka_unit_test(zero_expiry_is_the_default),
      cmocka_unit_test(stacks_are_rounded_up),
      cmocka_unit_test(names_are_cut),
      cmocka_unit_test(callbacks_come_through),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
