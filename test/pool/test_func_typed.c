/* UVPOOL_FUNC_DEFINE: the argument is copied in, the function writes its result
 * into the copy, done reads it there. */
#include "kit.h"

#include <string.h>

typedef struct sum_s {
  int a;
  int b;
  int sum;
  char padding[100];
} sum_t;

UVPOOL_FUNC_DEFINE(adder, sum_t);
UVPOOL_FUNC_DEFINE(doubler, int);
UVPOOL_FUNC_DEFINE(upper, char*);

typedef struct wide_s {
  _Alignas(256) char bytes[256];
} wide_t;

UVPOOL_FUNC_DEFINE(widener, wide_t);

static int add(sum_t* sum) {
  sum->sum = sum->a + sum->b;
  return sum->padding[99];
}

static struct {
  int done;
  int total;
  int status;
} told;

static void on_sum(adder_t adder, sum_t* sum, int status) {
  assert_non_null(adder_func(adder));
  told.done++;
  told.total += sum->sum;
  told.status = status;
}

/* Changing the caller's variable after the call changes nothing. */
static void a_struct_by_value(void** state) {
  uvpool_options_t options = pool_options(2, 64);
  adder_t adder;
  memset(&told, 0, sizeof(told));
  assert_status(adder_create(*state, add, &options, &adder), 0);
  sum_t sum = {.a = 0, .b = 1};
  sum.padding[99] = 7;
  for (int i = 0; i < 50; i++) {
    sum.a = i;
    assert_status(adder_invoke_done(adder, sum, on_sum), 0);
    sum.a = -1000;
  }
  loop_run(*state);
  assert_int_equal(told.done, 50);
  assert_int_equal(told.total, 49 * 50 / 2 + 50);
  assert_int_equal(told.status, 7);
  assert_status(adder_close(adder, NULL), 0);
  loop_run(*state);
}

static int times_two(int* number) {
  *number *= 2;
  return *number;
}

static void on_doubled(doubler_t doubler, int* number, int status) {
  (void) doubler;
  told.done++;
  told.total += *number;
  assert_int_equal(*number, status);
}

/* A number, 0 included, on several pools, in one file with the others. */
static void a_number_on_a_multi_pool(void** state) {
  uvpool_options_t options = pool_options(1, 64);
  doubler_t doubler;
  memset(&told, 0, sizeof(told));
  assert_status(
      doubler_create_multi(
          *state, 3, UVPOOL_ROUND_ROBIN, times_two, &options, &doubler),
      0);
  for (int i = 0; i < 10; i++) {
    assert_status(doubler_invoke_done(doubler, i, on_doubled), 0);
    assert_status(doubler_invoke(doubler, i), 0);
  }
  loop_run(*state);
  assert_int_equal(told.done, 10);
  assert_int_equal(told.total, 90);
  assert_int_equal(uvpool_multi_count(uvpool_func_multi(doubler_func(doubler))),
                   3);
  assert_status(doubler_close(doubler, NULL), 0);
  loop_run(*state);
}

static int first_letter(char** text) {
  (*text)[0] = 'X';
  return 0;
}

/* A pointer is copied, what it points at is not. */
static void a_pointer(void** state) {
  upper_t upper;
  char text[] = "abc";
  assert_status(upper_create(*state, first_letter, NULL, &upper), 0);
  assert_status(upper_invoke(upper, text), 0);
  assert_status(upper_invoke_wait(upper, text, NULL, 0), UV_EPERM);
  loop_run(*state);
  assert_string_equal(text, "Xbc");
  /* The untyped calls do not know what to copy. */
  assert_status(uvpool_func_invoke(upper_func(upper), text), UV_EINVAL);
  assert_status(uvpool_func_invoke_value(upper_func(upper), NULL, NULL),
                UV_EINVAL);
  assert_status(upper_close(upper, NULL), 0);
  loop_run(*state);
}

static int widen(wide_t* wide) {
  return wide->bytes[0];
}

/* No function, no place for the result, no pools, no such alignment. */
static void einval(void** state) {
  adder_t adder;
  assert_status(adder_create(*state, NULL, NULL, &adder), UV_EINVAL);
  assert_status(adder_create(*state, add, NULL, NULL), UV_EINVAL);
  assert_status(
      adder_create_multi(*state, 0, UVPOOL_ROUND_ROBIN, add, NULL, &adder),
      UV_EINVAL);
  widener_t widener;
  assert_status(widener_create(*state, widen, NULL, &widener), UV_EINVAL);
  adder = (adder_t) {NULL};
  assert_status(adder_invoke(adder, (sum_t) {.a = 1}), UV_EINVAL);
  assert_status(adder_close(adder, NULL), UV_EINVAL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(a_struct_by_value),
      loop_test(a_number_on_a_multi_pool),
      loop_test(a_pointer),
      loop_test(einval),
  };
  return kit_run(argc, argv, tests);
}
