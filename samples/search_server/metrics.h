/* Counters of the server, and /metrics in the text format of Prometheus.
 *
 * All of it belongs to the loop thread. */
#ifndef SEARCH_SERVER_METRICS_H
#define SEARCH_SERVER_METRICS_H

#include <stdint.h>

#include "engine.h"
#include "response.h"
#include "strbuf.h"

typedef enum {
  ROUTE_SEARCH,
  ROUTE_LOGIN,
  ROUTE_HEALTHZ,
  ROUTE_METRICS,
  ROUTE_NONE, /* no such path, or not a request at all */
  ROUTE_COUNT
} route_id_t;

typedef struct metrics_s {
  uint64_t responses[ROUTE_COUNT][RESPONSE_STATUS_COUNT];
  uint64_t connections_total;
  uint64_t connections_refused; /* there were too many */
  uint64_t disconnects;         /* the client left before its answer */
  uint64_t timeouts;            /* a client was too slow */
  unsigned connections;         /* now */
} metrics_t;

void metrics_count(metrics_t* m, route_id_t route, int status);

/* Appends everything: the counters, and the figures of `count` lanes. */
void metrics_write(const metrics_t* m,
                   lane_t* const* lanes,
                   unsigned count,
                   strbuf_t* out);

#endif /* SEARCH_SERVER_METRICS_H */
