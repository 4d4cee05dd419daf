/* /metrics: the figures of the pools.
 *
 * The format wants all samples of one metric together, below its HELP and TYPE
 * lines; so the pools are read first, and the outer loop is over the
 * metrics. */
#include <inttypes.h>
#include <stddef.h>

#include "metrics.h"

typedef struct {
  const char* name;
  const char* type;
  const char* help;
  size_t offset; /* of an 8-byte field of pool_stats_t */
} pool_metric_t;

static const pool_metric_t pool_metrics[] = {
    {"pool_accepted_total",
     "counter",
     "Tasks that were admitted.",
     offsetof(pool_stats_t, accepted)},
    {"pool_refused_total",
     "counter",
     "Tasks that found no room.",
     offsetof(pool_stats_t, refused)},
    {"pool_started_total",
     "counter",
     "Tasks whose work began.",
     offsetof(pool_stats_t, started)},
    {"pool_completed_total",
     "counter",
     "Tasks whose work returned.",
     offsetof(pool_stats_t, completed)},
    {"pool_cancelled_total",
     "counter",
     "Tasks that were cancelled unbegun.",
     offsetof(pool_stats_t, cancelled)},
    {"pool_panicked_total",
     "counter",
     "Tasks that ended their worker.",
     offsetof(pool_stats_t, panicked)},
    {"pool_capacity",
     "gauge",
     "The most tasks that run at once; -1: not ours.",
     offsetof(pool_stats_t, capacity)},
    {"pool_workers",
     "gauge",
     "Threads; -1: not told.",
     offsetof(pool_stats_t, workers)},
    {"pool_busy",
     "gauge",
     "Threads that run a task; -1: not told.",
     offsetof(pool_stats_t, busy)},
    {"pool_waiting",
     "gauge",
     "Tasks that wait for a thread.",
     offsetof(pool_stats_t, waiting)},
    {"pool_waiting_max",
     "gauge",
     "The most that ever waited.",
     offsetof(pool_stats_t, waiting_max)},
};

static int64_t field(const pool_stats_t* stats, const pool_metric_t* metric) {
  return *(const int64_t*) (const void*) ((const char*) stats + metric->offset);
}

void metrics_write_pools(pool_t* const* pools, unsigned count, strbuf_t* out) {
  pool_stats_t stats[POOLS_MAX];
  for (unsigned i = 0; i < count; i++) {
    pool_stats(pools[i], &stats[i]);
  }

  size_t metrics = sizeof pool_metrics / sizeof pool_metrics[0];
  for (size_t k = 0; k < metrics; k++) {
    const pool_metric_t* metric = &pool_metrics[k];
    metrics_head(out, metric->name, metric->type, metric->help);
    for (unsigned i = 0; i < count; i++) {
      strbuf_printf(out,
                    "%s{pool=\"%s\",engine=\"%s\"} %" PRId64 "\n",
                    metric->name,
                    pools[i]->options.name,
                    pools[i]->engine->name,
                    field(&stats[i], metric));
    }
  }
}
