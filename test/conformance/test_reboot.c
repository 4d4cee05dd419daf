/* ants: a pool that was released can be opened again, and counts to the same
 * sum as before. Release here is asynchronous: a reboot before it is over is
 * told so. */
#include "subject.h"

enum { COUNT = 1000, SUM = 499500 };

static void check_sum(subject_t* subject) {
  atomic_store(&subject->sum, 0);
  subject->done = 0;
  for (int i = 0; i < COUNT; i++) {
    assert_status(subject_submit(subject, i), 0);
  }
  loop_run(subject->loop);
  assert_int_equal(subject->done, COUNT);
  assert_int_equal(atomic_load(&subject->sum), SUM);
}

/* A life: it works, is released, and refuses. */
static void live_once(subject_t* subject) {
  pool_end_t end = {0};
  gate_t gate;
  gate_init(&gate);
  uvpool_set_data(subject->pool, &end);
  assert_status(uvpool_reboot(subject->pool), 0); /* it is open */
  check_sum(subject);
  subject->gate = &gate;
  assert_status(subject_submit(subject, 0), 0);
  gate_await(&gate, 1);
  assert_status(
      uvpool_release_timeout(subject->pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_reboot(subject->pool), UV_EBUSY);
  assert_status(subject_submit(subject, 0), UV_ESHUTDOWN);
  assert_status(producer_submit_one(subject, UINT64_MAX), UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(subject->loop);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  assert_status(subject_submit(subject, 0), UV_ESHUTDOWN);
  subject->gate = NULL;
  gate_destroy(&gate);
}

static void live_twice(subject_t* subject) {
  live_once(subject);
  assert_status(uvpool_reboot(subject->pool), 0);
  assert_int_equal(uvpool_is_closed(subject->pool), 0);
  live_once(subject);
  assert_status(uvpool_reboot(subject->pool), 0);
  check_sum(subject);
}

static void reboot(uv_loop_t* loop, enum kind kind, uint32_t flags) {
  uvpool_options_t options = pool_options(10, UVPOOL_UNLIMITED);
  options.flags = flags;
  subject_t subject;
  subject_open(&subject, loop, kind, &options);
  live_twice(&subject);
  subject_close(&subject);
}

static void for_all_kinds(uv_loop_t* loop, uint32_t flags) {
  reboot(loop, PER_TASK, flags);
  reboot(loop, FUNC, flags);
  reboot(loop, TYPED, flags);
}

PORT(test_reboot_new_pool, for_all_kinds, 0)
PORT(test_reboot_new_pool_calc, reboot, PER_TASK, 0)
PORT(test_reboot_new_pool_with_pre_alloc_calc, for_all_kinds, UVPOOL_PREALLOC)

/* Thread: test. */
static void default_open(subject_t* subject, uv_loop_t* loop) {
  memset(subject, 0, sizeof(*subject));
  subject->loop = loop;
  gauge_init(&subject->gauge);
  assert_status(uvpool_default(loop, &subject->pool), 0);
}

static void test_reboot_default_pool(void** state) {
  subject_t subject;
  default_open(&subject, *state);
  live_twice(&subject);
  pool_close(*state, subject.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_reboot_default_pool),
      loop_test(test_reboot_new_pool),
      loop_test(test_reboot_new_pool_calc),
      loop_test(test_reboot_new_pool_with_pre_alloc_calc),
  };
  return kit_run(argc, argv, tests);
}
