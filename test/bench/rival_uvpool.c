/* The flood through a pool of this library. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>
#include <uvpool.h>

#include "bench.h"

/* Loop thread only. */
static uv_loop_t loop;
static uvpool_t* pool;
static uvpool_task_t* tasks;
static uint64_t to_submit;
static uint64_t finished;

static int work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  (void) status;
  finished++;
  if (to_submit > 0) {
    to_submit--;
    uvpool_submit(pool, task, work, done);
  }
}

static int open_pool(const struct bench_flood* flood) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = flood->threads;
  options.max_waiting = UVPOOL_UNLIMITED;
  tasks = calloc(flood->in_flight, sizeof(*tasks));
  if (tasks == NULL) {
    return UV_ENOMEM;
  }
  int err = uv_loop_init(&loop);
  return err != 0 ? err : uvpool_create(&loop, &options, &pool);
}

static double run(const struct bench_flood* flood) {
  uint64_t began = uv_hrtime();
  finished = 0;
  to_submit = flood->tasks - flood->in_flight;
  for (uint64_t i = 0; i < flood->in_flight; i++) {
    uvpool_submit(pool, &tasks[i], work, done);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  double elapsed = (double) (uv_hrtime() - began);
  if (finished != flood->tasks) {
    fprintf(stderr, "uvpool: a task was lost\n");
    exit(1);
  }
  return elapsed / (double) flood->tasks;
}

static void close_pool(void) {
  uvpool_close(pool, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  free(tasks);
}

const struct bench_rival bench_uvpool = {
    .name = "uvpool",
    .open = open_pool,
    .run = run,
    .close = close_pool,
};
