/* A second is counted in looks at the progress, not by a clock: when the
 * machine holds up the whole process, it holds up the watchdog too. */
#include "watch.h"

#include "kit.h"

enum { LOOK_MS = 5, STALL_MS = 1000 };

static void on_stop(uv_async_t* stop) {
  uv_stop(stop->loop);
}

static void watch_main(void* arg) {
  watch_t* watch = arg;
  long seen = -1;
  int quiet_ms = 0;
  while (!watch->is_over(watch->arg) && quiet_ms <= STALL_MS) {
    long now = atomic_load(&watch->progress);
    quiet_ms = now == seen ? quiet_ms + LOOK_MS : 0;
    seen = now;
    uv_sleep(LOOK_MS);
  }
  atomic_store(&watch->stalled, quiet_ms > STALL_MS);
  (void) uv_async_send(&watch->stop);
}

static void fail_stalled(const watch_t* watch) {
  uvpool_stats_t s;
  assert_status(uvpool_stats(watch->pool, &s), 0);
  print_error(
      "accepted %llu, completed %llu, panicked %llu; %llu workers, "
      "%llu busy, %llu idle, %llu waiting, %llu blocked\n",
      (unsigned long long) s.accepted,
      (unsigned long long) s.completed,
      (unsigned long long) s.panicked,
      (unsigned long long) s.workers,
      (unsigned long long) s.busy,
      (unsigned long long) s.idle,
      (unsigned long long) s.waiting,
      (unsigned long long) s.blocked);
  fail_msg("nothing was completed for %d ms with %s still to come",
           (int) STALL_MS,
           watch->what);
}

void watch_run(uv_loop_t* loop, watch_t* watch) {
  uv_thread_t thread;
  atomic_store(&watch->stalled, 0);
  assert_status(uv_async_init(loop, &watch->stop, on_stop), 0);
  assert_status(uvpool_ref(watch->pool), 0);
  assert_status(uv_thread_create(&thread, watch_main, watch), 0);
  (void) uv_run(loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_thread_join(&thread), 0);
  if (atomic_load(&watch->stalled)) {
    fail_stalled(watch);
  }
  assert_status(uvpool_unref(watch->pool), 0);
  uv_close((uv_handle_t*) &watch->stop, NULL);
  loop_run(loop);
}
