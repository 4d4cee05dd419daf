/* ants: what a full pool says: Nonblocking refuses at once, MaxBlockingTasks
 * lets so many callers wait; and room that comes up is room. */
#include "subject.h"

enum { CAPACITY = 10 };

/* Fills the pool; its tasks stand at the gate. */
static void fill(subject_t* subject, gate_t* gate) {
  gate_init(gate);
  subject->gate = gate;
  for (int i = 0; i < CAPACITY; i++) {
    assert_status(subject_submit(subject, i), 0);
  }
  gate_await(gate, CAPACITY);
}

/* A done callback finds its own room: in ants the worker may not have come back
 * yet when the task's own signal is seen. */
static void submit_one_more(subject_t* subject, int number) {
  (void) number;
  subject->in_done = NULL;
  assert_status(subject_submit(subject, CAPACITY), 0);
}

static void nonblocking(uv_loop_t* loop, enum kind kind) {
  uvpool_options_t options = pool_options(CAPACITY, 0);
  subject_t subject;
  gate_t gate;
  subject_open(&subject, loop, kind, &options);
  fill(&subject, &gate);
  assert_status(subject_submit(&subject, 0), UV_EAGAIN);
  assert_status(producer_submit_one(&subject, NO_WAIT), UV_EAGAIN);
  gate_admit(&gate, 1);
  subject_await_done(&subject, 1);
  assert_status(producer_submit_one(&subject, NO_WAIT), 0);
  gate_await(&gate, CAPACITY + 1);
  assert_status(subject_submit(&subject, 0), UV_EAGAIN);
  subject.in_done = submit_one_more;
  gate_open(&gate);
  loop_run(loop);
  subject_await_done(&subject, CAPACITY + 2);
  subject_assert_ended(&subject, CAPACITY + 2, CAPACITY);
  subject_close(&subject);
  gate_destroy(&gate);
}

PORT(test_nonblocking_submit, nonblocking, PER_TASK)
PORT(test_nonblocking_submit_with_func, nonblocking, FUNC)
PORT(test_nonblocking_submit_with_func_generic, nonblocking, TYPED)

static void max_blocking(uv_loop_t* loop, enum kind kind) {
  uvpool_options_t options = pool_options(CAPACITY, 0);
  options.max_blocked = 1;
  subject_t subject;
  gate_t gate;
  producer_t blocked;
  subject_open(&subject, loop, kind, &options);
  fill(&subject, &gate);
  producer_start(&blocked, &subject, 1, UINT64_MAX);
  pool_await_blocked(loop, subject.pool, 1);
  assert_status(producer_submit_one(&subject, UINT64_MAX), UV_EAGAIN);
  gate_open(&gate);
  helper_join(loop, &blocked.helper);
  assert_status(blocked.result, 0);
  subject_await_done(&subject, CAPACITY + 1);
  subject_assert_ended(&subject, CAPACITY + 1, CAPACITY);
  subject_close(&subject);
  gate_destroy(&gate);
}

PORT(test_max_blocking_submit, max_blocking, PER_TASK)
PORT(test_max_blocking_submit_with_func, max_blocking, FUNC)
PORT(test_max_blocking_submit_with_func_generic, max_blocking, TYPED)

/* A loop does not block: there it is tasks that wait, not callers. */
static void max_waiting_on_loop(uv_loop_t* loop, enum kind kind) {
  uvpool_options_t options = pool_options(CAPACITY, 1);
  subject_t subject;
  gate_t gate;
  subject_open(&subject, loop, kind, &options);
  fill(&subject, &gate);
  assert_status(subject_submit(&subject, CAPACITY), 0);
  assert_int_equal(uvpool_waiting(subject.pool), 1);
  assert_status(subject_submit(&subject, 0), UV_EAGAIN);
  gate_open(&gate);
  loop_run(loop);
  subject_assert_ended(&subject, CAPACITY + 1, CAPACITY);
  subject_close(&subject);
  gate_destroy(&gate);
}

PORT(max_waiting_per_task, max_waiting_on_loop, PER_TASK)
PORT(max_waiting_func, max_waiting_on_loop, FUNC)
PORT(max_waiting_typed, max_waiting_on_loop, TYPED)

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_nonblocking_submit),
      loop_test(test_nonblocking_submit_with_func),
      loop_test(test_nonblocking_submit_with_func_generic),
      loop_test(test_max_blocking_submit),
      loop_test(test_max_blocking_submit_with_func),
      loop_test(test_max_blocking_submit_with_func_generic),
      loop_test(max_waiting_per_task),
      loop_test(max_waiting_func),
      loop_test(max_waiting_typed),
  };
  return kit_run(argc, argv, tests);
}
