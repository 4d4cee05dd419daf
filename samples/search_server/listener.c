/* The listening socket.
 *
 * A connection for which there is no memory has to be accepted all the same:
 * libuv does not poll the listener again before. It is taken into a handle that
 * the server has for this, and closed. */
#include <stdio.h>
#include <string.h>

#include "conn.h"
#include "server.h"

enum { BACKLOG = 511 };

static void accept_one(server_t* server);

static void on_dropped(uv_handle_t* handle) {
  server_t* server = handle->data;
  int again = server->drop_again && server->listening;
  server->dropping = 0;
  server->drop_again = 0;
  if (again) {
    accept_one(server);
  }
}

static void drop_one(server_t* server) {
  if (server->dropping) {
    server->drop_again = 1;
    return;
  }
  server->dropping = 1;
  server->drop.data = server;
  uv_tcp_init(server->loop, &server->drop);
  uv_accept((uv_stream_t*) &server->listener, (uv_stream_t*) &server->drop);
  uv_close((uv_handle_t*) &server->drop, on_dropped);
}

static void accept_one(server_t* server) {
  if (conn_accept(server) != 0) {
    drop_one(server);
  }
}

static void on_connection(uv_stream_t* listener, int status) {
  /* A failed accept, say for want of descriptors, is one client's bad luck;
   * libuv goes on listening. */
  if (status == 0) {
    accept_one(listener->data);
  }
}

static int parse_address(const options_t* options,
                         struct sockaddr_storage* address) {
  int port = (int) options->port;
  int rc = uv_ip4_addr(options->host, port, (struct sockaddr_in*) address);
  if (rc != 0) {
    rc = uv_ip6_addr(options->host, port, (struct sockaddr_in6*) address);
  }
  return rc;
}

/* The port that the system chose, for --port=0. */
static unsigned bound_port(const server_t* server) {
  struct sockaddr_storage address;
  int len = sizeof address;
  memset(&address, 0, sizeof address);
  if (uv_tcp_getsockname(
          &server->listener, (struct sockaddr*) &address, &len) != 0) {
    return server->options->port;
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(((struct sockaddr_in6*) &address)->sin6_port);
  }
  return ntohs(((struct sockaddr_in*) &address)->sin_port);
}

static void announce(const server_t* server) {
  const char* host = server->options->host;
  int is_v6 = strchr(host, ':') != NULL;
  printf("listening on http://%s%s%s:%u\n",
         is_v6 ? "[" : "",
         host,
         is_v6 ? "]" : "",
         bound_port(server));
  fflush(stdout);
}

int server_listen(server_t* server) {
  const options_t* options = server->options;
  struct sockaddr_storage address;
  memset(&address, 0, sizeof address);
  int rc = uv_tcp_init(server->loop, &server->listener);
  if (rc != 0) {
    goto fail;
  }
  server->listening = 1;
  server->listener.data = server;
  rc = parse_address(options, &address);
  if (rc == 0) {
    rc = uv_tcp_bind(&server->listener, (const struct sockaddr*) &address, 0);
  }
  if (rc == 0) {
    rc = uv_listen((uv_stream_t*) &server->listener, BACKLOG, on_connection);
  }
  if (rc != 0) {
    goto fail;
  }
  announce(server);
  return 0;

fail:
  fprintf(stderr,
          "search_server: cannot listen on %s port %u: %s.\n",
          options->host,
          options->port,
          uv_strerror(rc));
  return rc;
}
