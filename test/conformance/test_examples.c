/* ants: the examples of its documentation: a thousand tasks add up 0 to 999. */
#include "subject.h"

enum { COUNT = 1000, SUM = 499500 };

static void add_up(uv_loop_t* loop, enum kind kind, int64_t pools) {
  uvpool_options_t options = pool_options(10, 0);
  subject_t subject;
  producer_t producer;
  assert_status(subject_try_open(
                    &subject, loop, kind, pools, UVPOOL_ROUND_ROBIN, &options),
                0);
  producer_start(&producer, &subject, COUNT, UINT64_MAX);
  subject_await_done(&subject, COUNT);
  helper_join(loop, &producer.helper);
  assert_status(producer.result, 0);
  assert_int_equal(atomic_load(&subject.sum), SUM);
  subject_assert_ended(&subject, COUNT, pools == 0 ? 10 : 10 * pools);
  subject_close(&subject);
}

PORT(example_pool, add_up, PER_TASK, 0)
PORT(example_pool_with_func, add_up, FUNC, 0)
PORT(example_pool_with_func_generic, add_up, TYPED, 0)
PORT(example_multi_pool, add_up, PER_TASK, 10)
PORT(example_multi_pool_with_func, add_up, FUNC, 10)
PORT(example_multi_pool_with_func_generic, add_up, TYPED, 10)

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(example_pool),
      loop_test(example_pool_with_func),
      loop_test(example_pool_with_func_generic),
      loop_test(example_multi_pool),
      loop_test(example_multi_pool_with_func),
      loop_test(example_multi_pool_with_func_generic),
  };
  return kit_run(argc, argv, tests);
}
