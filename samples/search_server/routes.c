/* Which handler answers which path. */
#include "routes.h"

#include <string.h>

#include "urlcode.h"

static const struct {
  const char* path;
  route_id_t id;
  int is_post;
} routes[] = {
    {"/search", ROUTE_SEARCH, 0},
    {"/login", ROUTE_LOGIN, 1},
    {"/healthz", ROUTE_HEALTHZ, 0},
    {"/metrics", ROUTE_METRICS, 0},
};

/* The path and the query of a request's target. */
typedef struct {
  const char* path;
  size_t path_len;
  const char* query;
  size_t query_len;
} target_t;

/* Takes "/path?query" apart, and "http://any.host/path?query", which a server
 * has to accept as well (RFC 9112, 3.2.2). */
static target_t split(const http_request_t* request) {
  const char* path = request->target;
  const char* end = path + request->target_len;
  const char* scheme_end = path[0] == '/' ? NULL : strstr(path, "://");
  if (scheme_end != NULL) {
    path = scheme_end + 3;
    path += strcspn(path, "/?");
  }
  size_t path_len = strcspn(path, "?");
  const char* query = path + path_len < end ? path + path_len + 1 : end;
  return (target_t) {path, path_len, query, (size_t) (end - query)};
}

/* The index in `routes`, or -1. */
static int find(const char* path) {
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    if (strcmp(routes[i].path, path) == 0) {
      return (int) i;
    }
  }
  return -1;
}

static int is_allowed(const http_request_t* request, int is_post) {
  if (is_post) {
    return request->method == METHOD_POST;
  }
  return request->method == METHOD_GET || request->method == METHOD_HEAD;
}

void routes_dispatch(reactor_t* reactor,
                     exchange_t* exchange,
                     const http_request_t* request) {
  char path[REQUEST_LINE_MAX];
  target_t target = split(request);
  if (url_decode_path(target.path, target.path_len, path, sizeof path) < 0) {
    exchange_error(exchange, 400, "the path is not well encoded");
    return;
  }
  int i = find(path);
  if (i < 0) {
    exchange_error(exchange, 404, "there is nothing at this path");
    return;
  }
  exchange->route = routes[i].id;
  if (!is_allowed(request, routes[i].is_post)) {
    exchange_refuse(exchange,
                    405,
                    "this path does not know the method",
                    routes[i].is_post ? "Allow: POST\r\n"
                                      : "Allow: GET, HEAD\r\n");
    return;
  }
  switch (routes[i].id) {
    case ROUTE_SEARCH:
      route_search(reactor, exchange, target.query, target.query_len);
      break;
    case ROUTE_LOGIN:
      route_login(reactor, exchange, request);
      break;
    case ROUTE_METRICS:
      route_metrics(reactor, exchange);
      break;
    default:
      route_healthz(reactor, exchange);
  }
}
