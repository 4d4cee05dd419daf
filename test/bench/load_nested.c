/* Nested submits: every task submits the next one of its chain from inside its
 * work. A chain has some links; when all of them are back on the loop, it is
 * begun again there. uv_queue_work cannot be called from a work. */
#include <stdlib.h>

#include "pool.h"

enum { LINKS = 64 };

struct chain {
  union bench_job jobs[LINKS];
  uint64_t laps; /* loop thread only: to run */
  int back;      /* loop thread only: of this lap */
};

static struct chain* chains;
static uint64_t left; /* loop thread only */

static void work(union bench_job* job) {
  struct chain* chain = job->data;
  long next = job - chain->jobs + 1;
  if (next < LINKS) {
    bench_pool->submit(&chain->jobs[next]);
  }
}

static void done(union bench_job* job) {
  struct chain* chain = job->data;
  if (++chain->back == LINKS) {
    chain->back = 0;
    if (--chain->laps > 0) {
      bench_pool->submit(&chain->jobs[0]);
    }
  }
  if (--left == 0) {
    uv_stop(&bench_loop);
  }
}

static void nothing(uv_async_t* handle) {
  (void) handle;
}

void bench_load_nested(const struct bench_order* order,
                       struct bench_sample* sample) {
  uv_async_t keep; /* the loop alive: workers submit */
  uint64_t laps = order->tasks / LINKS / order->in_flight + 1;
  uint64_t tasks = laps * LINKS * order->in_flight;
  chains = bench_allocate(order->in_flight, sizeof(*chains));
  bench_load = (struct bench_load) {work, done};
  left = tasks;
  uv_async_init(&bench_loop, &keep, nothing);
  struct bench_usage began = bench_usage_now();
  for (uint64_t i = 0; i < order->in_flight; i++) {
    chains[i].laps = laps;
    for (int link = 0; link < LINKS; link++) {
      chains[i].jobs[link].data = &chains[i];
    }
    bench_pool->submit(&chains[i].jobs[0]);
  }
  bench_run_loop(&left);
  struct bench_usage ended = bench_usage_now();
  uv_close((uv_handle_t*) &keep, NULL);
  uv_run(&bench_loop, UV_RUN_NOWAIT);
  bench_note_usage(sample, &began, &ended, tasks);
  free(chains);
}
