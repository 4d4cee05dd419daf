/* How late a 1 ms timer is while completions flood the loop: all tasks are
 * submitted at once and are done at once, and each done callback takes up to
 * 10 us of the loop's thread. Without a pool ("bare") the same callbacks are
 * run one a turn of the loop: what the machine itself does to the timer. */
#include <stdlib.h>

#include "late_timer.h"
#include "pool.h"

enum { CALLBACK_NS = 10000 };

/* Loop thread only. */
static struct late_timer late;
static uint64_t left;
static uint32_t dice = 1;

static void work(union bench_job* job) {
  (void) job;
}

static void call_back(void) {
  dice = dice * 1664525u + 1013904223u;
  uint64_t until = uv_hrtime() + CALLBACK_NS * (dice >> 16) / 65536u;
  while (uv_hrtime() < until) {
  }
  if (--left == 0) {
    late_timer_stop(&late);
    uv_stop(&bench_loop);
  }
}

static void done(union bench_job* job) {
  (void) job;
  call_back();
}

static void on_idle(uv_idle_t* handle) {
  call_back();
  if (left == 0) {
    uv_close((uv_handle_t*) handle, NULL);
  }
}

void bench_load_lag(const struct bench_order* order,
                    struct bench_sample* sample) {
  union bench_job* jobs = NULL;
  uv_idle_t idle;
  bench_load = (struct bench_load) {work, done};
  left = order->tasks;
  struct bench_usage began = bench_usage_now();
  if (bench_pool == NULL) {
    uv_idle_init(&bench_loop, &idle);
    uv_idle_start(&idle, on_idle);
  } else {
    jobs = bench_allocate(order->tasks, sizeof(*jobs));
    for (uint64_t i = 0; i < order->tasks; i++) {
      bench_pool->submit(&jobs[i]);
    }
  }
  late_timer_start(&late, &bench_loop);
  bench_run_loop(&left);
  struct bench_usage ended = bench_usage_now();
  uv_run(&bench_loop, UV_RUN_NOWAIT);
  bench_note_usage(sample, &began, &ended, order->tasks);
  sample->value[BENCH_LATE] = (double) late.worst_ns;
  sample->value[BENCH_OWN_LATE] = (double) late.worst_own_ns;
  free(jobs);
}
