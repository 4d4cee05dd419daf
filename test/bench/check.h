/* The parts of --check: what a target is, how it is measured
 * (check_measure.c), which there are (check_targets.c), and what is done about
 * a miss (check.c). */
#ifndef UVPOOL_TEST_BENCH_CHECK_H
#define UVPOOL_TEST_BENCH_CHECK_H

#include "bench.h"

enum direction { AT_LEAST, AT_MOST };

/* What a try has found. */
struct finding {
  double value; /* NAN: it cannot be measured here */
  double limit;
  double spread; /* NAN: not known */
};

struct target {
  const char* text;
  bool is_told_only; /* it fails nobody: it says why, or is no ratio */
  const char* unit;  /* of value and limit */
  enum direction direction;
  double limit;
  void (*measure)(const struct target* target, struct finding* finding);
  const char* workload;
  struct bench_order order;
  struct bench_order other; /* for measure_pairs */
  enum bench_who who;
  enum bench_metric metric;
};

extern const struct target bench_targets[];
extern const size_t bench_target_count;

/* How one try is made. Set by the gate. */
struct attempt {
  size_t rounds;
  unsigned round_ms;
  unsigned number; /* from 1, of this target */
  unsigned serial; /* of all targets: goes up with each further attempt */
  unsigned oldest; /* cells of earlier serial numbers will not do */
};

extern struct attempt bench_attempt;

/* How many times as long as uvpool does target->who take? Or, with AT_MOST, the
 * other way round. */
void bench_measure_ratio(const struct target*, struct finding*);

/* The same, and what equals differ by is allowed for. */
void bench_measure_equals(const struct target*, struct finding*);

/* How many times as long as a spinning uvpool does target->who take? */
void bench_measure_spinning(const struct target*, struct finding*);

/* The time of uvpool in one cell by that in another, in turn. */
void bench_measure_pairs(const struct target*, struct finding*);

/* What target->who has, in the worst round. */
void bench_measure_count(const struct target*, struct finding*);

/* The geometric mean of the ratios of all no-op and 1 us cells of the table. */
void bench_measure_mean(const struct target*, struct finding*);

#endif /* UVPOOL_TEST_BENCH_CHECK_H */
