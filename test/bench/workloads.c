/* What is measured: each workload with who can do it, what comes out, and its
 * cells. The first workload's cells are the matrix of threads, requests in
 * flight and tasks, which the command line chooses. */
#include <string.h>

#include "pool.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
  TWICE = BENCH_BIT(BENCH_UVPOOL) | BENCH_BIT(BENCH_UVPOOL_AGAIN),
  UV = BENCH_BIT(BENCH_UV),
  GLIB = BENCH_BIT(BENCH_GLIB),
  PTHREAD = BENCH_BIT(BENCH_PTHREAD),
  FLOOR = BENCH_BIT(BENCH_FLOOR),
  BARE = BENCH_BIT(BENCH_BARE),
  SPIN = BENCH_BIT(BENCH_UVPOOL_SPIN),
  SMALL = BENCH_BIT(BENCH_UVPOOL_SMALL),
  PURGED = 1000,
  MILLION = 1000000
};

static const struct bench_order mixes[] = {
    {.threads = 4, .in_flight = 20, .task = BENCH_SPIN_1US, .slow_percent = 5},
    {.threads = 4, .in_flight = 200, .task = BENCH_SPIN_1US, .slow_percent = 5},
    {.threads = 16, .in_flight = 2000, .task = BENCH_NOOP, .slow_percent = 5},
};

static const struct bench_order producers[] = {
    {.threads = 4, .producers = 1},
    {.threads = 4, .producers = 2},
    {.threads = 4, .producers = 4},
    {.threads = 4, .producers = 8},
};

static const struct bench_order nests[] = {
    {.threads = 2, .in_flight = 1},
    {.threads = 4, .in_flight = 16},
    {.threads = 4, .in_flight = 256},
};

static const struct bench_order trips[] = {
    {.threads = 4, .in_flight = 1, .gap_us = 0},
    {.threads = 4, .in_flight = 1, .gap_us = 10},
    {.threads = 4, .in_flight = 1, .gap_us = 100},
    {.threads = 4, .in_flight = 1, .gap_us = 1000},
    {.threads = 4, .in_flight = 1, .gap_us = 0, .awake = true},
    {.threads = 4, .in_flight = 1, .gap_us = 10, .awake = true},
    {.threads = 4, .in_flight = 1, .gap_us = 100, .awake = true},
    {.threads = 4, .in_flight = 1, .gap_us = 1000, .awake = true},
};

static const struct bench_order submits[] = {
    {.threads = 4, .burst = 1},
    {.threads = 4, .burst = 64},
    {.threads = 4, .burst = 64, .busy = true},
};

static const struct bench_order bursts[] = {
    {.threads = 4, .burst = 1},
    {.threads = 4, .burst = 64},
    {.threads = 4, .burst = 64, .task = BENCH_SPIN_10US},
};

static const struct bench_order lags[] = {
    {.threads = 2, .tasks = MILLION},
};

static const struct bench_order worker_memories[] = {
    {.threads = 256},
    {.threads = PURGED},
};

static const struct bench_order task_memories[] = {
    {.threads = 4, .in_flight = MILLION},
};

static const struct bench_order idles[] = {
    {.threads = 4},
    {.threads = 64},
};

static const struct bench_order lives[] = {
    {.threads = 1},
    {.threads = 4},
    {.threads = 64},
};

static const struct bench_order purges[] = {{.threads = PURGED}};

static const struct bench_order storms[] = {
    {.threads = 4, .in_flight = 256, .task = BENCH_NOOP},
    {.threads = 64, .in_flight = 4096, .task = BENCH_SPIN_1US},
};

#define ORDERS(array) .orders = (array), .order_count = LENGTH(array)
#define SHOWS(...)                                                             \
  .shown = {__VA_ARGS__},                                                      \
  .shown_count = LENGTH(((enum bench_metric[]) {__VA_ARGS__}))

