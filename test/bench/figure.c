/* Rounds into figures. The machine is shared and noisy: the median is quoted,
 * the range beside it tells how noisy it was, and the spread of uvpool against
 * itself how much of a difference means nothing. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void* a, const void* b) {
  double difference = *(const double*) a - *(const double*) b;
  return difference < 0 ? -1 : difference > 0;
}

static double median(double* values, size_t count) {
  qsort(values, count, sizeof(*values), compare);
  return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

struct bench_figure bench_sum_up(const double* rounds, size_t count) {
  double sorted[BENCH_ROUNDS_MAX];
  struct bench_figure figure = {NAN, NAN, NAN};
  if (count == 0 || isnan(rounds[0])) {
    return figure;
  }
  memcpy(sorted, rounds, count * sizeof(*rounds));
  figure.median = median(sorted, count);
  figure.low = sorted[0];
  figure.high = sorted[count - 1];
  return figure;
}

double bench_spread(const double* ours, const double* again, size_t count) {
  double apart[BENCH_ROUNDS_MAX];
  if (count == 0 || isnan(ours[0]) || isnan(again[0])) {
    return NAN;
  }
  for (size_t i = 0; i < count; i++) {
    apart[i] = fabs(ours[i] / again[i] - 1);
  }
  double by_round = median(apart, count);
  double by_median = fabs(
      bench_sum_up(ours, count).median / bench_sum_up(again, count).median - 1);
  return by_round > by_median ? by_round : by_median;
}

double bench_quantile(double* values, size_t count, double share) {
  if (count == 0) {
    return NAN;
  }
  qsort(values, count, sizeof(*values), compare);
  double rank = ceil(share * (double) count);
  size_t index = rank < 1 ? 0 : (size_t) rank - 1;
  return values[index < count ? index : count - 1];
}

double bench_ratio(const struct bench_cell* cell,
                   enum bench_who who,
                   enum bench_metric metric) {
  return cell->figure[who][metric].median /
         cell->figure[BENCH_UVPOOL][metric].median;
}
