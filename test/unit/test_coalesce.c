/* coalesce.h: how many completions may be left lying, and for whom none. */
#include "coalesce.h"

#include "kit.h"

/* Two handles; only their addresses matter. */
static char one;
static char other;

static const uvpool_t* handle(char* which) {
  return (const uvpool_t*) (void*) which;
}

/* How many in a row, up to `most`, after one that woke the loop. */
static uint64_t in_a_row(uint64_t backlog, uint64_t run_ns, uint64_t most) {
  struct uvpool__coalescer coalescer = {0};
  uint64_t count = 0;
  assert_false(
      uvpool__coalesce(&coalescer, handle(&one), UINT64_MAX, run_ns)); /* new */
  while (count < most &&
         uvpool__coalesce(&coalescer, handle(&one), backlog, run_ns)) {
    count++;
  }
  return count;
}

/* A sixteenth of what waits, and never more than so many. */
static void a_share_of_the_backlog(void** state) {
  (void) state;
  assert_int_equal(in_a_row(0, 1000, 1000), 0);
  assert_int_equal(in_a_row(15, 1000, 1000), 0);
  assert_int_equal(in_a_row(16, 1000, 1000), 1);
  assert_int_equal(in_a_row(160, 1000, 1000), 10);
  assert_int_equal(in_a_row(UINT64_MAX, 1000, 1000), 64);
}

/* Not if tasks are long, or nobody knows; and for 200 us in all. */
static void short_tasks_only(void** state) {
  (void) state;
  assert_int_equal(in_a_row(UINT64_MAX, 0, 1000), 0);
  assert_int_equal(in_a_row(UINT64_MAX, 10000, 1000), 20);
  assert_int_equal(in_a_row(UINT64_MAX, 30000, 1000), 6);
  assert_int_equal(in_a_row(UINT64_MAX, 30001, 1000), 0);
  assert_int_equal(in_a_row(UINT64_MAX, UINT64_MAX, 1000), 0);
}

/* Whoever had to wake the loop begins again. */
static void then_all_over_again(void** state) {
  (void) state;
  struct uvpool__coalescer coalescer = {0};
  for (int i = 0; i < 100; i++) {
    bool first = i % 3 == 0; /* a backlog of 32 is good for two */
    assert_int_equal(uvpool__coalesce(&coalescer, handle(&one), 32, 1000),
                     !first);
  }
}

/* What is left lying for one loop is not forgotten over another. */
static void each_handle_by_itself(void** state) {
  (void) state;
  struct uvpool__coalescer coalescer = {0};
  for (int i = 0; i < 10; i++) {
    const uvpool_t* now = i % 2 == 0 ? handle(&one) : handle(&other);
    assert_false(uvpool__coalesce(&coalescer, now, 1000, 1000));
  }
  assert_true(uvpool__coalesce(&coalescer, handle(&other), 1000, 1000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_share_of_the_backlog),
      cmocka_unit_test(short_tasks_only),
      cmocka_unit_test(then_all_over_again),
      cmocka_unit_test(each_handle_by_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
