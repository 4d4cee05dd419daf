/* The queue of a connection's requests, and the writing of their responses.
 *
 *   exchange_add ... exchange_respond ... exchange_write -> on_written -> freed
 *
 * One uv_write at a time takes all responses that are ready at the head of the
 * queue. While it is on the way nothing else is written, and while the queue is
 * full nothing is parsed, then nothing is read: a client that does not read its
 * answers stops being listened to, and holds no more memory than the queue. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "conn.h"

exchange_t* exchange_add(conn_t* conn, const http_request_t* request) {
  exchange_t* e = calloc(1, sizeof *e);
  if (e == NULL) {
    return NULL;
  }
  e->conn = conn;
  e->route = ROUTE_NONE;
  strbuf_init(&e->response.body, RESPONSE_MAX);
  if (request != NULL) {
    e->head_only = request->method == METHOD_HEAD;
    memcpy(e->request_id, request->request_id, sizeof e->request_id);
  }
  if (conn->last == NULL) {
    conn->first = e;
  } else {
    conn->last->next = e;
  }
  conn->last = e;
  conn->depth++;
  return e;
}

static void exchange_free_first(conn_t* conn) {
  exchange_t* e = conn->first;
  conn->first = e->next;
  if (conn->first == NULL) {
    conn->last = NULL;
  }
  conn->depth--;
  strbuf_free(&e->response.body);
  free(e);
}

void exchange_free_all(conn_t* conn) {
  while (conn->first != NULL) {
    exchange_free_first(conn);
  }
}

/* ---- Answering ----------------------------------------------------------- */

static void complete(exchange_t* e) {
  conn_t* conn = e->conn;
  if (e->response.extra == NULL) {
    e->response.extra = "";
  }
  e->ready = 1;
  metrics_response(&conn->reactor->metrics, e->route, e->response.status);
  conn_pump(conn);
}

void exchange_respond(exchange_t* e,
                      int status,
                      const char* type,
                      strbuf_t* body) {
  if (strbuf_failed(body)) {
    strbuf_free(body);
    exchange_error(e, 500, "out of memory");
    return;
  }
  e->response.status = status;
  e->response.type = type;
  e->response.body = *body;
  strbuf_init(body, 0);
  complete(e);
}

void exchange_refuse(exchange_t* e,
                     int status,
                     const char* message,
                     const char* extra) {
  e->response.extra = extra;
  response_error(&e->response, status, message);
  complete(e);
}

void exchange_error(exchange_t* e, int status, const char* message) {
  exchange_refuse(e, status, message, "");
}

/* ---- Jobs ---------------------------------------------------------------- */

static const char retry[] = "Retry-After: 1\r\n";

static uint64_t deadline_of(const exchange_t* e) {
  unsigned ms = e->conn->reactor->server->options->deadline_ms;
  return ms == 0 ? 0 : uv_hrtime() + (uint64_t) ms * 1000000;
}

int exchange_submit(exchange_t* e,
                    const lane_t* lane,
                    job_t* job,
                    job_work_cb work,
                    job_done_cb done,
                    const char* label) {
  const job_options_t options = {
      .label = label,
      .deadline_ns = deadline_of(e),
      .group = &e->conn->jobs,
  };
  int rc = lane_submit(lane, job, work, done, &options);
  if (rc != 0) {
    exchange_refuse(e,
                    503,
                    rc == UV_EAGAIN ? "too much is waiting already"
                                    : "no worker can be had",
                    retry);
  }
  return rc;
}

/* How long it waited and worked, for Server-Timing. */
static void note_times(exchange_t* e, const job_t* job) {
  e->response.has_times = 1;
  e->response.waited_us = (job->begun_at - job->submitted_at) / 1000;
  e->response.worked_us =
      job->ended_at == 0 ? 0 : (job->ended_at - job->begun_at) / 1000;
}

int exchange_job_done(exchange_t* e, const job_t* job, int status) {
  if (e->conn->phase == CONN_CLOSING) {
    return 0;
  }
  if (job->begun_at != 0) {
    note_times(e, job);
    return 1;
  }
  if (status == UV_ETIMEDOUT) {
    exchange_refuse(e, 504, "no worker was free in time", retry);
  } else if (status == UV_ECANCELED) {
    exchange_error(e, 503, "the server is shutting down");
  } else {
    exchange_error(e, 500, "the work could not be begun");
  }
  return 0;
}

/* ---- Writing ------------------------------------------------------------- */

static void on_written(uv_write_t* req, int status) {
  conn_t* conn = req->data;
  conn->write_deadline = 0;
  while (conn->writing > 0) {
    exchange_free_first(conn);
    conn->writing--;
  }
  if (status != 0) {
    conn_close(conn);
  } else {
    conn_pump(conn);
  }
}

/* Is this the connection's last response? While the server drains, the one that
 * leaves nothing to do is. */
static int decide_close(conn_t* conn, const exchange_t* e) {
  if (e->next != NULL) {
    return 0;
  }
  return conn->last_request ||
         (conn->reactor->phase >= REACTOR_DRAINING &&
          conn->in_start == conn->in_end && !http_parse_started(&conn->parse));
}

void exchange_write(conn_t* conn) {
  uv_buf_t bufs[2 * PIPELINE_MAX + 2];
  unsigned count = 0;
  if (conn->writing > 0) {
    return;
  }
  for (exchange_t* e = conn->first; e != NULL && e->ready; e = e->next) {
    response_t* r = &e->response;
    int close = decide_close(conn, e);
    if (close) {
      conn->last_request = 1;
    }
    response_write_head(r, e->request_id, close);
    bufs[count++] = uv_buf_init(r->head, (unsigned) r->head_len);
    if (!e->head_only && r->body.len > 0) {
      bufs[count++] = uv_buf_init(r->body.data, (unsigned) r->body.len);
    }
    conn->writing++;
  }
  if (count == 0) {
    return;
  }
  conn->write.data = conn;
  conn->write_deadline = uv_now(&conn->reactor->loop) +
                         conn->reactor->server->options->write_timeout_ms;
  int rc = uv_write(
      &conn->write, (uv_stream_t*) &conn->tcp, bufs, count, on_written);
  if (rc != 0) {
    conn_close(conn);
  }
}
