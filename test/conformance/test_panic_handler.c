/* ants: a panicking task is reported once, to the handler or to the log, and
 * the pool lives on. Here the handler runs on the loop, and release waits for
 * it. */
#include "subject.h"

enum { PANICS = 10 };

static struct {
  int handled;
  int logged;
  int busy; /* as seen by the handler */
  char text[256];
} heard;

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason) {
  assert_non_null(task);
  heard.handled++;
  heard.busy = (int) uvpool_busy(pool);
  snprintf(heard.text, sizeof(heard.text), "%s", reason);
}

static void on_log(uvpool_t* pool, const char* message) {
  (void) pool;
  heard.logged++;
  snprintf(heard.text, sizeof(heard.text), "%s", message);
}

/* One panic after the other; then a task that does not. */
static void panic_often(uv_loop_t* loop,
                        enum kind kind,
                        uint32_t flags,
                        bool handled) {
  uvpool_options_t options = pool_options(PANICS, 0);
  subject_t subject;
  memset(&heard, 0, sizeof(heard));
  options.flags = flags;
  options.on_panic = handled ? on_panic : NULL;
  options.on_log = on_log;
  subject_open(&subject, loop, kind, &options);
  subject.panic = "Oops!";
  for (int i = 1; i <= PANICS; i++) {
    assert_status(subject_submit(&subject, i), 0);
    loop_run(loop);
    assert_int_equal(handled ? heard.handled : heard.logged, i);
    assert_int_equal(handled ? heard.logged : heard.handled, 0);
    assert_int_equal(heard.busy, 0);
    assert_non_null(strstr(heard.text, "Oops!"));
    assert_int_equal(subject.panicked, i);
  }
  pool_await_workers(loop, subject.pool, 0);
  subject.panic = NULL;
  assert_status(producer_submit_one(&subject, UINT64_MAX), 0);
  subject_await_done(&subject, PANICS + 1);
  subject_assert_ended(&subject, PANICS + 1, PANICS);
  assert_int_equal(subject.panicked, PANICS);
  subject_close(&subject);
}

static void for_all_kinds(uv_loop_t* loop, uint32_t flags, bool handled) {
  panic_often(loop, PER_TASK, flags, handled);
  panic_often(loop, FUNC, flags, handled);
  panic_often(loop, TYPED, flags, handled);
}

PORT(test_panic_handler, for_all_kinds, 0, true)
PORT(test_panic_handler_pre_malloc, for_all_kinds, UVPOOL_PREALLOC, true)
PORT(test_pool_panic_without_handler, for_all_kinds, 0, false)
PORT(test_pool_panic_without_handler_pre_malloc,
     for_all_kinds,
     UVPOOL_PREALLOC,
     false)

/* In ants a release may be over while the handler still runs. */
static void on_release(uvpool_t* pool, int status) {
  (void) pool;
  assert_status(status, 0);
  assert_int_equal(heard.handled, PANICS);
  heard.handled += 100;
}

static void release_waits_for_the_handler(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(PANICS, 0);
  subject_t subject;
  memset(&heard, 0, sizeof(heard));
  options.on_panic = on_panic;
  subject_open(&subject, *state, FUNC, &options);
  subject.panic = "late";
  subject.gate = &gate;
  for (int i = 0; i < PANICS; i++) {
    assert_status(subject_submit(&subject, i), 0);
  }
  gate_await(&gate, PANICS);
  assert_status(uvpool_release_timeout(subject.pool, UINT64_MAX, on_release),
                0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(heard.handled, PANICS + 100);
  subject_close(&subject);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_panic_handler),
      loop_test(test_panic_handler_pre_malloc),
      loop_test(test_pool_panic_without_handler),
      loop_test(test_pool_panic_without_handler_pre_malloc),
      loop_test(release_waits_for_the_handler),
  };
  return kit_run(argc, argv, tests);
}
