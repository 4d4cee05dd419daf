/* The benchmark's parts: rivals that run the same workload, and how a run of
 * alternating rounds is summed up. */
#ifndef UVPOOL_TEST_BENCH_BENCH_H
#define UVPOOL_TEST_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One workload: `tasks` no-op tasks, of which `in_flight` are submitted at the
 * start and every further one from the done callback of one before. */
struct bench_flood {
  uint64_t tasks;
  uint64_t in_flight;
  unsigned threads;
};

/* Somebody who can run it. `run` returns nanoseconds per task. */
struct bench_rival {
  const char* name;
  int (*open)(const struct bench_flood* flood);
  double (*run)(const struct bench_flood* flood);
  void (*close)(void);
};

extern const struct bench_rival bench_uvpool;
extern const struct bench_rival bench_uv_queue_work;

/* Median, lowest and highest of some rounds. */
struct bench_figure {
  double median;
  double low;
  double high;
};

struct bench_figure bench_sum_up(double* rounds, size_t count);

/* Heap allocations of the whole process so far; false where they cannot be
 * counted. */
bool bench_allocations(uint64_t* count);

#endif /* UVPOOL_TEST_BENCH_BENCH_H */
