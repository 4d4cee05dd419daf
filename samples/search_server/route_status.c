/* GET /healthz and GET /metrics: answered on the loop, without a worker.
 *
 * So they answer as long as the loop is alive, whatever the pools are doing; a
 * health check that waited in a pool's queue would take a busy server for a
 * dead one. */
#include "routes.h"

void route_healthz(reactor_t* reactor, exchange_t* exchange) {
  if (reactor->phase >= REACTOR_DRAINING) {
    exchange_error(exchange, 503, "draining");
    return;
  }
  strbuf_t body;
  strbuf_init(&body, RESPONSE_MAX);
  strbuf_puts(&body, "{\"status\":\"ok\"}\n");
  exchange_respond(exchange, 200, "application/json", &body);
}

void route_metrics(reactor_t* reactor, exchange_t* exchange) {
  const server_t* server = reactor->server;
  metrics_sources_t sources = {
      .loop_count = server->options->loops,
      .connections = atomic_load(&server->connections),
      .pools = reactor->pools,
      .pool_count = reactor->pool_count,
  };
  for (unsigned i = 0; i < sources.loop_count; i++) {
    sources.loops[i] = &server->reactors[i].metrics;
  }
  strbuf_t body;
  strbuf_init(&body, RESPONSE_MAX);
  metrics_write(&sources, &body);
  exchange_respond(exchange, 200, "text/plain; version=0.0.4", &body);
}
