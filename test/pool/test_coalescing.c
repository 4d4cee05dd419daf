/* Completions of short tasks may be left lying until a few have come together.
 * That must not be noticed by whoever waits for one. */
#include "kit.h"

enum { THREADS_MAX = 2, FLOOD = 256, BEHIND = 128, ROUNDS = KIT_TSAN ? 5 : 60 };

/* A flood of short tasks, then a long one for each worker, with more short ones
 * behind. Loop thread; the long ones wait at the gate. */
static struct {
  uvpool_t* pool;
  gate_t gate;
  int left; /* of the flood, to submit again */
  int out;  /* of the flood */
  int rest_out;
} flood;

static int work_short(uvpool_task_t* task) {
  (void) task;
  for (volatile int i = 0; i < 300; i++) {
  }
  return 0;
}

static int work_long(uvpool_task_t* task) {
  (void) task;
  gate_pass(&flood.gate);
  return 0;
}

static void on_rest(uvpool_task_t* task, int status) {
  (void) task;
  assert_int_equal(status, 0);
  flood.rest_out--;
}

static void on_flood(uvpool_task_t* task, int status) {
  assert_int_equal(status, 0);
  if (flood.left > 0) {
    flood.left--;
    assert_status(uvpool_submit(flood.pool, task, work_short, on_flood), 0);
  } else if (--flood.out == 0) {
    gate_open(&flood.gate);
  }
}

static void submit_all(uvpool_task_t* tasks,
                       int count,
                       uvpool_work_cb work,
                       uvpool_done_cb done) {
  for (int i = 0; i < count; i++) {
    assert_status(uvpool_submit(flood.pool, &tasks[i], work, done), 0);
  }
}

static int is_over(void* arg) {
  (void) arg;
  return flood.out == 0 && flood.rest_out == 0;
}

/* Every worker blocks until each task of the flood has come back, the last of
 * which may have been left lying by just these workers: nobody is there to wake
 * the loop for them. */
static void long_tasks_after_short_ones(uv_loop_t* loop, int threads) {
  static uvpool_task_t in_flood[FLOOD];
  static uvpool_task_t behind[BEHIND];
  static uvpool_task_t are_long[THREADS_MAX];
  flood.pool = pool_open(loop, threads, UVPOOL_UNLIMITED);
  for (int round = 0; round < ROUNDS; round++) {
    gate_init(&flood.gate);
    flood.left = 20000; /* the workers forget the last long ones */
    flood.out = FLOOD;
    flood.rest_out = threads + BEHIND;
    submit_all(in_flood, FLOOD, work_short, on_flood);
    while (flood.left > 0) {
      uv_run(loop, UV_RUN_ONCE);
    }
    submit_all(are_long, threads, work_long, on_rest);
    submit_all(behind, BEHIND, work_short, on_rest);
    loop_run_until(loop, is_over, NULL, "all tasks to be done");
    gate_destroy(&flood.gate);
  }
  pool_close(loop, flood.pool);
}

static void one_worker(void** state) {
  long_tasks_after_short_ones(*state, 1);
}

static void two_workers(void** state) {
  long_tasks_after_short_ones(*state, THREADS_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      loop_test(one_worker),
      loop_test(two_workers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
