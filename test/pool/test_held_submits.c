/* What the loop submits inside a done callback is accepted at once, wherever it
 * is kept until the callback returns: it counts against the bound, can be
 * cancelled from any thread, and is run by a drain. */
#include <string.h>

#include "kit.h"

enum { BOUND = 300 };

typedef struct {
  uvpool_t* pool;
  uvpool_task_t first;
  uvpool_task_t more[BOUND + 2];
  void (*in_done)(void); /* inside the first task's done */
  int accepted;          /* of more */
  int last_error;
  int done;
  int cancelled;
  int result; /* of what another thread tried meanwhile */
  uvpool_task_t foreign;
} held_t;

static held_t held;

static int work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  (void) task;
  held.done++;
  held.cancelled += status == UV_ECANCELED;
}

static void first_done(uvpool_task_t* task, int status) {
  (void) task;
  (void) status;
  held.in_done();
}

static void submit_more(int count) {
  for (int i = 0; i < count; i++) {
    int err = uvpool_submit(held.pool, &held.more[held.accepted], work, done);
    if (err != 0) {
      held.last_error = err;
      return;
    }
    held.accepted++;
  }
}

/* Runs one task whose done calls `in_done`, and all that follows. */
static void run(uv_loop_t* loop, int64_t bound, void (*in_done)(void)) {
  memset(&held, 0, sizeof(held));
  uvpool_options_t options = pool_options(1, bound);
  held.pool = pool_open_with(loop, &options);
  held.in_done = in_done;
  assert_status(uvpool_submit(held.pool, &held.first, work, first_done), 0);
  loop_run(loop);
}

static void in_thread(void (*body)(void* arg)) {
  uv_thread_t thread;
  if (uv_thread_create(&thread, body, NULL) == 0) {
    uv_thread_join(&thread);
  }
}

static void cancel_third(void* arg) {
  (void) arg;
  held.result = uvpool_cancel(&held.more[2]);
}

static void submit_and_have_one_cancelled(void) {
  submit_more(4);
  in_thread(cancel_third);
  int first_result = held.result;
  in_thread(cancel_third); /* as true the second time */
  held.result += first_result;
}

/* Another thread cancels one of them; the others run. */
static void cancelled_by_another_thread(void** state) {
  run(*state, UVPOOL_UNLIMITED, submit_and_have_one_cancelled);
  assert_status(held.result, 0);
  assert_int_equal(held.done, 4);
  assert_int_equal(held.cancelled, 1);
  assert_int_equal(pool_stats(held.pool).cancelled, 1);
  assert_int_equal(pool_stats(held.pool).accepted, 5);
  pool_close(*state, held.pool);
}

static void cancel_on_the_loop(void) {
  submit_more(4);
  held.result = uvpool_cancel(&held.more[3]);
}

/* So may the loop itself, and nothing is called inside the call. */
static void cancelled_on_the_loop(void** state) {
  run(*state, UVPOOL_UNLIMITED, cancel_on_the_loop);
  assert_int_equal(held.done, 4);
  assert_true(held.result == 0 || held.result == UV_EBUSY);
  assert_int_equal(held.cancelled, held.result == 0);
  pool_close(*state, held.pool);
}

static void count_on_the_loop(void) {
  submit_more(3);
  uvpool_stats_t stats = pool_stats(held.pool);
  held.result = (int) stats.accepted;
}

/* Figures read on the loop's thread know of all that it has submitted. */
static void counted_at_once(void** state) {
  run(*state, UVPOOL_UNLIMITED, count_on_the_loop);
  assert_int_equal(held.result, 4);
  pool_close(*state, held.pool);
}

static void submit_from_outside(void* arg) {
  (void) arg;
  held.result = uvpool_submit(held.pool, &held.foreign, work, done);
}

static gate_t gate;
static uvpool_task_t plug;

static int stay(uvpool_task_t* task) {
  gate_pass(task->data);
  return 0;
}

/* With the only worker busy exactly BOUND may wait, by whomever they come. */
static void fill_up(void) {
  plug.data = &gate;
  held.last_error = uvpool_submit(held.pool, &plug, stay, done);
  while (uvpool_busy(held.pool) == 0) /* hands over, and the worker comes */
    uv_sleep(1);
  submit_more(BOUND - 1);
  in_thread(submit_from_outside);
  submit_more(1);
  gate_open(&gate);
}

static void bound_is_exact(void** state) {
  gate_init(&gate);
  run(*state, BOUND, fill_up);
  assert_int_equal(held.accepted, BOUND - 1);
  assert_status(held.result, 0);
  assert_status(held.last_error, UV_EAGAIN);
  assert_int_equal(held.done, BOUND + 1);
  pool_close(*state, held.pool);
  gate_destroy(&gate);
}

static void release_from_outside(void* arg) {
  (void) arg;
  held.result = uvpool_release(held.pool);
}

static void submit_and_be_released(void) {
  submit_more(4);
  in_thread(release_from_outside);
  submit_more(1);
}

/* A release by another thread cancels what is held, and admits no more. */
static void released_by_another_thread(void** state) {
  run(*state, UVPOOL_UNLIMITED, submit_and_be_released);
  assert_int_equal(held.accepted, 4);
  assert_status(held.last_error, UV_ESHUTDOWN);
  assert_int_equal(held.done, 4);
  pool_close(*state, held.pool);
}

static void on_drained(uvpool_t* pool, int status) {
  (void) pool;
  held.result = status == 0 ? held.done : -1;
}

static void submit_and_drain(void) {
  submit_more(4);
  held.result = uvpool_drain(held.pool, UINT64_MAX, on_drained);
}

/* A drain asked for in the same callback runs them all before it reports. */
static void drained_in_the_same_callback(void** state) {
  run(*state, UVPOOL_UNLIMITED, submit_and_drain);
  assert_int_equal(held.result, 4);
  assert_int_equal(held.cancelled, 0);
  pool_close(*state, held.pool);
}

static void submit_and_close(void) {
  submit_more(4);
  held.result = uvpool_close(held.pool, NULL);
}

/* So does a close: each ends once, run or cancelled. */
static void closed_in_the_same_callback(void** state) {
  run(*state, UVPOOL_UNLIMITED, submit_and_close);
  assert_status(held.result, 0);
  assert_int_equal(held.done, 4);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(cancelled_by_another_thread),
      loop_test(cancelled_on_the_loop),
      loop_test(counted_at_once),
      loop_test(bound_is_exact),
      loop_test(released_by_another_thread),
      loop_test(drained_in_the_same_callback),
      loop_test(closed_in_the_same_callback),
  };
  return kit_run(argc, argv, tests);
}
