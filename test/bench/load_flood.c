/* The flood: `in_flight` tasks are submitted at the start, and a further one
 * from the done callback of each, until `tasks` have come back.
 *
 * If there are fewer tasks than shall be in flight, the clock is stopped when
 * that many have come back, and what still waits becomes a no-op: a hundred
 * thousand sleeps on one thread would take minutes. */
#include <stdatomic.h>
#include <stdlib.h>

#include "pool.h"

enum { PERCENT = 100 };

/* Loop thread only, but for `over`; `kind` and `slow_percent` are written
 * before the first submit. */
static union bench_job* jobs;
static uint64_t to_submit;
static uint64_t to_count;
static uint64_t to_return; /* in flight */
static struct bench_usage ended;
static enum bench_task kind;
static unsigned slow_percent;
static atomic_bool over;

static void work_noop(union bench_job* job) {
  (void) job;
}

static void work(union bench_job* job) {
  (void) job;
  if (!atomic_load_explicit(&over, memory_order_relaxed)) {
    bench_run_task(kind);
  }
}

/* Every 100 / slow_percent-th request is slow, whenever it comes round. */
static void work_mixed(union bench_job* job) {
  if (atomic_load_explicit(&over, memory_order_relaxed)) {
    return;
  }
  if ((uint64_t) (job - jobs) % (PERCENT / slow_percent) == 0) {
    bench_sleep_1ms();
  } else {
    bench_run_task(kind);
  }
}

static void done(union bench_job* job) {
  if (--to_count == 0) {
    ended = bench_usage_now();
    atomic_store_explicit(&over, true, memory_order_relaxed);
  }
  if (to_submit > 0) {
    to_submit--;
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
  bench_load.work = slow_percent != 0    ? work_mixed
                    : kind == BENCH_NOOP ? work_noop
                                         : work;
  bench_load.done = done;
  to_submit = order->tasks > in_flight ? order->tasks - in_flight : 0;
  to_count = order->tasks;
  to_return = in_flight;
  atomic_store(&over, false);
  struct bench_usage began = bench_usage_now();
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
