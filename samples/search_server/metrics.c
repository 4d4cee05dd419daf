/* Counters, and /metrics: the figures of the server. */
#include "metrics.h"

#include <inttypes.h>

static const char* const route_names[ROUTE_COUNT] = {
    [ROUTE_SEARCH] = "search",
    [ROUTE_LOGIN] = "login",
    [ROUTE_HEALTHZ] = "healthz",
    [ROUTE_METRICS] = "metrics",
    [ROUTE_NONE] = "none",
};

static void add_one(atomic_uint_least64_t* counter) {
  atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_least64_t* counter) {
  return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_response(metrics_t* m, route_id_t route, int status) {
  add_one(&m->responses[route][response_status_index(status)]);
}

void metrics_event(metrics_t* m, event_id_t event) {
  add_one(&m->events[event]);
}

/* ---- Writing ------------------------------------------------------------- */

void metrics_head(strbuf_t* out,
                  const char* name,
                  const char* type,
                  const char* help) {
  strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static uint64_t sum_of_responses(const metrics_sources_t* s,
                                 int route,
                                 int status) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < s->loop_count; i++) {
    sum += get(&s->loops[i]->responses[route][status]);
  }
  return sum;
}

static void write_responses(const metrics_sources_t* s, strbuf_t* out) {
  static const char name[] = "http_responses_total";
  metrics_head(out, name, "counter", "Responses by route and status.");
  for (int route = 0; route < ROUTE_COUNT; route++) {
    for (int i = 0; i < RESPONSE_STATUS_COUNT; i++) {
      uint64_t sum = sum_of_responses(s, route, i);
      if (sum > 0) {
        strbuf_printf(out,
                      "%s{route=\"%s\",code=\"%d\"} %" PRIu64 "\n",
                      name,
                      route_names[route],
                      response_status_at(i),
                      sum);
      }
    }
  }
}

static void write_events(const metrics_sources_t* s, strbuf_t* out) {
  static const struct {
    const char* name;
    const char* help;
  } events[EVENT_COUNT] = {
      [EVENT_CONNECTION] = {"http_connections_total", "Accepted connections."},
      [EVENT_CONNECTION_REFUSED] = {"http_connections_refused_total",
                                    "Connections beyond the limit."},
      [EVENT_DISCONNECT] = {"http_disconnects_total",
                            "Clients that left before they were answered."},
      [EVENT_TIMEOUT] = {"http_timeouts_total", "Clients that were too slow."},
  };
  for (int event = 0; event < EVENT_COUNT; event++) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < s->loop_count; i++) {
      sum += get(&s->loops[i]->events[event]);
    }
    metrics_head(out, events[event].name, "counter", events[event].help);
    strbuf_printf(out, "%s %" PRIu64 "\n", events[event].name, sum);
  }
}

/* How the system spreads the connections. */
static void write_loops(const metrics_sources_t* s, strbuf_t* out) {
  static const char name[] = "loop_connections_total";
  metrics_head(out, name, "counter", "Accepted connections by event loop.");
  for (unsigned i = 0; i < s->loop_count; i++) {
    strbuf_printf(out,
                  "%s{loop=\"%u\"} %" PRIu64 "\n",
                  name,
                  i,
                  get(&s->loops[i]->events[EVENT_CONNECTION]));
  }
}

void metrics_write(const metrics_sources_t* s, strbuf_t* out) {
  write_responses(s, out);
  metrics_head(out, "http_connections", "gauge", "Open connections.");
  strbuf_printf(out, "http_connections %u\n", s->connections);
  write_events(s, out);
  write_loops(s, out);
  metrics_write_pools(s->pools, s->pool_count, out);
}
