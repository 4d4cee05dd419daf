/* What a task does: nothing, a fixed number of instructions, or a sleep.
 *
 * A microsecond of processor time is a number of rounds of a chain of
 * multiplications, measured once. Reading the clock until a microsecond has
 * passed would do less work whenever the thread is interrupted. */
#include <time.h>

#include "pool.h"

const struct bench_task_info bench_task_kinds[BENCH_TASKS] = {
    [BENCH_NOOP] = {"no-op", "no-op", 0},
    [BENCH_SPIN_1US] = {"1us", "1 us", 1},
    [BENCH_SPIN_10US] = {"10us", "10 us", 10},
    [BENCH_SPIN_100US] = {"100us", "100 us", 100},
    [BENCH_SLEEP_1MS] = {"sleep", "1 ms sleep", 0},
};

enum { TRIALS = 50, TRIAL_ROUNDS = 100000 };

/* Written before there is a second thread or process. */
static uint64_t rounds_per_us = 300;

static void spin(uint64_t rounds) {
  uint64_t value = rounds;
  for (uint64_t i = 0; i < rounds; i++) {
    value = value * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(value)); /* or the loop would be left out */
  }
}

void bench_calibrate_spin(void) {
  uint64_t best_ns = UINT64_MAX;
  for (int i = 0; i < TRIALS; i++) {
    uint64_t began = uv_hrtime();
    spin(TRIAL_ROUNDS);
    uint64_t took = uv_hrtime() - began;
    best_ns = took < best_ns ? took : best_ns;
  }
  rounds_per_us = TRIAL_ROUNDS * UINT64_C(1000) / best_ns;
}

void bench_spin_us(unsigned us) {
  spin(us * rounds_per_us);
}

void bench_sleep_1ms(void) {
  struct timespec duration = {.tv_nsec = 1000000};
  nanosleep(&duration, NULL);
}

void bench_run_task(enum bench_task kind) {
  if (kind == BENCH_SLEEP_1MS) {
    bench_sleep_1ms();
  } else if (kind != BENCH_NOOP) {
    bench_spin_us(bench_task_kinds[kind].spin_us);
  }
}
