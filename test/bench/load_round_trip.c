/* The round trip: one request at a time, from the submit to its done callback,
 * with a gap between an answer and the next request, in which the loop is awake
 * and the pool has nothing to do.
 *
 * The loop sleeps while it waits for the answer; with `awake` it goes on
 * turning, as a loop does that has other things to do. */
#include <stdlib.h>

#include "pool.h"

/* Loop thread only, but for the request itself. */
static union bench_job job;
static uv_idle_t idle;
static double* trips;
static uint64_t count;
static uint64_t left;
static uint64_t submitted_ns;
static uint64_t due_ns;
static uint64_t gap_ns;
static enum bench_task kind;
static bool awake;
static bool is_away;

static void work(union bench_job* request) {
  (void) request;
  bench_run_task(kind);
}

static void on_idle(uv_idle_t* handle) {
  if (is_away || (gap_ns != 0 && uv_hrtime() < due_ns)) {
    return;
  }
  is_away = true;
  if (!awake) {
    uv_idle_stop(handle);
  }
  submitted_ns = uv_hrtime();
  bench_pool->submit(&job);
}

static void done(union bench_job* request) {
  (void) request;
  uint64_t now = uv_hrtime();
  trips[count++] = (double) (now - submitted_ns);
  is_away = false;
  if (--left == 0) {
    uv_stop(&bench_loop);
    return;
  }
  due_ns = now + gap_ns;
  uv_idle_start(&idle, on_idle);
}

static void run(const struct bench_order* order, struct bench_sample* sample) {
  trips = bench_allocate(order->tasks, sizeof(*trips));
  bench_load = (struct bench_load) {work, done};
  kind = order->task;
  awake = order->awake;
  gap_ns = order->gap_us * UINT64_C(1000);
  count = 0;
  left = order->tasks;
  due_ns = 0;
  uv_idle_init(&bench_loop, &idle);
  struct bench_usage began = bench_usage_now();
  uv_idle_start(&idle, on_idle);
  bench_run_loop(&left);
  struct bench_usage ended = bench_usage_now();
  uv_close((uv_handle_t*) &idle, NULL);
  uv_run(&bench_loop, UV_RUN_NOWAIT);
  bench_note_usage(sample, &began, &ended, order->tasks);
  bench_note_quantiles(sample, trips, count);
  free(trips);
}

void bench_load_round_trip(const struct bench_order* order,
                           struct bench_sample* sample) {
  if (bench_me == &bench_contenders[BENCH_FLOOR]) {
    bench_floor_ping(order, sample);
  } else {
    run(order, sample);
  }
}
