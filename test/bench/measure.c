/* One cell: everybody who can runs the same order, in turn, round by round. Who
 * begins changes from round to round, so that nobody always runs after the
 * same other. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"

/* More threads at once take seconds to come and go. */
enum { PTHREADS_MAX = 256 };

static struct {
  double value[BENCH_CONTENDERS][BENCH_METRICS][BENCH_ROUNDS_MAX];
} rounds_of;

static bool is_able(enum bench_who who, const struct bench_order* order) {
  const struct bench_workload* workload = &bench_workloads[order->workload];
  if ((workload->who & BENCH_BIT(who)) == 0 || !bench_is_built(who)) {
    return false;
  }
  switch (who) {
    case BENCH_FLOOR:
      return order->in_flight == 1;
    case BENCH_BARE:
      return !workload->sized || order->task != BENCH_NOOP;
    case BENCH_PTHREAD:
      return order->in_flight <= PTHREADS_MAX;
    default:
      return true;
  }
}

static void ask(enum bench_who who,
                const struct bench_order* order,
                struct bench_sample* sample) {
  struct bench_child* child = bench_child_for(who, order);
  bench_child_ask(child, order, sample);
  if (bench_workloads[order->workload].fresh) {
    bench_child_end(child);
  }
}

/* Says how many tasks a round has for each, and warms them up. */
static void prepare(struct bench_cell* cell) {
  for (enum bench_who who = 0; who < BENCH_CONTENDERS; who++) {
    struct bench_sample sample;
    struct bench_order order = cell->order;
    if ((cell->who & BENCH_BIT(who)) == 0) {
      continue;
    }
    if (who == BENCH_UVPOOL_AGAIN && cell->tasks[BENCH_UVPOOL] != 0) {
      order.tasks = cell->tasks[BENCH_UVPOOL];
    }
    ask(who, &order, &sample);
    cell->tasks[who] = sample.tasks;
  }
}

static void run_round(struct bench_cell* cell, size_t round) {
  for (size_t i = 0; i < BENCH_CONTENDERS; i++) {
    enum bench_who who = (enum bench_who)((i + round) % BENCH_CONTENDERS);
    struct bench_sample sample;
    struct bench_order order = cell->order;
    if ((cell->who & BENCH_BIT(who)) == 0) {
      continue;
    }
    if (cell->tasks[who] != 0) {
      order.tasks = cell->tasks[who];
    }
    ask(who, &order, &sample);
    if (sample.err != 0) {
      cell->failed |= BENCH_BIT(who);
    }
    for (int metric = 0; metric < BENCH_METRICS; metric++) {
      rounds_of.value[who][metric][round] = sample.value[metric];
    }
  }
}

static void sum_up(struct bench_cell* cell) {
  enum bench_metric first = bench_workloads[cell->order.workload].shown[0];
  cell->who &= ~cell->failed;
  for (enum bench_who who = 0; who < BENCH_CONTENDERS; who++) {
    for (int metric = 0; metric < BENCH_METRICS; metric++) {
      bool ran = (cell->who & BENCH_BIT(who)) != 0;
      cell->figure[who][metric] =
          bench_sum_up(rounds_of.value[who][metric], ran ? cell->rounds : 0);
    }
  }
  cell->spread = NAN;
  if ((cell->who & BENCH_BIT(BENCH_UVPOOL_AGAIN)) != 0) {
    cell->spread = bench_spread(rounds_of.value[BENCH_UVPOOL][first],
                                rounds_of.value[BENCH_UVPOOL_AGAIN][first],
                                cell->rounds);
  }
}

void bench_measure(const struct bench_order* order,
                   unsigned who,
                   size_t rounds,
                   struct bench_cell* cell) {
  const struct bench_workload* workload = &bench_workloads[order->workload];
  memset(cell, 0, sizeof(*cell));
  cell->order = *order;
  cell->rounds = rounds;
  for (enum bench_who i = 0; i < BENCH_CONTENDERS; i++) {
    if ((who & BENCH_BIT(i)) != 0 && is_able(i, order)) {
      cell->who |= BENCH_BIT(i);
    }
  }
  if (workload->sized) {
    prepare(cell);
  }
  for (size_t round = 0; round < rounds; round++) {
    run_round(cell, round);
  }
  sum_up(cell);
}
