/* One connection that sends the requests of one route.
 *
 *   connect -> send -> answer -> send -> ... -> stop -> last answer -> close
 *
 * Closed loop: the next request is sent when an answer is here (or as many as
 * --pipeline says are on the way). A client that is answered 503 or 504 pauses
 * for --pause-ms first; without that, the clients that a full server refuses
 * would ask again at once and take the processor from those it serves.
 * Questions for the health are --healthz-pause-ms apart, as those of a load
 * balancer are.
 *
 * Open loop, with --search-rate and the like: requests come at a rate, see
 * arrivals.c, and a connection takes the next one when it is free.
 *
 * Every request carries an id, which the server echoes. The answers must carry
 * the ids of the requests in the order in which they were sent: an older one is
 * a duplicate, another one is out of order, and what has no answer when the
 * connection ends is lost. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "request.h"

enum { RECONNECT_MS = 100 };

typedef struct {
  uv_write_t req;
  char text[REQUEST_MAX];
} write_t;

static void connect_now(client_t* c);

/* ---- Closing ------------------------------------------------------------- */

static void on_timer_closed(uv_handle_t* handle) {
  client_t* c = handle->data;
  c->load->open--;
}

static void on_reconnect(uv_timer_t* timer) {
  client_t* c = timer->data;
  if (c->over) {
    return;
  }
  connect_now(c);
}

static void on_tcp_closed(uv_handle_t* handle) {
  client_t* c = handle->data;
  if (c->over || c->load->stopping) {
    c->over = 1;
    uv_close((uv_handle_t*) &c->timer, on_timer_closed);
    return;
  }
  c->closing = 0;
  uv_timer_start(&c->timer, on_reconnect, RECONNECT_MS, 0);
}

/* What is pending now gets no answer any more. */
static void client_close(client_t* c) {
  if (c->closing) {
    return;
  }
  c->closing = 1;
  c->connected = 0;
  c->route->lost += c->count;
  c->count = 0;
  uv_timer_stop(&c->timer);
  uv_close((uv_handle_t*) &c->tcp, on_tcp_closed);
}

/* ---- Sending ------------------------------------------------------------- */

static void on_written(uv_write_t* req, int status) {
  client_t* c = req->data;
  free(req);
  if (status != 0) {
    client_close(c);
  }
}

static void send_one(client_t* c, uint64_t due_at) {
  write_t* w = malloc(sizeof *w);
  if (w == NULL) {
    client_close(c);
    return;
  }
  uint64_t id = ++c->next_id;
  size_t len = request_write(c, id, w->text, sizeof w->text);
  uv_buf_t buf = uv_buf_init(w->text, (unsigned) len);
  c->pending[(c->first + c->count) % PIPELINE_LIMIT] = (pending_t) {id, due_at};
  c->count++;
  w->req.data = c;
  if (uv_write(&w->req, (uv_stream_t*) &c->tcp, &buf, 1, on_written) != 0) {
    free(w);
    client_close(c);
  }
}

int client_is_free(const client_t* c) {
  return c->connected && c->count == 0 && !c->load->stopping;
}

void client_send(client_t* c) {
  send_one(c, uv_hrtime());
}

static void go_on(client_t* c) {
  uint64_t due_at;
  if (c->load->stopping) {
    if (c->count == 0) {
      client_close(c);
    }
    return;
  }
  if (c->route->rate > 0) {
    if (client_is_free(c) && arrivals_take(c->route, c, &due_at)) {
      send_one(c, due_at);
    }
    return;
  }
  while (c->connected && c->count < c->load->options->pipeline) {
    send_one(c, uv_hrtime());
  }
}

static void on_pause_over(uv_timer_t* timer) {
  go_on(timer->data);
}

/* ---- Receiving ----------------------------------------------------------- */

static int is_refusal(unsigned status) {
  return status == 503 || status == 504;
}

/* What the server says of an answer: "queue;dur=1.5, work;dur=80". */
static void record_timing(client_t* c) {
  double queue_ms;
  if (sscanf(c->timing, "queue;dur=%lf", &queue_ms) == 1 && queue_ms >= 0) {
    histogram_add(&c->route->queue, (uint64_t) (queue_ms * 1000));
  }
}

static void record(client_t* c, unsigned status, uint64_t due_at) {
  route_t* route = c->route;
  uint64_t us = (uv_hrtime() - due_at) / 1000;
  route->status[status < STATUS_LIMIT ? status : 0]++;
  if (is_refusal(status)) {
    histogram_add(status == 503 ? &route->refused : &route->expired, us);
    return;
  }
  histogram_add(&route->latency, us);
  record_timing(c);
  if (!c->load->stopping) {
    route->in_time++;
  }
}

/* Is this the answer to the oldest request? If not, says what it is. */
static int check_id(client_t* c) {
  uint64_t id = request_parse_id(c, c->id);
  if (c->count > 0 && id == c->pending[c->first].id) {
    return 0;
  }
  uint64_t oldest = c->count > 0 ? c->pending[c->first].id : c->next_id + 1;
  if (id != 0 && id < oldest) {
    c->route->duplicate++;
  } else {
    c->route->misordered++;
  }
  return -1;
}

