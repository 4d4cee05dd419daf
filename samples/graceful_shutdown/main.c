/* graceful_shutdown: on a signal, finish what was accepted, then leave.
 *
 * SIGTERM and SIGINT begin a drain: new work is refused, what waits and runs is
 * finished, up to a limit in time. What then still waits is cancelled by close,
 * and its done callback says so: nothing is lost without a word.
 *
 * To be seen without a second terminal, the program signals itself.
 *
 * Build:  cmake -S . -B build && cmake --build build
 *   or    cc -std=gnu11 main.c $(pkg-config --cflags --libs uvpool) */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

enum { TASKS = 20, DRAIN_MS = 5000 };

/* Loop thread. */
static uvpool_t* pool;
static uv_signal_t sigterm;
static uv_signal_t sigint;
static uvpool_task_t tasks[TASKS + 1];
static int finished;
static int cancelled;
static int refused;

static int work(uvpool_task_t* task) {
  (void) task;
  uv_sleep(5);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  (void) task;
  if (status == UV_ECANCELED) {
    cancelled++;
  } else {
    finished++;
  }
}

static void on_drained(uvpool_t* handle, int status) {
  printf("drained: %s\n", status == 0 ? "in time" : uvpool_strerror(status));
  uvpool_close(handle, NULL);
  uv_close((uv_handle_t*) &sigterm, NULL);
  uv_close((uv_handle_t*) &sigint, NULL);
}

static void on_signal(uv_signal_t* handle, int signum) {
  (void) handle;
  printf("signal %d: %d of %d tasks are finished\n", signum, finished, TASKS);
  if (uvpool_drain(pool, DRAIN_MS, on_drained) == UV_EALREADY) {
    return; /* a second signal */
  }
  if (uvpool_submit(pool, &tasks[TASKS], work, done) == UV_ESHUTDOWN) {
    refused++;
  }
}

static void watch(uv_loop_t* loop, uv_signal_t* handle, int signum) {
  uv_signal_init(loop, handle);
  uv_signal_start(handle, on_signal, signum);
}

int main(int argc, char** argv) {
  if (argc > 1) {
    printf("usage: graceful_shutdown\nIs ended by a signal in mid-work.\n");
    return strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }

  uv_loop_t* loop = uv_default_loop();
  if (uvpool_create(loop, NULL, &pool) != 0) {
    return 1;
  }
  watch(loop, &sigterm, SIGTERM);
  watch(loop, &sigint, SIGINT);
  for (int i = 0; i < TASKS; i++) {
    if (uvpool_submit(pool, &tasks[i], work, done) != 0) {
      return 1;
    }
  }
  uv_kill(uv_os_getpid(), SIGTERM);
  uv_run(loop, UV_RUN_DEFAULT); /* returns when everything is closed */

  printf(
      "%d finished, %d cancelled, %d refused\n", finished, cancelled, refused);
  return uv_loop_close(loop) == 0 && finished == TASKS && refused == 1 ? 0 : 1;
}
