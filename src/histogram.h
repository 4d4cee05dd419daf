/* Histograms of durations by powers of two. */
#ifndef UVPOOL_SRC_HISTOGRAM_H
#define UVPOOL_SRC_HISTOGRAM_H

#include <uvpool/stats.h>

/* Adds a duration that stands for `weight` of them. */
void uvpool__histogram_add(uvpool_histogram_t* histogram,
                           uint64_t duration_ns,
                           uint64_t weight);

#endif /* UVPOOL_SRC_HISTOGRAM_H */
