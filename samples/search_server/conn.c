/* One client's connection: begin and end, reading, parsing.
 *
 * Everything that happens to a connection ends in conn_pump, which looks at the
 * whole state and does what can be done. There is no order of events to get
 * wrong: a job that ends, a write that is through and bytes that arrive all ask
 * the same question.
 *
 * It is read from while requests are being answered too, because only a read
 * tells that the client has left: its waiting jobs are then cancelled. (A
 * client that half-closes its side and still waits for an answer is taken for
 * one that left; to TCP both look the same.)
 *
 * Closing takes care that the last response arrives. Were the socket closed
 * with unread bytes in it, the kernel would reset the connection and the client
 * could lose what it had not read yet. So: shut down the sending side, read and
 * throw away what still comes, until the client closes or LINGER_MS are
 * over. */
#include "conn.h"

#include <stdlib.h>
#include <string.h>

#include "routes.h"

/* ---- Begin and end ------------------------------------------------------- */

static void unlink_conn(conn_t* conn) {
  if (conn->prev != NULL) {
    conn->prev->next = conn->next;
  } else {
    conn->reactor->connections = conn->next;
  }
  if (conn->next != NULL) {
    conn->next->prev = conn->prev;
  }
}

static void link_conn(conn_t* conn) {
  reactor_t* reactor = conn->reactor;
  conn->next = reactor->connections;
  if (conn->next != NULL) {
    conn->next->prev = conn;
  }
  reactor->connections = conn;
}

static void unref(conn_t* conn) {
  reactor_t* reactor = conn->reactor;
  if (--conn->refs > 0) {
    return;
  }
  exchange_free_all(conn);
  unlink_conn(conn);
  free(conn);
  atomic_fetch_sub(&reactor->server->connections, 1);
  reactor_check(reactor);
}

static void on_closed(uv_handle_t* handle) {
  unref(handle->data);
}

static void on_jobs_closed(job_group_t* group) {
  unref(group->data);
}

void conn_close(conn_t* conn) {
  if (conn->phase == CONN_CLOSING) {
    return;
  }
  conn->phase = CONN_CLOSING;
  uv_close((uv_handle_t*) &conn->tcp, on_closed);
  uv_close((uv_handle_t*) &conn->timer, on_closed);
  job_group_close(&conn->jobs, on_jobs_closed);
}

static void refuse_conn(conn_t* conn) {
  metrics_event(&conn->reactor->metrics, EVENT_CONNECTION_REFUSED);
  conn->last_request = 1;
  exchange_t* e = exchange_add(conn, NULL);
  if (e == NULL) {
    conn_close(conn);
  } else {
    exchange_refuse(e, 503, "too many connections", "Retry-After: 1\r\n");
  }
}

/* `open` is the number of connections with this one. */
static void begin(conn_t* conn, unsigned open) {
  reactor_t* reactor = conn->reactor;
  unsigned max = reactor->server->options->max_connections;
  int rc =
      uv_accept((uv_stream_t*) &reactor->listener, (uv_stream_t*) &conn->tcp);
  conn->jobs.data = conn;
  if (job_group_open(&conn->jobs, reactor->pools, reactor->pool_count) != 0 ||
      rc != 0 || open > max + CONN_REFUSALS_MAX) {
    conn_close(conn);
  } else if (open > max) {
    refuse_conn(conn);
  } else {
    uv_tcp_nodelay(&conn->tcp, 1);
    conn_pump(conn);
  }
}

int conn_accept(reactor_t* reactor) {
  conn_t* conn = calloc(1, sizeof *conn);
  if (conn == NULL) {
    return UV_ENOMEM;
  }
  conn->reactor = reactor;
  conn->tcp.data = conn;
  uv_tcp_init(&reactor->loop, &conn->tcp);
  deadline_init(conn);
  conn->refs = 3;
  http_parse_init(&conn->parse);
  link_conn(conn);
  metrics_event(&reactor->metrics, EVENT_CONNECTION);
  begin(conn, atomic_fetch_add(&reactor->server->connections, 1) + 1);
  return 0;
}

/* ---- Reading ------------------------------------------------------------- */

/* Is what arrives now of no interest any more? */
static int discards(const conn_t* conn) {
  return conn->last_request || conn->phase != CONN_OPEN;
}

static void on_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  conn_t* conn = handle->data;
  (void) suggested;
  if (discards(conn)) {
    conn->in_start = 0;
    conn->in_end = 0;
  } else if (conn->in_start > 0) {
    memmove(conn->in, conn->in + conn->in_start, conn->in_end - conn->in_start);
    conn->in_end -= conn->in_start;
    conn->in_start = 0;
  }
  *buf = uv_buf_init(conn->in + conn->in_end,
                     (unsigned) (sizeof conn->in - conn->in_end));
}

