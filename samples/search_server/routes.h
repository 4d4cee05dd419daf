/* Which handler answers which path. */
#ifndef SEARCH_SERVER_ROUTES_H
#define SEARCH_SERVER_ROUTES_H

#include "exchange.h"
#include "server.h"

/* Answers the exchange, now or later. `request` is valid during the call. */
void routes_dispatch(reactor_t* reactor,
                     exchange_t* exchange,
                     const http_request_t* request);

/* The handlers. `query` is what follows the question mark, not decoded. */
void route_search(reactor_t* reactor,
                  exchange_t* exchange,
                  const char* query,
                  size_t query_len);
void route_login(reactor_t* reactor,
                 exchange_t* exchange,
                 const http_request_t* request);
void route_healthz(reactor_t* reactor, exchange_t* exchange);
void route_metrics(reactor_t* reactor, exchange_t* exchange);

#endif /* SEARCH_SERVER_ROUTES_H */
