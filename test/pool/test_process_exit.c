/* A process may exit with pools open; nothing hangs and nothing crashes. */
#include "child.h"
#include "kit.h"

#if KIT_TSAN
/* Threads that outlive main are what is tested, no mistake to be reported. */
const char* __tsan_default_options(void);
const char* __tsan_default_options(void) {
  return "report_thread_leaks=0";
}
#endif

/* Reachable to the end, as in a program: nothing here is a leak. */
static uv_loop_t loop;
static uvpool_t* pool;
static uvpool_task_t tasks[8];
static uv_sem_t never;

static int block_for_ever(uvpool_task_t* task) {
  (void) task;
  uv_sem_wait(&never);
  return 0;
}

static int trivial_work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void on_done(uvpool_task_t* task, int status) {
  (void) task;
  (void) status;
}

static void open_pool(int64_t min_workers) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = 2;
  options.min_workers = min_workers;
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  CHILD_CHECK(uvpool_create(&loop, &options, &pool) == 0);
}

static void submit(int count, uvpool_work_cb work) {
  for (int i = 0; i < count; i++) {
    CHILD_CHECK(uvpool_submit(pool, &tasks[i], work, on_done) == 0);
  }
}

static void leave_unused(void* arg) {
  (void) arg;
  open_pool(0);
}

static void leave_idle_workers(void* arg) {
  (void) arg;
  open_pool(2);
  submit(4, trivial_work);
  (void) uv_run(&loop, UV_RUN_DEFAULT);
}

static void leave_blocked_works(void* arg) {
  (void) arg;
  CHILD_CHECK(uv_sem_init(&never, 0) == 0);
  open_pool(0);
  submit(8, block_for_ever);
}

static void leave_results(void* arg) {
  (void) arg;
  open_pool(0);
  submit(8, trivial_work);
}

static void leave_while_closing(void* arg) {
  (void) arg;
  CHILD_CHECK(uv_sem_init(&never, 0) == 0);
  open_pool(0);
  submit(8, block_for_ever);
  CHILD_CHECK(uvpool_close(pool, NULL) == 0);
}

static void leave_while_releasing(void* arg) {
  (void) arg;
  CHILD_CHECK(uv_sem_init(&never, 0) == 0);
  open_pool(0);
  submit(8, block_for_ever);
  CHILD_CHECK(uvpool_release(pool) == 0);
}

static void run(void (*body)(void* arg)) {
  child_run_to_exit(body, NULL);
}

/* Nothing was ever done. */
static void with_an_unused_pool(void** state) {
  (void) state;
  run(leave_unused);
}

/* Workers are parked. */
static void with_idle_workers(void** state) {
  (void) state;
  run(leave_idle_workers);
}

/* Works block for ever, others wait behind them. */
static void with_blocked_works(void** state) {
  (void) state;
  run(leave_blocked_works);
}

/* Works end while the process exits; their dones never come. */
static void with_results_on_the_way(void** state) {
  (void) state;
  run(leave_results);
}

/* A close that cannot end. */
static void while_closing(void** state) {
  (void) state;
  run(leave_while_closing);
}

/* A release that cannot end. */
static void while_releasing(void** state) {
  (void) state;
  run(leave_while_releasing);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_an_unused_pool),
      cmocka_unit_test(with_idle_workers),
      cmocka_unit_test(with_blocked_works),
      cmocka_unit_test(with_results_on_the_way),
      cmocka_unit_test(while_closing),
      cmocka_unit_test(while_releasing),
  };
  return kit_run(argc, argv, tests);
}
