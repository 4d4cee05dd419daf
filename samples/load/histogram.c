/* A histogram of latencies.
 *
 * A value below 128 has a bucket of its own. Above, its 7 leading bits name the
 * bucket within its power of two:
 *
 *     1xxxxxx|.....     shift = how many bits are cut off
 *     index = shift * 64 + the 7 leading bits */
#include "histogram.h"

enum { SUB = 1 << HISTOGRAM_BITS };

static unsigned index_of(uint64_t value) {
  unsigned shift = 0;
  while ((value >> shift) >= 2 * SUB) {
    shift++;
  }
  unsigned index = shift * SUB + (unsigned) (value >> shift);
  return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

/* The largest value that a bucket takes. */
static uint64_t upper_bound(unsigned index) {
  if (index < 2 * SUB) {
    return index;
  }
  unsigned shift = index / SUB - 1;
  uint64_t leading = index - shift * SUB;
  return ((leading + 1) << shift) - 1;
}

void histogram_add(histogram_t* h, uint64_t value) {
  h->buckets[index_of(value)]++;
  h->count++;
  if (value > h->max) {
    h->max = value;
  }
}

uint64_t histogram_percentile(const histogram_t* h, double percent) {
  uint64_t rank = (uint64_t) ((double) h->count * percent / 100.0);
  uint64_t seen = 0;
  if (rank >= h->count) {
    return h->max;
  }
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += h->buckets[i];
    if (seen > rank) {
      return upper_bound(i) < h->max ? upper_bound(i) : h->max;
    }
  }
  return h->max;
}
