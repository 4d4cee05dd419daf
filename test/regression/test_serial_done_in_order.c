/* The done callbacks of one serial queue come in the order of its works.
 *
 * The worker that had run one let the next begin before it handed the first to
 * the loop; another worker could run the next and overtake it there. */
#include <stdlib.h>

#include "kit.h"

enum { CAPACITY = 8, COUNT = 60000, ROUNDS = 5 };

/* Loop thread. */
typedef struct line_s {
  uvpool_task_t* tasks;
  uvpool_task_t* expected;
  uint64_t out_of_order;
} line_t;

static line_t line;

static int no_work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void in_line(uvpool_task_t* task, int status) {
  (void) status;
  line.out_of_order += task != line.expected;
  line.expected = task + 1;
}

static void aside(uvpool_task_t* task, int status) {
  (void) task;
  (void) status;
}

static void one_round(uv_loop_t* loop) {
  uvpool_serial_t serial;
  uvpool_t* pool = pool_open(loop, CAPACITY, UVPOOL_UNLIMITED);
  uvpool_task_t* others = calloc(COUNT, sizeof(*others));
  line.tasks = calloc(COUNT, sizeof(*line.tasks));
  line.expected = line.tasks;
  line.out_of_order = 0;
  assert_non_null(others);
  assert_non_null(line.tasks);
  assert_status(uvpool_serial_init(pool, &serial), 0);
  for (int i = 0; i < COUNT; i++) {
    assert_status(uvpool_submit(pool, &others[i], no_work, aside), 0);
    assert_status(
        uvpool_serial_submit(&serial, &line.tasks[i], no_work, in_line), 0);
  }
  loop_run(loop);
  assert_ptr_equal(line.expected, line.tasks + COUNT);
  assert_int_equal(line.out_of_order, 0);
  pool_close(loop, pool);
  free(line.tasks);
  free(others);
}

static void done_comes_in_order(void** state) {
  for (int i = 0; i < ROUNDS; i++) {
    one_round(*state);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(done_comes_in_order),
  };
  return kit_run(argc, argv, tests);
}
