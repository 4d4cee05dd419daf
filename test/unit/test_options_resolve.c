/* options.c: what the pool works with: each wish as it was, rounded, or cut.
 * The ranges are in test_options.c. */
#include "options.h"

#include <limits.h>
#include <unistd.h>
#include <string.h>

#include "kit.h"

static uvpool_options_t defaults(void) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  return options;
}

static struct uvpool__settings resolved(const uvpool_options_t* options) {
  struct uvpool__settings settings;
  memset(&settings, 0xa5, sizeof(settings));
  assert_status(uvpool__options_resolve(options, &settings), 0);
  return settings;
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
  assert_int_equal(s.ageing_us, 100000);
  assert_false(s.classed);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    assert_true(s.classes[c].cap == UINT64_MAX);
    assert_int_equal(s.classes[c].reserved, 0);
  }
  assert_string_equal(s.name, "uvpool");
}

/* One cap or one reservation makes a pool of classes; a cap of 0 or less is
 * none, and makes none. */
static void classes_resolve(void** state) {
  (void) state;
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    uvpool_options_t options = defaults();
    options.classes[c].cap = 0;
    assert_false(resolved(&options).classed);
    assert_true(resolved(&options).classes[c].cap == UINT64_MAX);
    options.classes[c].cap = INT64_MIN;
    assert_false(resolved(&options).classed);
    options.classes[c].reserved = 2;
    assert_true(resolved(&options).classed);
    assert_int_equal(resolved(&options).classes[c].reserved, 2);
    options.classes[c].reserved = 0;
    options.classes[c].cap = INT64_MAX;
    assert_true(resolved(&options).classed);
    assert_true(resolved(&options).classes[c].cap == INT64_MAX);
  }
}

/* An ageing of 0 is the default, any other is kept. */
static void ageing_resolves(void** state) {
  (void) state;
  uvpool_options_t options = defaults();
  options.ageing_ms = 0;
  assert_int_equal(resolved(&options).ageing_us, 100000);
  options.ageing_ms = 7;
  assert_int_equal(resolved(&options).ageing_us, 7000);
}

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
  options.expiry_ms = INT64_C(366) * 24 * 3600 * 1000;
  options.spin_us = 1000000;
  options.completions_per_turn = INT64_MAX;
  options.completion_budget_us = INT64_C(3600) * 1000000;
  struct uvpool__settings s = resolved(&options);
  assert_false(s.unlimited);
  assert_int_equal(s.capacity, UVPOOL_CAPACITY_MAX);
  assert_true(s.max_waiting == INT64_MAX);
  assert_int_equal(s.min_workers, 7);
  assert_true(s.expiry_ms == (uint64_t) options.expiry_ms);
  assert_int_equal(s.spin_us, 1000000);
  assert_true(s.completions_per_turn == INT64_MAX);
  assert_true(s.completion_budget_ns ==
              (uint64_t) options.completion_budget_us * 1000);
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
#ifdef _SC_THREAD_STACK_MIN
  if (sysconf(_SC_THREAD_STACK_MIN) > (long) least) {
    least = (size_t) sysconf(_SC_THREAD_STACK_MIN);
  }
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

static void* some_alloc(size_t size, void* context) {
  (void) size;
  return context;
}

static void some_free(void* memory, void* context) {
  (void) memory;
  (void) context;
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
      cmocka_unit_test(null_means_the_defaults),
      cmocka_unit_test(defaults_resolve),
      cmocka_unit_test(classes_resolve),
      cmocka_unit_test(ageing_resolves),
      cmocka_unit_test(no_limit_is_a_large_one),
      cmocka_unit_test(numbers_come_through),
      cmocka_unit_test(zero_expiry_is_the_default),
      cmocka_unit_test(stacks_are_rounded_up),
      cmocka_unit_test(names_are_cut),
      cmocka_unit_test(callbacks_come_through),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
