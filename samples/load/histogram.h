/* A histogram of latencies: fixed memory, any number of values.
 *
 * Buckets are log-linear: 64 for each power of two, so that a percentile is off
 * by 1.6 % at most, upwards. The maximum is exact. */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BITS = 6, HISTOGRAM_BUCKETS = 36 << HISTOGRAM_BITS };

typedef struct histogram_s {
  uint64_t count;
  uint64_t max;
  uint64_t buckets[HISTOGRAM_BUCKETS];
} histogram_t;

void histogram_add(histogram_t* h, uint64_t value);

/* The value that `percent` of all values do not exceed; 0 if there is none. */
uint64_t histogram_percentile(const histogram_t* h, double percent);

#endif /* LOAD_HISTOGRAM_H */
