/* The flood through libuv's own pool. Its size is read from the environment at
 * the first use, once for the process. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "bench.h"

/* Loop thread only. */
static uv_loop_t loop;
static uv_work_t* requests;
static uint64_t to_submit;
static uint64_t finished;

static void work(uv_work_t* request) {
  (void) request;
}

static void after_work(uv_work_t* request, int status) {
  (void) status;
  finished++;
  if (to_submit > 0) {
    to_submit--;
    uv_queue_work(&loop, request, work, after_work);
  }
}

static int open_loop(const struct bench_flood* flood) {
  char threads[16];
  snprintf(threads, sizeof(threads), "%u", flood->threads);
  setenv("UV_THREADPOOL_SIZE", threads, 1);
  requests = calloc(flood->in_flight, sizeof(*requests));
  return requests == NULL ? UV_ENOMEM : uv_loop_init(&loop);
}

static double run(const struct bench_flood* flood) {
  uint64_t began = uv_hrtime();
  finished = 0;
  to_submit = flood->tasks - flood->in_flight;
  for (uint64_t i = 0; i < flood->in_flight; i++) {
    uv_queue_work(&loop, &requests[i], work, after_work);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  double elapsed = (double) (uv_hrtime() - began);
  if (finished != flood->tasks) {
    fprintf(stderr, "uv_queue_work: a task was lost\n");
    exit(1);
  }
  return elapsed / (double) flood->tasks;
}

static void close_loop(void) {
  uv_loop_close(&loop);
  free(requests);
}

const struct bench_rival bench_uv_queue_work = {
    .name = "uv_queue_work",
    .open = open_loop,
    .run = run,
    .close = close_loop,
};
