/* parallel_sum: one computation in parts, on as many threads as there are
 * processors.
 *
 * Every part writes into its own structure, and the loop adds them up in the
 * done callbacks: nothing is shared, so nothing is locked.
 *
 * Build:  cmake -S . -B build && cmake --build build
 *   or    cc -std=gnu11 main.c $(pkg-config --cflags --libs uvpool) */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

enum { PARTS = 64 };

static const uint64_t last = 50000000;

/* From submit to done the worker's, else the loop thread's. */
typedef struct {
  uvpool_task_t task;
  uint64_t from;
  uint64_t to; /* not included */
  uint64_t sum;
} part_t;

static uint64_t total; /* loop thread */

static int work(uvpool_task_t* task) {
  part_t* part = task->data;
  uint64_t sum = 0;
  for (uint64_t i = part->from; i < part->to; i++) {
    sum += i;
  }
  part->sum = sum;
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  part_t* part = task->data;
  if (status == 0) {
    total += part->sum;
  }
}

static int submit_all(uvpool_t* pool, part_t* parts) {
  for (uint64_t i = 0; i < PARTS; i++) {
    part_t* part = &parts[i];
    part->from = last * i / PARTS;
    part->to = last * (i + 1) / PARTS;
    part->task.data = part;
    int rc = uvpool_submit(pool, &part->task, work, done);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc > 1) {
    printf("usage: parallel_sum\nAdds up the numbers below fifty million.\n");
    return strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }

  static part_t parts[PARTS];
  uvpool_t* pool;
  uv_loop_t* loop = uv_default_loop();
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = uv_available_parallelism();
  int rc = uvpool_create(loop, &options, &pool);
  if (rc == 0) {
    rc = submit_all(pool, parts);
    uv_run(loop, UV_RUN_DEFAULT);
    uvpool_close(pool, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
  }
  if (rc != 0) {
    fprintf(stderr, "parallel_sum: %s\n", uvpool_strerror(rc));
  }
  printf("sum %" PRIu64 ", on up to %" PRId64 " threads\n",
         total,
         options.capacity);
  uint64_t expected = last * (last - 1) / 2;
  return uv_loop_close(loop) == 0 && total == expected ? 0 : 1;
}
