/* Counters, and /metrics in the text format of Prometheus: the figures of the
 * whole process, whichever loop is asked. */
#ifndef SEARCH_SERVER_METRICS_H
#define SEARCH_SERVER_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "engine.h"
#include "limits.h"
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

typedef enum {
  EVENT_CONNECTION,
  EVENT_CONNECTION_REFUSED, /* there were too many */
  EVENT_DISCONNECT,         /* the client left before its answer */
  EVENT_TIMEOUT,            /* a client was too slow */
  EVENT_COUNT
} event_id_t;

/* Of one loop. Its thread adds, any thread reads: relaxed, since no other data
 * depends on a figure. */
typedef struct metrics_s {
  atomic_uint_least64_t responses[ROUTE_COUNT][RESPONSE_STATUS_COUNT];
  atomic_uint_least64_t events[EVENT_COUNT];
} metrics_t;

void metrics_response(metrics_t* m, route_id_t route, int status);
void metrics_event(metrics_t* m, event_id_t event);

/* What /metrics tells of. Constant during the call. */
typedef struct metrics_sources_s {
  const metrics_t* loops[LOOPS_MAX];
  unsigned loop_count;
  unsigned connections; /* now */
  pool_t* const* pools;
  unsigned pool_count;
} metrics_sources_t;

/* Appends everything: the counters, summed over the loops, and the figures of
 * the pools. */
void metrics_write(const metrics_sources_t* sources, strbuf_t* out);

/* metrics_pool.c */
void metrics_write_pools(pool_t* const* pools, unsigned count, strbuf_t* out);

/* Appends the HELP and TYPE lines of a metric. */
void metrics_head(strbuf_t* out,
                  const char* name,
                  const char* type,
                  const char* help);

#endif /* SEARCH_SERVER_METRICS_H */
