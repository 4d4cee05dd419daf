/* A snapshot of what a pool has done and does.
 *
 * All numbers of one snapshot were true at the same moment, so that
 *
 *     accepted = waiting + busy + completed + cancelled + panicked
 *
 * always holds. `completed` counts works that have returned; their done
 * callbacks may still be on the way. */
#ifndef UVPOOL_STATS_H
#define UVPOOL_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocated by the caller. */
typedef struct uvpool_stats_s {
  size_t size; /* sizeof(uvpool_stats_t) of the caller */

  /* Since creation. */
  uint64_t accepted;  /* submits that returned 0 */
  uint64_t refused;   /* submits that returned UV_EAGAIN or UV_ETIMEDOUT */
  uint64_t started;   /* works that began */
  uint64_t completed; /* works that returned */
  uint64_t cancelled; /* ended with UV_ECANCELED before their work began */
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
} uvpool_stats_t;

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
