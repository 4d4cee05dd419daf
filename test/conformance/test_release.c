/* ants: release while callers are blocked, and release with a time limit. */
#include "subject.h"

/* Capacity 1, two producers of 30 tasks each, released in the middle: both come
 * back at once, told so, and exactly what was accepted has run or was
 * cancelled. */
static void release_when_running(uv_loop_t* loop, enum kind kind) {
  enum { PRODUCERS = 2, EACH = 30 };
  uvpool_options_t options = pool_options(1, 0);
  subject_t subject;
  producer_t producers[PRODUCERS];
  subject_open(&subject, loop, kind, &options);
  subject.sleep_ms = 2;
  for (int i = 0; i < PRODUCERS; i++) {
    producer_start(&producers[i], &subject, EACH, UINT64_MAX);
  }
  subject_await_done(&subject, 10);
  pool_await_blocked(loop, subject.pool, PRODUCERS);
  assert_status(uvpool_release(subject.pool), 0);
  int accepted = 0;
  for (int i = 0; i < PRODUCERS; i++) {
    helper_join(loop, &producers[i].helper);
    assert_status(producers[i].result, UV_ESHUTDOWN);
    accepted += producers[i].accepted;
  }
  assert_true(accepted < PRODUCERS * EACH);
  subject_await_done(&subject, accepted);
  subject_assert_ended(&subject, accepted, 1);
  subject_close(&subject);
}

PORT(test_release_when_running_pool, release_when_running, PER_TASK)
PORT(test_release_when_running_pool_with_func, release_when_running, FUNC)
PORT(test_release_when_running_pool_with_func_generic,
     release_when_running,
     TYPED)

/* Enough time: all tasks run to their end first. Too little: told so, and it
 * can be waited for once more, which ants does not offer. */
static void release_in_time(subject_t* subject) {
  enum { COUNT = 5 };
  gate_t gate;
  pool_end_t end = {0};
  gate_init(&gate);
  uvpool_set_data(subject->pool, &end);
  subject->gate = &gate;
  for (int i = 0; i < COUNT; i++) {
    assert_status(subject_submit(subject, i), 0);
  }
  assert_status(uvpool_drain(subject->pool, 1, pool_on_release), 0);
  loop_run_until(subject->loop, pool_is_released, &end, "the time limit");
  assert_status(end.status, UV_ETIMEDOUT);
  end = (pool_end_t) {0};
  assert_status(uvpool_drain(subject->pool, 3600000, pool_on_release), 0);
  gate_open(&gate);
  loop_run(subject->loop);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  assert_int_equal(subject->done, COUNT);
  assert_int_equal(atomic_load(&subject->ran), COUNT);
  assert_int_equal(uvpool_workers(subject->pool), 0);
  /* Again, when it is over: at once, and once. */
  assert_status(
      uvpool_release_timeout(subject->pool, UINT64_MAX, pool_on_release), 0);
  loop_run(subject->loop);
  assert_int_equal(end.count, 2);
  assert_status(end.status, 0);
  gate_destroy(&gate);
}

static void release_timeout(uv_loop_t* loop, enum kind kind) {
  uvpool_options_t options = pool_options(3, 10);
  subject_t subject;
  subject_open(&subject, loop, kind, &options);
  release_in_time(&subject);
  subject_close(&subject);
}

static void test_release_timeout(void** state) {
  release_timeout(*state, PER_TASK);
  release_timeout(*state, FUNC);
  release_timeout(*state, TYPED);
}

static void test_default_pool_release_timeout(void** state) {
  subject_t subject;
  memset(&subject, 0, sizeof(subject));
  subject.loop = *state;
  gauge_init(&subject.gauge);
  assert_status(uvpool_default(*state, &subject.pool), 0);
  release_in_time(&subject);
  pool_close(*state, subject.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_release_when_running_pool),
      loop_test(test_release_when_running_pool_with_func),
      loop_test(test_release_when_running_pool_with_func_generic),
      loop_test(test_release_timeout),
      loop_test(test_default_pool_release_timeout),
  };
  return kit_run(argc, argv, tests);
}
