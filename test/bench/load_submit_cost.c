/* What the submit call itself costs on the loop's thread, outside of done
 * callbacks: each call is timed, what reading the clock costs is taken off.
 *
 * With `busy` every worker is inside a task, and the submit has only to queue
 * another; else they are idle, and the first submit of a burst has to wake one.
 * A new burst begins when the one before has come back. */
#include <stdlib.h>

#include "pool.h"

enum { SAMPLES_MAX = 400000, CLOCK_TRIALS = 10000 };

/* Loop thread only. */
static double* costs;
static uint64_t count;
static double clock_ns;

static double measure_clock(void) {
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < CLOCK_TRIALS; i++) {
    uint64_t began = uv_hrtime();
    uint64_t took = uv_hrtime() - began;
    best = took < best ? took : best;
  }
  return (double) best;
}

static void submit_burst(union bench_job* jobs, unsigned burst) {
  for (unsigned i = 0; i < burst; i++) {
    uint64_t began = uv_hrtime();
    bench_pool->submit(&jobs[i]);
    double took = (double) (uv_hrtime() - began) - clock_ns;
    costs[count++] = took > 0 ? took : 0;
  }
}

void bench_load_submit_cost(const struct bench_order* order,
                            struct bench_sample* sample) {
  union bench_job* jobs = bench_allocate(order->burst, sizeof(*jobs));
  uint64_t until = uv_hrtime() + order->round_ms * UINT64_C(1000000);
  costs = bench_allocate(SAMPLES_MAX, sizeof(*costs));
  count = 0;
  clock_ns = measure_clock();
  while (uv_hrtime() < until && count + order->burst <= SAMPLES_MAX) {
    bench_gather(order->busy ? order->threads : 0);
    submit_burst(jobs, order->burst);
    bench_dismiss(order->burst);
  }
  bench_note_quantiles(sample, costs, count);
  sample->tasks = count;
  free(costs);
  free(jobs);
}
