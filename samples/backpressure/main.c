/* backpressure: a source that is faster than its pool, in bounded memory.
 *
 * The pool runs 2 tasks and lets 4 more wait. The source submits until the pool
 * answers UV_EAGAIN, then stops, and goes on when on_drain says that there is
 * room. A server would stop reading from its sockets meanwhile.
 *
 * Build:  cmake -S . -B build && cmake --build build
 *   or    cc -std=gnu11 main.c $(pkg-config --cflags --libs uvpool) */
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

enum { ITEMS = 40, RUNNING = 2, WAITING = 4 };

/* Loop thread. */
typedef struct {
  uvpool_t* pool;
  uvpool_task_t tasks[ITEMS];
  int next; /* the first item that is not submitted yet */
  int done;
  int pauses;
} source_t;

static int work(uvpool_task_t* task) {
  (void) task;
  uv_sleep(1);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  source_t* source = task->data;
  if (status == 0) {
    source->done++;
  }
}

/* Submits as much as there is room for. */
static void submit_some(source_t* source) {
  while (source->next < ITEMS) {
    uvpool_task_t* task = &source->tasks[source->next];
    task->data = source;
    int rc = uvpool_submit(source->pool, task, work, done);
    if (rc == UV_EAGAIN) {
      source->pauses++; /* on_drain comes later */
      return;
    }
    if (rc != 0) {
      fprintf(stderr, "uvpool_submit: %s\n", uvpool_strerror(rc));
      return;
    }
    source->next++;
  }
}

/* On the loop: half of what may wait is free again. */
static void on_drain(uvpool_t* pool) {
  submit_some(uvpool_get_data(pool));
}

int main(int argc, char** argv) {
  if (argc > 1) {
    printf("usage: backpressure\nFeeds a small pool as fast as it can take.\n");
    return strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }

  source_t source = {0};
  uv_loop_t* loop = uv_default_loop();
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = RUNNING;
  options.max_waiting = WAITING;
  options.on_drain = on_drain;
  options.data = &source;
  if (uvpool_create(loop, &options, &source.pool) != 0) {
    return 1;
  }

  submit_some(&source);
  uv_run(loop, UV_RUN_DEFAULT);

  uvpool_stats_t stats;
  uvpool_stats(source.pool, &stats);
  printf(
      "%d of %d items done, at most %llu waited, the source paused %d times\n",
      source.done,
      ITEMS,
      (unsigned long long) stats.waiting_max,
      source.pauses);
  uvpool_close(source.pool, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 && source.done == ITEMS &&
                 source.pauses > 0 && stats.waiting_max <= WAITING + RUNNING
             ? 0
             : 1;
}
