/* timer_while_busy: the loop lives on while every worker is busy.
 *
 * A timer of the loop counts ticks. The tasks block their workers until they
 * have seen it tick ten times: on the loop's own thread that could not end.
 *
 * Build:  cmake -S . -B build && cmake --build build
 *   or    cc -std=gnu11 main.c $(pkg-config --cflags --libs uvpool) */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

enum { WORKERS = 2, TICKS = 10, TICK_MS = 5, LIMIT_MS = 20000 };

static atomic_int ticks; /* the loop writes, the workers read */

/* Loop thread. */
static uv_timer_t timer;
static int running = WORKERS;
static int seen;

static int work(uvpool_task_t* task) {
  (void) task;
  for (int waited = 0; waited < LIMIT_MS; waited++) {
    if (atomic_load(&ticks) >= TICKS) {
      return 0;
    }
    uv_sleep(1);
  }
  return UV_ETIMEDOUT;
}

static void done(uvpool_task_t* task, int status) {
  (void) task;
  if (status == 0) {
    seen++;
  }
  if (--running == 0) {
    uv_close((uv_handle_t*) &timer, NULL);
  }
}

static void on_timer(uv_timer_t* handle) {
  (void) handle;
  printf("tick %d, %d workers are busy\n",
         atomic_fetch_add(&ticks, 1) + 1,
         running);
}

int main(int argc, char** argv) {
  if (argc > 1) {
    printf("usage: timer_while_busy\nTicks while all workers are busy.\n");
    return strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }

  uvpool_t* pool;
  uvpool_task_t tasks[WORKERS];
  uv_loop_t* loop = uv_default_loop();
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = WORKERS;
  if (uvpool_create(loop, &options, &pool) != 0) {
    return 1;
  }
  uv_timer_init(loop, &timer);
  uv_timer_start(&timer, on_timer, TICK_MS, TICK_MS);
  for (int i = 0; i < WORKERS; i++) {
    uvpool_task_init(&tasks[i]); /* as this memory is not zeroed */
    if (uvpool_submit(pool, &tasks[i], work, done) != 0) {
      return 1;
    }
  }
  uv_run(loop, UV_RUN_DEFAULT);

  uvpool_close(pool, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  printf("%d of %d workers saw the loop tick\n", seen, WORKERS);
  return uv_loop_close(loop) == 0 && seen == WORKERS ? 0 : 1;
}
