/* How often an idle pool, its loop included, wakes up: voluntary context
 * switches of all threads while nothing is to be done, counted by a thread that
 * does not count itself. The workers have run tasks, expire by default, and
 * some are to stay; the count begins when those that leave are gone. */
#include "pool.h"

enum { SETTLE_MS = 3500, WATCH_MS = 2000, AFTER_MS = 500, EXPIRY_MS = 1000 };

static uint64_t wakeups; /* handed over by the thread's join */
static uint64_t left;    /* loop thread only */

static void watch(void* data) {
  (void) data;
  uv_sleep(SETTLE_MS);
  uint64_t before = bench_sleeps_of_others();
  uv_sleep(WATCH_MS);
  wakeups = bench_sleeps_of_others() - before;
}

static void on_end(uv_timer_t* timer) {
  left = 0;
  uv_close((uv_handle_t*) timer, NULL);
  uv_stop(&bench_loop);
}

void bench_load_idle(const struct bench_order* order,
                     struct bench_sample* sample) {
  uv_thread_t watcher;
  uv_timer_t end;
  struct bench_setup setup = bench_my_setup(order->threads);
  setup.expiry_ms = EXPIRY_MS;
  setup.min_workers = order->threads / 2;
  bench_pool = bench_me->pool;
  bench_must(bench_pool->open(&setup), "open");
  bench_gather(order->threads);
  bench_dismiss(0);
  left = 1;
  uv_timer_init(&bench_loop, &end);
  uv_update_time(&bench_loop);
  uv_timer_start(&end, on_end, SETTLE_MS + WATCH_MS + AFTER_MS, 0);
  bench_must(uv_thread_create(&watcher, watch, NULL), "thread");
  bench_run_loop(&left);
  uv_thread_join(&watcher);
  uv_run(&bench_loop, UV_RUN_NOWAIT);
  sample->value[BENCH_WAKEUPS] = (double) wakeups * 1000 / WATCH_MS;
}
