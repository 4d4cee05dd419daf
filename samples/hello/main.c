/* hello: one blocking piece of work, its result on the loop.
 *
 * Shows the four calls that every program makes: uvpool_create, uvpool_submit,
 * the done callback, uvpool_close.
 *
 * Build:  cmake -S . -B build && cmake --build build
 *   or    cc -std=gnu11 main.c $(pkg-config --cflags --libs uvpool) -o hello */
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

/* The task is a member of the request, so the request is one allocation, or
 * none. */
typedef struct {
  uvpool_task_t task;
  const char* name;
  char text[64];
} greeting_t;

/* On a worker thread: may block. The result is done's status. */
static int work(uvpool_task_t* task) {
  greeting_t* greeting = task->data;
  uv_sleep(10);
  snprintf(greeting->text, sizeof greeting->text, "hello, %s", greeting->name);
  return 0;
}

/* On the loop, once: whatever work wrote can be read here. */
static void done(uvpool_task_t* task, int status) {
  greeting_t* greeting = task->data;
  if (status != 0) {
    printf("no greeting: %s\n", uvpool_strerror(status));
  } else {
    printf("%s\n", greeting->text);
  }
}

int main(int argc, char** argv) {
  if (argc > 1) {
    printf("usage: hello\nRuns one task on a pool.\n");
    return strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }

  uvpool_t* pool;
  uv_loop_t* loop = uv_default_loop();
  int rc = uvpool_create(loop, NULL, &pool);
  if (rc != 0) {
    fprintf(stderr, "uvpool_create: %s\n", uvpool_strerror(rc));
    return 1;
  }

  greeting_t greeting = {.name = "world"};
  greeting.task.data = &greeting;
  rc = uvpool_submit(pool, &greeting.task, work, done);
  if (rc != 0) {
    fprintf(stderr, "uvpool_submit: %s\n", uvpool_strerror(rc));
  }
  uv_run(loop, UV_RUN_DEFAULT); /* returns when the task is done */

  uvpool_close(pool, NULL);
  uv_run(loop, UV_RUN_DEFAULT); /* returns when the pool is closed */
  if (uv_loop_close(loop) != 0) {
    return 1;
  }
  return rc == 0 && strcmp(greeting.text, "hello, world") == 0 ? 0 : 1;
}
