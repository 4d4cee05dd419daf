#include "late_timer.h"

#include <time.h>

#define NS_PER_MS UINT64_C(1000000)

static uint64_t own_cpu_ns(void) {
  struct timespec used;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return (uint64_t) used.tv_sec * 1000000000u + (uint64_t) used.tv_nsec;
}

static void note_delay(struct late_timer* late, uint64_t now) {
  uint64_t late_ns = now > late->due_ns ? now - late->due_ns : 0;
  if (late_ns > late->worst_ns) {
    late->worst_ns = late_ns;
  }
  uint64_t cpu_ns = own_cpu_ns() - late->began_cpu_ns;
  uint64_t own_ns = late_ns < cpu_ns ? late_ns : cpu_ns;
  if (own_ns > late->worst_own_ns) {
    late->worst_own_ns = own_ns;
  }
  if (late_ns > LATE_TIMER_TOO_LATE_MS * NS_PER_MS) {
    late->too_late++;
  }
}

static void on_timer(uv_timer_t* timer) {
  struct late_timer* late = timer->data;
  uint64_t now = uv_hrtime();
  note_delay(late, now);
  late->fired++;
  late->due_ns = now + LATE_TIMER_MS * NS_PER_MS;
  late->began_cpu_ns = own_cpu_ns();
  uv_update_time(timer->loop);
  uv_timer_start(timer, on_timer, LATE_TIMER_MS, 0);
}

void late_timer_start(struct late_timer* late, uv_loop_t* loop) {
  late->worst_ns = 0;
  late->worst_own_ns = 0;
  late->fired = 0;
  late->too_late = 0;
  uv_update_time(loop);
  uv_timer_init(loop, &late->timer);
  late->timer.data = late;
  late->began_cpu_ns = own_cpu_ns();
  late->due_ns = uv_hrtime() + LATE_TIMER_MS * NS_PER_MS;
  uv_timer_start(&late->timer, on_timer, LATE_TIMER_MS, 0);
}

void late_timer_stop(struct late_timer* late) {
  note_delay(late, uv_hrtime());
  uv_close((uv_handle_t*) &late->timer, NULL);
}
