/* How targets are measured. Targets of one attempt share the cells. */
#include <math.h>
#include <string.h>

#include "check.h"

enum { CELLS_MAX = 64, PAIRS = 3, PAIR_ROUNDS = 2 };

/* What equals differ by is itself known from a few rounds only: no less is
 * allowed for than what a shared machine cannot tell apart. And more noise than
 * the most excuses nothing. */
static const double least_spread = 0.05;
static const double most_spread = 0.25;

struct attempt bench_attempt;

static struct {
  char name[160];
  unsigned serial;
  unsigned who; /* that it was measured for */
  struct bench_cell cell;
} cache[CELLS_MAX];

static struct bench_order complete(const char* workload,
                                   struct bench_order order) {
  order.workload = bench_find_workload(workload, strlen(workload));
  order.round_ms = bench_attempt.round_ms;
  return order;
}

static const struct bench_cell* get_cell(const char* workload,
                                         struct bench_order order,
                                         unsigned who) {
  char name[160];
  size_t i = 0;
  order = complete(workload, order);
  bench_describe(&order, name, sizeof(name));
  while (i < CELLS_MAX - 1 && cache[i].name[0] != '\0' &&
         strcmp(cache[i].name, name) != 0) {
    i++;
  }
  if (cache[i].serial < bench_attempt.oldest || (who & ~cache[i].who) != 0 ||
      strcmp(cache[i].name, name) != 0) {
    size_t rounds = bench_attempt.rounds;
    size_t most = bench_workloads[order.workload].rounds_max;
    memcpy(cache[i].name, name, sizeof(name));
    cache[i].serial = bench_attempt.serial;
    cache[i].who = who;
    bench_progress("try %u: %s", bench_attempt.number, name);
    bench_measure(&order,
                  who,
                  most != 0 && most < rounds ? most : rounds,
                  &cache[i].cell);
    bench_progress("%s", "");
  }
  return &cache[i].cell;
}

void bench_measure_ratio(const struct target* target, struct finding* finding) {
  unsigned who = BENCH_BIT(BENCH_UVPOOL) | BENCH_BIT(BENCH_UVPOOL_AGAIN) |
                 BENCH_BIT(BENCH_UV) | BENCH_BIT(target->who);
  const struct bench_cell* cell =
      get_cell(target->workload, target->order, who);
  finding->value = bench_ratio(cell, target->who, target->metric);
  finding->spread = cell->spread;
  if (target->direction == AT_MOST) {
    finding->value = 1 / finding->value;
  }
}

void bench_measure_equals(const struct target* target,
                          struct finding* finding) {
  bench_measure_ratio(target, finding);
  double allowed = fmin(fmax(finding->spread, least_spread), most_spread);
  finding->limit += target->direction == AT_LEAST ? -allowed : allowed;
}

void bench_measure_spinning(const struct target* target,
                            struct finding* finding) {
  const struct bench_cell* cell =
      get_cell(target->workload,
               target->order,
               BENCH_BIT(BENCH_UVPOOL) | BENCH_BIT(BENCH_UVPOOL_AGAIN) |
                   BENCH_BIT(BENCH_UVPOOL_SPIN) | BENCH_BIT(BENCH_UV));
  finding->value = cell->figure[BENCH_UV][BENCH_P50].median /
                   cell->figure[BENCH_UVPOOL_SPIN][BENCH_P50].median;
}

void bench_measure_pairs(const struct target* target, struct finding* finding) {
  struct bench_order order = complete(target->workload, target->order);
  struct bench_order other = complete(target->workload, target->other);
  static struct bench_cell cell;
  double ratios[PAIRS];
  char name[160];
  bench_describe(&order, name, sizeof(name));
  for (int i = 0; i < PAIRS; i++) {
    bench_progress("try %u: %s, pair %d", bench_attempt.number, name, i + 1);
    bench_measure(&order, BENCH_BIT(BENCH_UVPOOL), PAIR_ROUNDS, &cell);
    double ours = cell.figure[BENCH_UVPOOL][target->metric].median;
    bench_measure(&other, BENCH_BIT(BENCH_UVPOOL), PAIR_ROUNDS, &cell);
    ratios[i] = ours / cell.figure[BENCH_UVPOOL][target->metric].median;
  }
  bench_progress("%s", "");
  finding->value = bench_quantile(ratios, PAIRS, 0.5);
}

void bench_measure_count(const struct target* target, struct finding* finding) {
  const struct bench_cell* cell =
      get_cell(target->workload,
               target->order,
               BENCH_BIT(BENCH_UVPOOL) | BENCH_BIT(BENCH_UVPOOL_AGAIN) |
                   BENCH_BIT(BENCH_UV) | BENCH_BIT(target->who));
  finding->value = cell->figure[target->who][target->metric].high;
}

void bench_measure_mean(const struct target* target, struct finding* finding) {
  double sum = 0;
  double count = 0;
  (void) target;
  for (size_t i = 0; i < bench_target_count; i++) {
    struct finding part = {NAN, NAN, NAN};
    if (bench_targets[i].measure == bench_measure_equals &&
        strcmp(bench_targets[i].workload, "flood") == 0 &&
        bench_targets[i].order.task <= BENCH_SPIN_1US) {
      bench_measure_ratio(&bench_targets[i], &part);
      sum += log(part.value);
      count++;
    }
  }
  finding->value = exp(sum / count);
}
