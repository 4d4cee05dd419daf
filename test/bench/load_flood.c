/* The flood: so many tasks are in flight all the time, each submitted again
 * from its own done callback.
 *
 * What counts is the steady state. First every request goes round once as a
 * no-op, so that threads, caches and queues are as they will be. Then the clock
 * runs until `tasks` real ones have come back, and what is still in flight
 * drains as no-ops: a hundred thousand sleeps on one thread would take minutes.
 * A request is counted only if its work was a real one, or those that had
 * passed the workers before the clock ran would be a present. */
#include <stdatomic.h>
#include <stdlib.h>

#include "pool.h"

enum { PERCENT = 100 };

enum phase { WARM_UP, MEASURE, DRAIN };

/* Loop thread only; `kind` and `slow_percent` are written before the first
 * submit. */
static union bench_job* jobs;
static enum phase phase;
static uint64_t to_warm;
static uint64_t to_count;
static uint64_t to_return;
static struct bench_usage began;
static struct bench_usage ended;
static enum bench_task kind;
static unsigned slow_percent;

static atomic_bool is_real; /* relaxed: any moment will do */

/* The request remembers in `data` whether it did anything. */
static bool begin_work(union bench_job* job) {
  bool real = atomic_load_explicit(&is_real, memory_order_relaxed);
  job->data = real ? job : NULL;
  return real;
}

static void work(union bench_job* job) {
  if (begin_work(job)) {
    bench_run_task(kind);
  }
}

/* Every 100 / slow_percent-th request is slow, whenever it comes round. */
static void work_mixed(union bench_job* job) {
  if (!begin_work(job)) {
    return;
  }
  if ((uint64_t) (job - jobs) % (PERCENT / slow_percent) == 0) {
    bench_sleep_1ms();
  } else {
    bench_run_task(kind);
  }
}

static void done(union bench_job* job) {
  if (phase == WARM_UP && --to_warm == 0) {
    phase = MEASURE;
    began = bench_usage_now();
    atomic_store_explicit(&is_real, true, memory_order_relaxed);
  } else if (phase == MEASURE && job->data != NULL && --to_count == 0) {
    ended = bench_usage_now();
    atomic_store_explicit(&is_real, false, memory_order_relaxed);
    phase = DRAIN;
  }
  if (phase != DRAIN) {
    bench_pool->submit(job);
  } else if (--to_return == 0) {
    uv_stop(&bench_loop);
  }
}

static void run(const struct bench_order* order, struct bench_sample* sample) {
  uint64_t in_flight = order->in_flight;
  jobs = bench_allocate(in_flight, sizeof(*jobs));
  kind = order->task;
  slow_percent = order->slow_percent;
  bench_load.work = slow_percent != 0 ? work_mixed : work;
  bench_load.done = done;
  phase = WARM_UP;
  to_warm = in_flight;
  to_count = order->tasks;
  to_return = in_flight;
  for (uint64_t i = 0; i < in_flight; i++) {
    bench_pool->submit(&jobs[i]);
  }
  bench_run_loop(&to_return);
  bench_note_usage(sample, &began, &ended, order->tasks);
  free(jobs);
}

void bench_load_flood(const struct bench_order* order,
                      struct bench_sample* sample) {
  if (bench_me == &bench_contenders[BENCH_FLOOR]) {
    bench_floor_ping(order, sample);
  } else if (bench_me == &bench_contenders[BENCH_BARE]) {
    bench_bare_flood(order, sample);
  } else {
    run(order, sample);
  }
}