static void on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buf) {
  conn_t* conn = stream->data;
  (void) buf;
  if (n < 0) {
    if (conn->depth > 0) {
      metrics_event(&conn->reactor->metrics, EVENT_DISCONNECT);
    }
    conn_close(conn);
  } else if (n > 0 && !discards(conn)) {
    conn->in_end += (size_t) n;
    conn_pump(conn);
  }
}

static void set_reading(conn_t* conn, int reading) {
  if (conn->reading == reading) {
    return;
  }
  conn->reading = reading;
  if (!reading) {
    uv_read_stop((uv_stream_t*) &conn->tcp);
  } else if (uv_read_start((uv_stream_t*) &conn->tcp, on_alloc, on_read) != 0) {
    conn_close(conn);
  }
}

/* ---- Parsing ------------------------------------------------------------- */

static const char* explain(int status) {
  switch (status) {
    case 413:
      return "the body is too large";
    case 414:
      return "the request line is too long";
    case 417:
      return "only 100-continue can be expected here";
    case 431:
      return "the header fields are too many or too long";
    case 501:
      return "only the chunked transfer coding is understood";
    case 505:
      return "only HTTP/1.0 and HTTP/1.1 are understood";
    default:
      return "the request is not well-formed";
  }
}

/* Answers what is not a request. What follows it cannot be made out either, so
 * the connection ends. */
static void answer_bad(conn_t* conn, int status) {
  conn->last_request = 1;
  exchange_t* e = exchange_add(conn, NULL);
  if (e == NULL) {
    conn_close(conn);
  } else {
    exchange_error(e, status, explain(status));
  }
}

static void answer(conn_t* conn) {
  const http_request_t* request = &conn->parse.request;
  conn->request_deadline = 0;
  exchange_t* e = exchange_add(conn, request);
  if (e == NULL) {
    conn_close(conn);
    return;
  }
  if (!request->keep_alive || conn->reactor->grace_over) {
    conn->last_request = 1;
  }
  routes_dispatch(conn->reactor, e, request);
  http_parse_reset(&conn->parse);
}

/* A client that asks before it sends a body is told to go on, unless answers
 * are due that must come first; it goes on by itself after a while. */
static void send_continue(conn_t* conn) {
  static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
  uv_buf_t buf = uv_buf_init(text, sizeof text - 1);
  if (conn->depth > 0 || !http_parse_wants_continue(&conn->parse)) {
    return;
  }
  if (uv_try_write((uv_stream_t*) &conn->tcp, &buf, 1) != (int) buf.len) {
    conn_close(conn);
  }
}

static void parse_input(conn_t* conn) {
  while (conn->phase == CONN_OPEN && !conn->last_request &&
         conn->depth < PIPELINE_MAX && conn->in_start < conn->in_end) {
    size_t used = 0;
    http_result_t rc = http_parse(&conn->parse,
                                  conn->in + conn->in_start,
                                  conn->in_end - conn->in_start,
                                  &used);
    memset(conn->in + conn->in_start, 0, used); /* a password may be there */
    conn->in_start += used;
    if (rc == HTTP_MESSAGE) {
      answer(conn);
    } else if (rc == HTTP_BAD) {
      answer_bad(conn, conn->parse.status);
    }
  }
  if (conn->phase == CONN_OPEN) {
    send_continue(conn);
  }
}

/* ---- The pump ------------------------------------------------------------ */

static void on_shutdown(uv_shutdown_t* req, int status) {
  conn_t* conn = req->data;
  if (status != 0) {
    conn_close(conn);
  }
}

/* The last response is with the kernel. */
static void finish(conn_t* conn) {
  conn->phase = CONN_LINGER;
  conn->linger_deadline = uv_now(&conn->reactor->loop) + LINGER_MS;
  conn->shutdown.data = conn;
  if (uv_shutdown(&conn->shutdown, (uv_stream_t*) &conn->tcp, on_shutdown) !=
      0) {
    conn_close(conn);
  }
}

void conn_pump(conn_t* conn) {
  if (conn->pumping || conn->phase == CONN_CLOSING) {
    return;
  }
  conn->pumping = 1;
  if (conn->phase == CONN_OPEN) {
    parse_input(conn);
  }
  if (conn->phase == CONN_OPEN) {
    exchange_write(conn);
  }
  if (conn->phase == CONN_OPEN && conn->last_request && conn->depth == 0) {
    finish(conn);
  }
  conn->pumping = 0;

  if (conn->phase == CONN_CLOSING) {
    return;
  }
  size_t unparsed = conn->in_end - conn->in_start;
  set_reading(conn, discards(conn) || unparsed < sizeof conn->in);
  if (conn->phase != CONN_CLOSING) {
    deadline_update(conn);
  }
}

void conn_drain(conn_t* conn) {
  /* A request of which a part is here may still complete; answering it ends the
   * connection, and so does its deadline. */
  if (conn->phase != CONN_OPEN || http_parse_started(&conn->parse)) {
    return;
  }
  conn->last_request = 1;
  conn_pump(conn);
}
