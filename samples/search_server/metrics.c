/* Counters, and /metrics.
 *
 * The format wants all samples of one metric together, below its HELP and TYPE
 * lines; so the lanes are read first, and the outer loop is over the
 * metrics. */
#include "metrics.h"

#include <inttypes.h>
#include <stddef.h>

static const char* const route_names[ROUTE_COUNT] = {
    [ROUTE_SEARCH] = "search",
    [ROUTE_LOGIN] = "login",
    [ROUTE_HEALTHZ] = "healthz",
    [ROUTE_METRICS] = "metrics",
    [ROUTE_NONE] = "none",
};

void metrics_count(metrics_t* m, route_id_t route, int status) {
  m->responses[route][response_status_index(status)]++;
}

/* ---- Of the server ------------------------------------------------------- */

static void head(strbuf_t* out,
                 const char* name,
                 const char* type,
                 const char* help) {
  strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(strbuf_t* out,
                const char* name,
                const char* type,
                const char* help,
                uint64_t value) {
  head(out, name, type, help);
  strbuf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void write_responses(const metrics_t* m, strbuf_t* out) {
  static const char name[] = "http_responses_total";
  head(out, name, "counter", "Responses by route and status.");
  for (int route = 0; route < ROUTE_COUNT; route++) {
    for (int i = 0; i < RESPONSE_STATUS_COUNT; i++) {
      if (m->responses[route][i] > 0) {
        strbuf_printf(out,
                      "%s{route=\"%s\",code=\"%d\"} %" PRIu64 "\n",
                      name,
                      route_names[route],
                      response_status_at(i),
                      m->responses[route][i]);
      }
    }
  }
}

static void write_connections(const metrics_t* m, strbuf_t* out) {
  one(out, "http_connections", "gauge", "Open connections.", m->connections);
  one(out,
      "http_connections_total",
      "counter",
      "Accepted connections.",
      m->connections_total);
  one(out,
      "http_connections_refused_total",
      "counter",
      "Connections beyond the limit.",
      m->connections_refused);
  one(out,
      "http_disconnects_total",
      "counter",
      "Clients that left before they were answered.",
      m->disconnects);
  one(out,
      "http_timeouts_total",
      "counter",
      "Clients that were too slow.",
      m->timeouts);
}

/* ---- Of the lanes -------------------------------------------------------- */

typedef struct {
  const char* name;
  const char* type;
  const char* help;
  size_t offset; /* of an 8-byte field of lane_stats_t */
} lane_metric_t;

static const lane_metric_t lane_metrics[] = {
    {"pool_accepted_total",
     "counter",
     "Tasks that were admitted.",
     offsetof(lane_stats_t, accepted)},
    {"pool_refused_total",
     "counter",
     "Tasks that found no room.",
     offsetof(lane_stats_t, refused)},
    {"pool_started_total",
     "counter",
     "Tasks whose work began.",
     offsetof(lane_stats_t, started)},
    {"pool_completed_total",
     "counter",
     "Tasks whose work returned.",
     offsetof(lane_stats_t, completed)},
    {"pool_cancelled_total",
     "counter",
     "Tasks that were cancelled unbegun.",
     offsetof(lane_stats_t, cancelled)},
    {"pool_panicked_total",
     "counter",
     "Tasks that ended their worker.",
     offsetof(lane_stats_t, panicked)},
    {"pool_capacity",
     "gauge",
     "The most tasks that run at once; -1: not ours.",
     offsetof(lane_stats_t, capacity)},
    {"pool_workers",
     "gauge",
     "Threads; -1: not told.",
     offsetof(lane_stats_t, workers)},
    {"pool_busy",
     "gauge",
     "Threads that run a task; -1: not told.",
     offsetof(lane_stats_t, busy)},
    {"pool_waiting",
     "gauge",
     "Tasks that wait for a thread.",
     offsetof(lane_stats_t, waiting)},
    {"pool_waiting_max",
     "gauge",
     "The most that ever waited.",
     offsetof(lane_stats_t, waiting_max)},
};

enum { LANES_MAX = 4 };

static int64_t field(const lane_stats_t* stats, const lane_metric_t* metric) {
  return *(const int64_t*) (const void*) ((const char*) stats + metric->offset);
}

static void write_lanes(lane_t* const* lanes, unsigned count, strbuf_t* out) {
  lane_stats_t stats[LANES_MAX];
  if (count > LANES_MAX) {
    count = LANES_MAX;
  }
  for (unsigned i = 0; i < count; i++) {
    lane_stats(lanes[i], &stats[i]);
  }

  size_t metrics = sizeof lane_metrics / sizeof lane_metrics[0];
  for (size_t k = 0; k < metrics; k++) {
    const lane_metric_t* metric = &lane_metrics[k];
    head(out, metric->name, metric->type, metric->help);
    for (unsigned i = 0; i < count; i++) {
      strbuf_printf(out,
                    "%s{pool=\"%s\",engine=\"%s\"} %" PRId64 "\n",
                    metric->name,
                    lanes[i]->options.name,
                    lanes[i]->engine->name,
                    field(&stats[i], metric));
    }
  }
}

void metrics_write(const metrics_t* m,
                   lane_t* const* lanes,
                   unsigned count,
                   strbuf_t* out) {
  write_responses(m, out);
  write_connections(m, out);
  write_lanes(lanes, count, out);
}
