/* GET /healthz and GET /metrics: answered on the loop, without a worker.
 *
 * So they answer as long as the loop is alive, whatever the pools are doing; a
 * health check that waited in a pool's queue would take a busy server for a
 * dead one. */
#include "routes.h"

void route_healthz(server_t* server, exchange_t* exchange) {
  if (server->phase >= SERVER_DRAINING) {
    exchange_error(exchange, 503, "draining");
    return;
  }
  strbuf_t body;
  strbuf_init(&body, RESPONSE_MAX);
  strbuf_puts(&body, "{\"status\":\"ok\"}\n");
  exchange_respond(exchange, 200, "application/json", &body);
}

void route_metrics(server_t* server, exchange_t* exchange) {
  lane_t* const lanes[] = {server->db, server->auth};
  strbuf_t body;
  strbuf_init(&body, RESPONSE_MAX);
  metrics_write(&server->metrics, lanes, 2, &body);
  exchange_respond(exchange, 200, "text/plain; version=0.0.4", &body);
}
