/* What any program does with uvpool: makes a pool, hands it a task, hears of
 * its end on the loop, closes. Exits with 0 if the task's result came back. */
#include <stdio.h>
#include <uvpool.h>

static int work(uvpool_task_t* task) {
  int* number = task->data;
  *number *= 2;
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  int* number = task->data;
  if (status == 0) {
    *number += 1;
  }
}

int main(void) {
  uv_loop_t loop;
  uvpool_t* pool;
  int number = 20;
  uvpool_task_t task = {.data = &number};

  int err = uv_loop_init(&loop);
  if (err == 0) {
    err = uvpool_create(&loop, NULL, &pool);
  }
  if (err == 0) {
    err = uvpool_submit(pool, &task, work, done);
  }
  if (err != 0) {
    fprintf(stderr, "%s\n", uvpool_strerror(err));
    return 1;
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  uvpool_close(pool, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  err = uv_loop_close(&loop);
  if (err != 0 || number != 41) {
    fprintf(stderr, "number %d, loop %s\n", number, uvpool_strerror(err));
    return 1;
  }
  printf("uvpool %s works\n", uvpool_version_string());
  return 0;
}
