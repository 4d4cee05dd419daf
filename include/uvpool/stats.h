/* A snapshot of what a pool has done and does.
 *
 * All numbers of one snapshot were true at the same moment, so that
 *
 *     accepted = waiting + busy + completed + cancelled + expired + panicked
 *
 * always holds. `completed` counts works that have returned; their done
 * callbacks may still be on the way. The histograms may lag. */
#ifndef UVPOOL_STATS_H
#define UVPOOL_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <uvpool/options.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Durations by powers of two: buckets[i] counts those from 2^i up to, but not
 * including, 2^(i+1) nanoseconds; the first also 0, the last all that are
 * longer. A part of uvpool_stats_t. Where the pool has sampled (see
 * UVPOOL_EXACT_TIMES), each sample stands for the tasks since the one before,
 * and is counted as many times. */
#define UVPOOL_HISTOGRAM_BUCKETS 48
typedef struct uvpool_histogram_s {
  uint64_t count;
  uint64_t sum_ns;
  uint64_t max_ns;
  uint64_t buckets[UVPOOL_HISTOGRAM_BUCKETS];
} uvpool_histogram_t;

/* The tasks of one class. A part of uvpool_stats_t. */
typedef struct uvpool_class_stats_s {
  uint64_t busy;
  uint64_t waiting; /* also in serial queues */
} uvpool_class_stats_t;

/* Allocated by the caller. */
typedef struct uvpool_stats_s {
  size_t size; /* sizeof(uvpool_stats_t) of the caller */

  /* Since creation. */
  uint64_t accepted;  /* submits that returned 0 */
  uint64_t refused;   /* submits that returned UV_EAGAIN or UV_ETIMEDOUT */
  uint64_t started;   /* works that began */
  uint64_t completed; /* works that returned */
  uint64_t cancelled; /* ended with UV_ECANCELED before their work began */
  uint64_t expired;   /* ended with UV_ETIMEDOUT, at their deadline */
  uint64_t panicked;  /* ended with UVPOOL_EPANIC */
  uint64_t workers_started; /* threads that began */
  uint64_t workers_expired; /* retired because they were idle for too long */
  uint64_t spawn_failures;  /* threads that could not be started */

  /* Now. */
  int64_t capacity; /* -1: unlimited */
  uint64_t workers; /* threads */
  uint64_t busy;    /* executing a task */
  uint64_t idle;    /* parked */
  uint64_t waiting; /* tasks that no worker has taken yet */
  uint64_t blocked; /* callers inside uvpool_submit_wait */

  /* The highest so far. */
  uint64_t workers_max;
  uint64_t busy_max;
  uint64_t waiting_max;

  /* How long the oldest task has waited for a worker, and the longest run so
   * far of those that run, 0 if there is none; and their labels, NULL if they
   * have none: texts of their submitters. A task that waits for its predecessor
   * in a serial queue does not wait for a worker yet. Right to within 5 ms;
   * where tasks take less than 2 us, the longest run may include those before
   * it. */
  uint64_t oldest_waiting_ns;
  uint64_t longest_running_ns;
  const char* oldest_waiting_label;
  const char* longest_running_label;

  uvpool_class_stats_t classes[UVPOOL_CLASSES];

  /* From enqueued to taken by a worker, of tasks that were taken. */
  uvpool_histogram_t wait;
  /* From taken to returned, of works that have returned. */
  uvpool_histogram_t run;
} uvpool_stats_t;

/* The duration that a share of all recorded durations does not exceed, to
 * within the width of a bucket: its upper end, or max_ns if that is less.
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  nanoseconds; 0 for NULL, an empty histogram, or a share that is not
 *           between 0 and 1. */
UVPOOL_EXTERN uint64_t
uvpool_histogram_quantile(const uvpool_histogram_t* histogram, double share);

/* Takes a snapshot of the pool behind a handle.
 *
 * A macro over uvpool_stats_sized, so that a caller compiled against an older
 * header gets the fields it knows and nothing beyond.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     the caller.
 * Returns:  0, UV_EINVAL (NULL, or a size that this library does not know),
 *           UV_EPERM (in a forked child, of the parent's pool). */
#define uvpool_stats(handle, stats)                                            \
  uvpool_stats_sized((handle), (stats), sizeof(uvpool_stats_t))

/* What uvpool_stats expands to; for bindings. */
UVPOOL_EXTERN int uvpool_stats_sized(uvpool_t* handle,
                                     uvpool_stats_t* stats,
                                     size_t size);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_STATS_H */
