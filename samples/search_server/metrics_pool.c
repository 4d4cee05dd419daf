/* /metrics: the figures of the pools.
 *
 * The format wants all samples of one metric together, below its HELP and TYPE
 * lines; so the pools are read first, and the outer loop is over the
 * metrics. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "metrics.h"

/* A pool and its figures, read once for all of them. */
typedef struct {
  const pool_t* pool;
  pool_stats_t stats;
} metrics_pool_t;

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
    {"pool_expired_total",
     "counter",
     "Tasks that were not begun by their deadline.",
     offsetof(pool_stats_t, expired)},
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

static void write_labels(strbuf_t* out, const char* name, const pool_t* pool) {
  strbuf_printf(out,
                "%s{pool=\"%s\",engine=\"%s\"",
                name,
                pool->options.name,
                pool->engine->name);
}

static void write_figures(const metrics_pool_t* pools,
                          unsigned count,
                          strbuf_t* out) {
  size_t metrics = sizeof pool_metrics / sizeof pool_metrics[0];
  for (size_t k = 0; k < metrics; k++) {
    const pool_metric_t* metric = &pool_metrics[k];
    metrics_head(out, metric->name, metric->type, metric->help);
    for (unsigned i = 0; i < count; i++) {
      write_labels(out, metric->name, pools[i].pool);
      strbuf_printf(out, "} %" PRId64 "\n", field(&pools[i].stats, metric));
    }
  }
}

/* ---- How long ------------------------------------------------------------ */

static void write_age(strbuf_t* out,
                      const char* name,
                      const pool_t* pool,
                      uint64_t ns,
                      const char* label) {
  write_labels(out, name, pool);
  if (label != NULL) {
    strbuf_printf(out, ",task=\"%s\"", label);
  }
  strbuf_printf(out, "} %.6f\n", (double) ns / 1e9);
}

static void write_ages(const metrics_pool_t* pools,
                       unsigned count,
                       strbuf_t* out) {
  static const char waiting[] = "pool_oldest_waiting_seconds";
  static const char running[] = "pool_longest_running_seconds";
  metrics_head(out, waiting, "gauge", "Age of the task that waits longest.");
  for (unsigned i = 0; i < count; i++) {
    const pool_stats_t* s = &pools[i].stats;
    write_age(out,
              waiting,
              pools[i].pool,
              s->oldest_waiting_ns,
              s->oldest_waiting_label);
  }
  metrics_head(out, running, "gauge", "Age of the task that runs longest.");
  for (unsigned i = 0; i < count; i++) {
    const pool_stats_t* s = &pools[i].stats;
    write_age(out,
              running,
              pools[i].pool,
              s->longest_running_ns,
              s->longest_running_label);
  }
}

/* Buckets of uvpool have powers of two as bounds. Of the 48, those from 4 us to
 * 17 s, and every other one: a query is interested in a factor of four, and
 * each bucket is a time series. (A bucket of uvpool does not include its upper
 * bound, one of Prometheus does: a nanosecond.) */
enum { FIRST_EXPONENT = 12, LAST_EXPONENT = 34, EXPONENT_STEP = 2 };

static void write_histogram(strbuf_t* out,
                            const char* name,
                            const pool_t* pool,
                            const uvpool_histogram_t* h) {
  char series[64];
  uint64_t sum = 0;
  int next = FIRST_EXPONENT;
  snprintf(series, sizeof series, "%s_bucket", name);
  for (int i = 0; i < UVPOOL_HISTOGRAM_BUCKETS; i++) {
    if (i == next && i <= LAST_EXPONENT) {
      write_labels(out, series, pool);
      strbuf_printf(out,
                    ",le=\"%.9g\"} %" PRIu64 "\n",
                    (double) (UINT64_C(1) << i) / 1e9,
                    sum);
      next += EXPONENT_STEP;
    }
    sum += h->buckets[i];
  }
  write_labels(out, series, pool);
  strbuf_printf(out, ",le=\"+Inf\"} %" PRIu64 "\n", sum);
  snprintf(series, sizeof series, "%s_sum", name);
  write_labels(out, series, pool);
  strbuf_printf(out, "} %.9f\n", (double) h->sum_ns / 1e9);
  snprintf(series, sizeof series, "%s_count", name);
  write_labels(out, series, pool);
  strbuf_printf(out, "} %" PRIu64 "\n", sum);
}

static void write_histograms(const metrics_pool_t* pools,
                             unsigned count,
                             strbuf_t* out) {
  static const char wait[] = "pool_wait_seconds";
  static const char run[] = "pool_run_seconds";
  metrics_head(out, wait, "histogram", "From submitted to begun.");
  for (unsigned i = 0; i < count; i++) {
    write_histogram(out, wait, pools[i].pool, &pools[i].stats.wait);
  }
  metrics_head(out, run, "histogram", "From begun to returned.");
  for (unsigned i = 0; i < count; i++) {
    write_histogram(out, run, pools[i].pool, &pools[i].stats.run);
  }
}

/* ---- By lane ------------------------------------------------------------- */

static void write_lane(const metrics_pool_t* p, strbuf_t* out, int is_busy) {
  for (unsigned k = 0; k < p->pool->options.lane_count; k++) {
    const lane_stats_t* lane = &p->stats.lanes[k];
    write_labels(out, is_busy ? "lane_busy" : "lane_waiting", p->pool);
    strbuf_printf(out,
                  ",lane=\"%s\"} %" PRId64 "\n",
                  p->pool->options.lanes[k].name,
                  is_busy ? lane->busy : lane->waiting);
  }
}

static void write_lanes(const metrics_pool_t* pools,
                        unsigned count,
                        strbuf_t* out) {
  metrics_head(out, "lane_busy", "gauge", "Threads that run it, by purpose.");
  for (unsigned i = 0; i < count; i++) {
    write_lane(&pools[i], out, 1);
  }
  metrics_head(out, "lane_waiting", "gauge", "Tasks that wait, by purpose.");
  for (unsigned i = 0; i < count; i++) {
    write_lane(&pools[i], out, 0);
  }
}

/* ---- All ----------------------------------------------------------------- */

void metrics_write_pools(pool_t* const* pools, unsigned count, strbuf_t* out) {
  metrics_pool_t all[POOLS_MAX];
  int detailed = 1;
  for (unsigned i = 0; i < count; i++) {
    all[i].pool = pools[i];
    pool_stats(pools[i], &all[i].stats);
    detailed = detailed && all[i].stats.is_detailed;
  }
  write_figures(all, count, out);
  if (detailed) { /* all are of one engine */
    write_ages(all, count, out);
    write_lanes(all, count, out);
    write_histograms(all, count, out);
  }
}
