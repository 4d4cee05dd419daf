/* The listening socket of a reactor.
 *
 * With several loops each has a socket of its own on the same port, and the
 * system spreads the connections over them: SO_REUSEPORT. The first is bound
 * without that option, so that a port that another program has is refused, and
 * gets it after; from then on its siblings may join, but no second server.
 *
 * A connection for which there is no memory has to be accepted all the same:
 * libuv does not poll the listener again before. It is taken into a handle that
 * the reactor has for this, and closed. */
#define _DEFAULT_SOURCE 1 /* SO_REUSEPORT */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conn.h"
#include "server.h"

enum { BACKLOG = 511 };

/* ---- Accepting ----------------------------------------------------------- */

static void accept_one(reactor_t* reactor);

static void on_dropped(uv_handle_t* handle) {
  reactor_t* reactor = handle->data;
  int again = reactor->drop_again && reactor->listening;
  reactor->dropping = 0;
  reactor->drop_again = 0;
  if (again) {
    accept_one(reactor);
  }
}

static void drop_one(reactor_t* reactor) {
  if (reactor->dropping) {
    reactor->drop_again = 1;
    return;
  }
  reactor->dropping = 1;
  reactor->drop.data = reactor;
  uv_tcp_init(&reactor->loop, &reactor->drop);
  uv_accept((uv_stream_t*) &reactor->listener, (uv_stream_t*) &reactor->drop);
  uv_close((uv_handle_t*) &reactor->drop, on_dropped);
}

static void accept_one(reactor_t* reactor) {
  if (conn_accept(reactor) != 0) {
    drop_one(reactor);
  }
}

static void on_connection(uv_stream_t* listener, int status) {
  /* A failed accept, say for want of descriptors, is one client's bad luck;
   * libuv goes on listening. */
  if (status == 0) {
    accept_one(listener->data);
  }
}

/* ---- Listening ----------------------------------------------------------- */

static int parse_address(const server_t* server,
                         struct sockaddr_storage* address) {
  const char* host = server->options->host;
  int port = (int) server->port;
  memset(address, 0, sizeof *address);
  int rc = uv_ip4_addr(host, port, (struct sockaddr_in*) address);
  if (rc != 0) {
    rc = uv_ip6_addr(host, port, (struct sockaddr_in6*) address);
  }
  return rc;
}

/* The port that the system chose, for --port=0. What a bind failed with is told
 * here too, since libuv keeps it to itself until then. */
static int get_port(const uv_tcp_t* listener, unsigned* port) {
  struct sockaddr_storage address;
  int len = sizeof address;
  memset(&address, 0, sizeof address);
  int rc = uv_tcp_getsockname(listener, (struct sockaddr*) &address, &len);
  if (rc == 0) {
    *port = ntohs(address.ss_family == AF_INET6
                      ? ((struct sockaddr_in6*) &address)->sin6_port
                      : ((struct sockaddr_in*) &address)->sin_port);
  }
  return rc;
}

/* libuv sets this itself from 1.49 on, by a flag of uv_tcp_bind. */
static int share_port(const uv_tcp_t* listener) {
  uv_os_fd_t fd;
  int on = 1;
  int rc = uv_fileno((const uv_handle_t*) listener, &fd);
  if (rc == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on)) {
    rc = UV_ENOTSUP;
  }
  return rc;
}

/* Binds the socket, which exists already. */
static int bind_port(reactor_t* reactor,
                     const struct sockaddr_storage* address) {
  server_t* server = reactor->server;
  int is_first = reactor->number == 0;
  int rc = is_first ? 0 : share_port(&reactor->listener);
  if (rc == 0) {
    rc = uv_tcp_bind(&reactor->listener, (const struct sockaddr*) address, 0);
  }
  if (rc == 0 && is_first) {
    rc = get_port(&reactor->listener, &server->port);
  }
  if (rc == 0 && is_first && server->options->loops > 1) {
    rc = share_port(&reactor->listener);
  }
  return rc;
}

int reactor_listen(reactor_t* reactor) {
  server_t* server = reactor->server;
  struct sockaddr_storage address;
  if (reactor->number == 0) {
    server->port = server->options->port;
  }
  int rc = parse_address(server, &address);
  if (rc != 0) {
    goto fail;
  }
  rc = uv_tcp_init_ex(&reactor->loop, &reactor->listener, address.ss_family);
  if (rc != 0) {
    goto fail;
  }
  reactor->listening = 1;
  reactor->listener.data = reactor;
  rc = bind_port(reactor, &address);
  if (rc == 0) {
    rc = uv_listen((uv_stream_t*) &reactor->listener, BACKLOG, on_connection);
  }
  if (rc == 0) {
    return 0;
  }

fail:
  fprintf(stderr,
          "search_server: cannot listen on %s port %u: %s.\n",
          server->options->host,
          server->port,
          uv_strerror(rc));
  return rc;
}

void reactor_stop_listening(reactor_t* reactor) {
  if (reactor->listening) {
    uv_close((uv_handle_t*) &reactor->listener, NULL);
  }
  reactor->listening = 0;
}

void reactor_announce(const server_t* server) {
  const char* host = server->options->host;
  int is_v6 = strchr(host, ':') != NULL;
  printf("listening on http://%s%s%s:%u\n",
         is_v6 ? "[" : "",
         host,
         is_v6 ? "]" : "",
         server->port);
  fflush(stdout);
}
