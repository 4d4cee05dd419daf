/* System calls that the loop's thread makes for a burst of submits to idle
 * workers, from the first submit to the last: counted by the kernel, where it
 * lets us (a readable tracefs, and the right to use perf events). */
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pool.h"

enum { BURSTS = 200, PAUSE_MS = 1 };

static enum bench_task kind;
static uint64_t left; /* loop thread only */

static void work(union bench_job* job) {
  (void) job;
  bench_run_task(kind);
}

static void done(union bench_job* job) {
  (void) job;
  if (--left == 0) {
    uv_stop(&bench_loop);
  }
}

/* A counter of this thread's system calls, switched off; -1: there is none. */
static int open_counter(void) {
  struct perf_event_attr event;
  unsigned long long id = 0;
  FILE* file =
      fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", "r");
  if (file == NULL || fscanf(file, "%llu", &id) != 1) {
    id = 0;
  }
  if (file != NULL) {
    fclose(file);
  }
  if (id == 0) {
    return -1;
  }
  memset(&event, 0, sizeof(event));
  event.type = PERF_TYPE_TRACEPOINT;
  event.size = sizeof(event);
  event.config = id;
  event.disabled = 1;
  return (int) syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

void bench_load_syscalls(const struct bench_order* order,
                         struct bench_sample* sample) {
  uint64_t calls = 0;
  int counter = open_counter();
  if (counter < 0) {
    sample->err = UV_ENOTSUP;
    return;
  }
  union bench_job* jobs = bench_allocate(order->burst, sizeof(*jobs));
  bench_load = (struct bench_load) {work, done};
  kind = order->task;
  for (int i = 0; i < BURSTS; i++) {
    uv_sleep(PAUSE_MS); /* the workers fall asleep */
    left = order->burst;
    ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
    for (unsigned j = 0; j < order->burst; j++) {
      bench_pool->submit(&jobs[j]);
    }
    ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
    bench_run_loop(&left);
  }
  bench_must(read(counter, &calls, sizeof(calls)) > 0 ? 0 : UV_EIO, "counter");
  /* The call that stops the counter is in. */
  sample->value[BENCH_SYSCALLS] = (double) (calls - BURSTS) / BURSTS;
  sample->tasks = BURSTS;
  close(counter);
  free(jobs);
}
