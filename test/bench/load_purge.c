/* The purge of many idle workers: how late a timer of the loop is meanwhile,
 * how long it takes until the last one is gone, and what it costs for each. */
#include "late_timer.h"
#include "pool.h"

enum { EXPIRY_MS = 200, LOOK_MS = 5 };

/* Loop thread only. */
static struct late_timer late;
static uint64_t left;

static void look(uv_timer_t* timer) {
  left = (uint64_t) uvpool_workers(bench_uvpool_handle());
  if (left == 0) {
    late_timer_stop(&late);
    uv_close((uv_handle_t*) timer, NULL);
    uv_stop(&bench_loop);
  }
}

void bench_load_purge(const struct bench_order* order,
                      struct bench_sample* sample) {
  uv_timer_t looker;
  struct bench_setup setup = bench_my_setup(order->threads);
  setup.expiry_ms = EXPIRY_MS;
  bench_pool = bench_me->pool;
  bench_must(bench_pool->open(&setup), "open");
  bench_gather(order->threads);
  bench_dismiss(0);
  struct bench_usage began = bench_usage_now();
  left = order->threads;
  uv_update_time(&bench_loop);
  uv_timer_init(&bench_loop, &looker);
  uv_timer_start(&looker, look, LOOK_MS, LOOK_MS);
  late_timer_start(&late, &bench_loop);
  bench_run_loop(&left);
  struct bench_usage ended = bench_usage_now();
  uv_run(&bench_loop, UV_RUN_NOWAIT);
  bench_note_usage(sample, &began, &ended, order->threads);
  sample->value[BENCH_LATE] = (double) late.worst_ns;
  sample->value[BENCH_OWN_LATE] = (double) late.worst_own_ns;
}
