/* Resident memory for each idle worker, after it has run a task, and for each
 * task that waits, the request itself included. */
#include <stdlib.h>

#include "pool.h"

static void open_pool(unsigned threads) {
  struct bench_setup setup = bench_my_setup(threads);
  bench_pool = bench_me->pool;
  bench_must(bench_pool->open(&setup), "open");
}

/* More than `before` by how much, for each? */
static double grown(uint64_t before, uint64_t count) {
  uint64_t now = bench_resident();
  return now > before ? (double) (now - before) / (double) count : 0;
}

void bench_load_worker_memory(const struct bench_order* order,
                              struct bench_sample* sample) {
  uint64_t before = bench_resident();
  open_pool(order->threads);
  bench_gather(order->threads);
  bench_dismiss(0);
  uv_sleep(100); /* until they have lain down */
  sample->value[BENCH_MEMORY] = grown(before, order->threads);
  sample->tasks = order->threads;
}

void bench_load_task_memory(const struct bench_order* order,
                            struct bench_sample* sample) {
  open_pool(order->threads);
  bench_gather(order->threads);
  uint64_t before = bench_resident();
  union bench_job* jobs = bench_allocate(order->in_flight, sizeof(*jobs));
  for (uint64_t i = 0; i < order->in_flight; i++) {
    jobs[i].data = NULL;
    bench_pool->submit(&jobs[i]);
  }
  sample->value[BENCH_MEMORY] = grown(before, order->in_flight);
  sample->tasks = order->in_flight;
  bench_dismiss(order->in_flight);
  free(jobs);
}