const struct bench_workload bench_workloads[] = {
    {.name = "flood",
     .what = "tasks in flight all the time: the matrix",
     .run = bench_load_flood,
     .who = TWICE | UV | GLIB | PTHREAD | FLOOR | BARE,
     .sized = true,
     SHOWS(BENCH_TIME, BENCH_CPU, BENCH_SWITCHES, BENCH_ALLOCATIONS)},
    {.name = "mix",
     .what = "the flood, 5 % of the tasks sleep for 1 ms",
     .run = bench_load_flood,
     .who = TWICE | UV | GLIB | PTHREAD,
     .sized = true,
     SHOWS(BENCH_TIME, BENCH_CPU, BENCH_SWITCHES),
     ORDERS(mixes)},
    {.name = "producers",
     .what = "other threads submit no-ops, which uv_queue_work cannot",
     .run = bench_load_producers,
     .who = TWICE | GLIB | PTHREAD,
     .sized = true,
     SHOWS(BENCH_TIME, BENCH_CPU, BENCH_SWITCHES),
     ORDERS(producers)},
    {.name = "nested",
     .what = "no-ops submit the next one, which uv_queue_work cannot",
     .run = bench_load_nested,
     .who = TWICE | GLIB | PTHREAD,
     .sized = true,
     SHOWS(BENCH_TIME, BENCH_CPU, BENCH_SWITCHES),
     ORDERS(nests)},
    {.name = "round-trip",
     .what = "one request at a time, from submit to done",
     .run = bench_load_round_trip,
     .who = TWICE | SPIN | UV | GLIB | PTHREAD | FLOOR,
     .sized = true,
     SHOWS(BENCH_P50, BENCH_P99, BENCH_P999, BENCH_CPU),
     ORDERS(trips)},
    {.name = "submit",
     .what = "the submit call on the loop's thread",
     .run = bench_load_submit_cost,
     .who = TWICE | UV | GLIB | PTHREAD,
     SHOWS(BENCH_P50, BENCH_P99, BENCH_P999),
     ORDERS(submits)},
    {.name = "syscalls",
     .what = "system calls of the loop's thread for a burst of submits",
     .run = bench_load_syscalls,
     .who = TWICE | UV | GLIB | PTHREAD,
     SHOWS(BENCH_SYSCALLS),
     ORDERS(bursts)},
    {.name = "lag",
     .what = "a 1 ms timer under a flood of done callbacks; bare: no pool",
     .run = bench_load_lag,
     .who = TWICE | UV | GLIB | BARE,
     .rounds_max = 1,
     SHOWS(BENCH_LATE, BENCH_OWN_LATE, BENCH_TIME),
     ORDERS(lags)},
    {.name = "worker-memory",
     .what = "resident memory per idle worker that has run a task",
     .run = bench_load_worker_memory,
     .who = TWICE | SMALL | UV | GLIB,
     .fresh = true,
     .rounds_max = 3,
     SHOWS(BENCH_MEMORY),
     ORDERS(worker_memories)},
    {.name = "task-memory",
     .what = "resident memory per waiting task, the request included",
     .run = bench_load_task_memory,
     .who = TWICE | UV | GLIB,
     .fresh = true,
     .rounds_max = 3,
     SHOWS(BENCH_MEMORY),
     ORDERS(task_memories)},
    {.name = "idle",
     .what = "wake-ups of an idle pool and its loop",
     .run = bench_load_idle,
     .who = TWICE | UV | GLIB,
     .fresh = true,
     .rounds_max = 1,
     SHOWS(BENCH_WAKEUPS),
     ORDERS(idles)},
    {.name = "life",
     .what =
         "create a pool, use each worker once, release, close; libuv's pool "
         "has no end",
     .run = bench_load_life,
     .who = TWICE | GLIB,
     .fresh = true,
     SHOWS(BENCH_CREATE, BENCH_RELEASE, BENCH_CLOSE),
     ORDERS(lives)},
    {.name = "purge",
     .what = "idle workers leave: a 1 ms timer meanwhile, and the cost of each",
     .run = bench_load_purge,
     .who = TWICE,
     .fresh = true,
     .rounds_max = 3,
     SHOWS(BENCH_LATE, BENCH_OWN_LATE, BENCH_TIME, BENCH_CPU),
     ORDERS(purges)},
    {.name = "tune",
     .what =
         "the capacity goes up and down during a flood: the call, the flood",
     .run = bench_load_tune,
     .who = TWICE | GLIB,
     .sized = true,
     SHOWS(BENCH_P50, BENCH_P99, BENCH_P999, BENCH_TIME),
     ORDERS(storms)},
};

const size_t bench_workload_count = LENGTH(bench_workloads);

unsigned bench_find_workload(const char* name, size_t length) {
  unsigned i = 0;
  while (i < bench_workload_count &&
         (strlen(bench_workloads[i].name) != length ||
          strncmp(bench_workloads[i].name, name, length) != 0)) {
    i++;
  }
  return i;
}