/* How long to wait before the next request, in milliseconds. */
static unsigned pause_after(const client_t* c, unsigned status) {
  if (c->route->rate > 0) {
    return 0;
  }
  if (is_refusal(status)) {
    return c->load->options->pause_ms;
  }
  if (c->route == &c->load->routes[ROUTE_HEALTHZ]) {
    return c->load->options->healthz_pause_ms;
  }
  return 0;
}

static void on_answer(client_t* c, unsigned status, int keep_alive) {
  if (check_id(c) != 0) {
    client_close(c);
    return;
  }
  uint64_t due_at = c->pending[c->first].due_at;
  c->first = (c->first + 1) % PIPELINE_LIMIT;
  c->count--;
  record(c, status, due_at);
  unsigned pause = pause_after(c, status);
  if (!keep_alive) {
    client_close(c);
  } else if (pause > 0 && !c->load->stopping) {
    uv_timer_start(&c->timer, on_pause_over, pause, 0);
  } else if (!uv_is_active((uv_handle_t*) &c->timer)) {
    go_on(c);
  }
}

static void append(char* buf,
                   size_t size,
                   size_t* used,
                   const char* at,
                   size_t len) {
  size_t room = size - 1 - *used;
  size_t n = len < room ? len : room;
  memcpy(buf + *used, at, n);
  *used += n;
  buf[*used] = '\0';
}

static int on_header_field(http_backend_t* p, const char* at, size_t len) {
  client_t* c = p->data;
  if (c->in_value) {
    c->name_len = 0;
  }
  c->in_value = 0;
  append(c->name, sizeof c->name, &c->name_len, at, len);
  return 0;
}

static int on_header_value(http_backend_t* p, const char* at, size_t len) {
  client_t* c = p->data;
  c->in_value = 1;
  if (strcasecmp(c->name, "x-request-id") == 0) {
    append(c->id, sizeof c->id, &c->id_len, at, len);
  } else if (strcasecmp(c->name, "server-timing") == 0) {
    append(c->timing, sizeof c->timing, &c->timing_len, at, len);
  }
  return 0;
}

static int on_message_begin(http_backend_t* p) {
  client_t* c = p->data;
  c->name_len = 0;
  c->id_len = 0;
  c->id[0] = '\0';
  c->timing_len = 0;
  c->timing[0] = '\0';
  c->in_value = 0;
  return 0;
}

static int on_message_complete(http_backend_t* p) {
  client_t* c = p->data;
  on_answer(c, p->status_code, http_backend_keep_alive(p));
  return c->closing ? -1 : 0;
}

static const http_backend_settings_t* settings(void) {
  static const http_backend_settings_t s = {
      .on_message_begin = on_message_begin,
      .on_header_field = on_header_field,
      .on_header_value = on_header_value,
      .on_message_complete = on_message_complete,
  };
  return &s;
}

static void on_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  client_t* c = handle->data;
  (void) suggested;
  *buf = uv_buf_init(c->in, sizeof c->in);
}

static void on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buf) {
  client_t* c = stream->data;
  size_t used = 0;
  if (n < 0 ||
      (n > 0 && http_backend_execute(
                    &c->parser, settings(), buf->base, (size_t) n, &used) !=
                    HTTP_BACKEND_MORE)) {
    client_close(c);
  }
}

/* ---- Life ---------------------------------------------------------------- */

static void on_connected(uv_connect_t* req, int status) {
  client_t* c = req->data;
  if (c->closing) {
    return;
  }
  if (status != 0) {
    c->load->connect_error = status;
    client_close(c);
    return;
  }
  c->connected = 1;
  c->load->connected++;
  uv_tcp_nodelay(&c->tcp, 1);
  uv_read_start((uv_stream_t*) &c->tcp, on_alloc, on_read);
  go_on(c);
}

static void connect_now(client_t* c) {
  load_t* load = c->load;
  c->closing = 0;
  c->connect.data = c;
  c->parser.data = c;
  http_backend_init(&c->parser, HTTP_RESPONSE, settings());
  uv_tcp_init(load->loop, &c->tcp);
  c->tcp.data = c;
  int rc = uv_tcp_connect(&c->connect,
                          &c->tcp,
                          (const struct sockaddr*) &load->address,
                          on_connected);
  if (rc != 0) {
    load->connect_error = rc;
    client_close(c);
  }
}

void client_start(client_t* c, load_t* load, route_t* route, unsigned number) {
  c->load = load;
  c->route = route;
  c->number = number;
  c->seed = number;
  uv_timer_init(load->loop, &c->timer);
  c->timer.data = c;
  load->open++;
  connect_now(c);
}

void client_stop(client_t* c) {
  if (c->over) {
    return;
  }
  if (c->connected) {
    uv_timer_stop(&c->timer);
    go_on(c);
  } else if (!c->closing) {
    client_abort(c);
  }
}

/* Between two connections there is no socket to close. */
static int is_waiting_to_reconnect(const client_t* c) {
  return uv_is_closing((const uv_handle_t*) &c->tcp) &&
         uv_is_active((const uv_handle_t*) &c->timer);
}

void client_abort(client_t* c) {
  if (c->over) {
    return;
  }
  c->over = 1;
  if (is_waiting_to_reconnect(c)) {
    uv_timer_stop(&c->timer);
    uv_close((uv_handle_t*) &c->timer, on_timer_closed);
  } else {
    client_close(c);
  }
}
