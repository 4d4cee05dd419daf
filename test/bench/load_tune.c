/* Tune storms: a flood of tasks, and after every few completions the capacity
 * goes down to one or up again. What the call costs, and what it does to the
 * flood. */
#include <stdlib.h>

#include "pool.h"

enum { EVERY = 16 };

/* Loop thread only, but for `kind`, which is written before. */
static double* costs;
static uint64_t count;
static uint64_t to_submit;
static uint64_t left;
static unsigned most;
static enum bench_task kind;

static void work(union bench_job* job) {
  (void) job;
  bench_run_task(kind);
}

static void tune(void) {
  uint64_t began = uv_hrtime();
  bench_must(bench_pool->tune(count % 2 == 0 ? 1 : most), "tune");
  costs[count++] = (double) (uv_hrtime() - began);
}

static void done(union bench_job* job) {
  if (left % EVERY == 0) {
    tune();
  }
  if (to_submit > 0) {
    to_submit--;
    bench_pool->submit(job);
  }
  if (--left == 0) {
    uv_stop(&bench_loop);
  }
}

void bench_load_tune(const struct bench_order* order,
                     struct bench_sample* sample) {
  uint64_t tasks =
      order->tasks > order->in_flight ? order->tasks : order->in_flight;
  union bench_job* jobs = bench_allocate(order->in_flight, sizeof(*jobs));
  costs = bench_allocate(tasks / EVERY + 1, sizeof(*costs));
  bench_load = (struct bench_load) {work, done};
  count = 0;
  to_submit = tasks - order->in_flight;
  left = tasks;
  most = order->threads;
  kind = order->task;
  struct bench_usage began = bench_usage_now();
  for (uint64_t i = 0; i < order->in_flight; i++) {
    bench_pool->submit(&jobs[i]);
  }
  bench_run_loop(&left);
  struct bench_usage ended = bench_usage_now();
  bench_must(bench_pool->tune(most), "tune");
  bench_note_usage(sample, &began, &ended, tasks);
  bench_note_quantiles(sample, costs, count);
  free(costs);
  free(jobs);
}
