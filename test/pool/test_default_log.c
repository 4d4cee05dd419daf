/* Without on_log what is worth a line goes to stderr, as one line. */
#include "child.h"
#include "kit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int panicking_work(uvpool_task_t* task) {
  (void) task;
  uvpool_panic("told on stderr");
  return 0;
}

static void note_status(uvpool_task_t* task, int status) {
  *(int*) task->data = status;
}

/* Lets a work panic, with nobody listening. */
static void panic_unheard(void) {
  uv_loop_t loop;
  uvpool_t* pool = NULL;
  uvpool_task_t task;
  int status = 0;
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  CHILD_CHECK(uvpool_create(&loop, NULL, &pool) == 0);
  uvpool_task_init(&task);
  task.data = &status;
  CHILD_CHECK(uvpool_submit(pool, &task, panicking_work, note_status) == 0);
  (void) uv_run(&loop, UV_RUN_DEFAULT);
  CHILD_CHECK(status == UVPOOL_EPANIC);
  CHILD_CHECK(uvpool_close(pool, NULL) == 0);
  (void) uv_run(&loop, UV_RUN_DEFAULT);
  CHILD_CHECK(uv_loop_close(&loop) == 0);
}

/* In a child, as it changes what stderr is. */
static void read_stderr(void* arg) {
  char text[512] = "";
  FILE* file = tmpfile();
  (void) arg;
  CHILD_CHECK(file != NULL);
  int kept = dup(STDERR_FILENO);
  CHILD_CHECK(kept >= 0);
  CHILD_CHECK(dup2(fileno(file), STDERR_FILENO) >= 0);
  panic_unheard();
  CHILD_CHECK(fflush(stderr) == 0);
  CHILD_CHECK(dup2(kept, STDERR_FILENO) >= 0);
  rewind(file);
  size_t length = fread(text, 1, sizeof(text) - 1, file);
  CHILD_CHECK(length > 0);
  CHILD_CHECK(strstr(text, "told on stderr") != NULL);
  CHILD_CHECK(strchr(text, '\n') == text + length - 1);
  fclose(file);
}

/* One line, with the reason in it. */
static void a_panic_is_one_line_on_stderr(void** state) {
  (void) state;
  child_run(read_stderr, NULL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_panic_is_one_line_on_stderr),
  };
  return kit_run(argc, argv, tests);
}
