/* A 1 ms timer that is started over and over, and how late it is at worst: by
 * the clock, and by the loop's own doing, which is no more than the processor
 * time that its thread has used since the timer was started. What other
 * programs do to the thread is in the first figure only. */
#ifndef UVPOOL_TEST_BENCH_LATE_TIMER_H
#define UVPOOL_TEST_BENCH_LATE_TIMER_H

#include <stdint.h>
#include <uv.h>

enum { LATE_TIMER_MS = 1, LATE_TIMER_TOO_LATE_MS = 5 };

/* Loop thread only, all of it. */
struct late_timer {
  uv_timer_t timer;
  uint64_t due_ns;
  uint64_t worst_ns;
  uint64_t worst_own_ns;
  uint64_t began_cpu_ns;
  uint64_t fired;
  uint64_t too_late; /* fired more than LATE_TIMER_TOO_LATE_MS late */
};

void late_timer_start(struct late_timer* late, uv_loop_t* loop);

/* Notes how late it is now, as it may never have fired, and closes it. */
void late_timer_stop(struct late_timer* late);

#endif /* UVPOOL_TEST_BENCH_LATE_TIMER_H */
