/* ants: a pool without a capacity: a task that submits another one does not
 * wait for itself, and there is nothing to tune. Threads have a price, so there
 * is a ceiling of UVPOOL_CAPACITY_MAX here. */
#include "subject.h"

/* The first task submits the second, and waits for it. */
static void nest(subject_t* subject, int number) {
  if (number == 1 && subject_submit(subject, 2) != 0) {
    uvpool_panic("the nested submit was refused");
  }
}

static void infinite(uv_loop_t* loop, enum kind kind) {
  uvpool_options_t options = pool_options(-1, 0);
  subject_t subject;
  gate_t gate;
  gate_init(&gate);
  subject_open(&subject, loop, kind, &options);
  subject.gate = &gate;
  subject.in_work = nest;
  assert_status(producer_submit_one(&subject, UINT64_MAX), 0);
  assert_status(subject_submit(&subject, 1), 0);
  gate_await(&gate, 3);
  assert_int_equal(uvpool_workers(subject.pool), 3);
  assert_int_equal(uvpool_busy(subject.pool), 3);
  assert_int_equal(uvpool_capacity(subject.pool), -1);
  assert_int_equal(uvpool_available(subject.pool), -1);
  assert_status(uvpool_tune(subject.pool, 1), UV_ENOTSUP);
  assert_int_equal(uvpool_capacity(subject.pool), -1);
  gate_open(&gate);
  subject_await_done(&subject, 3);
  subject_assert_ended(&subject, 3, UVPOOL_CAPACITY_MAX);
  assert_int_equal(subject.panicked, 0);
  subject_close(&subject);
  gate_destroy(&gate);
  options.flags = UVPOOL_PREALLOC;
  assert_status(
      subject_try_open(&subject, loop, kind, 0, UVPOOL_ROUND_ROBIN, &options),
      UV_EINVAL);
}

PORT(test_infinite_pool, infinite, PER_TASK)
PORT(test_infinite_pool_with_func, infinite, FUNC)
PORT(test_infinite_pool_with_func_generic, infinite, TYPED)

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_infinite_pool),
      loop_test(test_infinite_pool_with_func),
      loop_test(test_infinite_pool_with_func_generic),
  };
  return kit_run(argc, argv, tests);
}
