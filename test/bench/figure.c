/* Rounds into figures. The machine is shared and noisy: the median is quoted,
 * and the range beside it tells how noisy it was. */
#include "bench.h"

#include <stdlib.h>

static int compare(const void* a, const void* b) {
  double difference = *(const double*) a - *(const double*) b;
  return difference < 0 ? -1 : difference > 0;
}

struct bench_figure bench_sum_up(double* rounds, size_t count) {
  qsort(rounds, count, sizeof(*rounds), compare);
  struct bench_figure figure = {
      .median = (rounds[(count - 1) / 2] + rounds[count / 2]) / 2,
      .low = rounds[0],
      .high = rounds[count - 1],
  };
  return figure;
}
