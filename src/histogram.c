/* Histograms; see uvpool_histogram_t. */
#include "histogram.h"

/* floor(log2), and 0 for 0; the last bucket takes what is longer. */
static unsigned bucket_of(uint64_t duration_ns) {
  unsigned bucket = 63u - (unsigned) __builtin_clzll(duration_ns | 1u);
  return bucket < UVPOOL_HISTOGRAM_BUCKETS ? bucket
                                           : UVPOOL_HISTOGRAM_BUCKETS - 1;
}

void uvpool__histogram_add(uvpool_histogram_t* histogram,
                           uint64_t duration_ns,
                           uint64_t weight) {
  histogram->count += weight;
  histogram->sum_ns += duration_ns * weight;
  histogram->buckets[bucket_of(duration_ns)] += weight;
  if (duration_ns > histogram->max_ns) {
    histogram->max_ns = duration_ns;
  }
}

uint64_t uvpool_histogram_quantile(const uvpool_histogram_t* histogram,
                                   double share) {
  if (histogram == NULL || histogram->count == 0 ||
      !(share >= 0.0 && share <= 1.0)) {
    return 0;
  }
  /* A rounding error of the share must not ask for one more. */
  double wanted = share * (double) histogram->count * (1.0 - 1e-12);
  uint64_t seen = 0;
  for (unsigned i = 0; i < UVPOOL_HISTOGRAM_BUCKETS - 1; i++) {
    seen += histogram->buckets[i];
    uint64_t end = (UINT64_C(2) << i) - 1;
    if (seen > 0 && (double) seen >= wanted) {
      return end < histogram->max_ns ? end : histogram->max_ns;
    }
  }
  return histogram->max_ns;
}
