/* How long a client may take.
 *
 *   idle      between two requests: the connection is closed
 *   request   from the first byte of a request to its last: 408. The limit is
 *             not moved by bytes that trickle in, or it would be none.
 *   write     for a batch of responses: the connection is closed
 *   linger    after the last response, to close its side
 *
 * One timer per connection is set to the earliest of them. No limit runs while
 * a job works: that time is the server's. */
#include "conn.h"

void deadline_init(conn_t* conn) {
  conn->timer.data = conn;
  uv_timer_init(&conn->reactor->loop, &conn->timer);
}

static int is_due(uint64_t deadline, uint64_t now) {
  return deadline != 0 && now >= deadline;
}

static void answer_408(conn_t* conn) {
  conn->last_request = 1;
  exchange_t* e = exchange_add(conn, NULL);
  if (e == NULL) {
    conn_close(conn);
  } else {
    exchange_error(e, 408, "the request took too long to arrive");
  }
}

static void on_timer(uv_timer_t* timer) {
  conn_t* conn = timer->data;
  uint64_t now = uv_now(timer->loop);
  if (is_due(conn->linger_deadline, now)) {
    conn_close(conn);
  } else if (is_due(conn->write_deadline, now)) {
    metrics_event(&conn->reactor->metrics, EVENT_TIMEOUT);
    conn_close(conn);
  } else if (is_due(conn->request_deadline, now)) {
    metrics_event(&conn->reactor->metrics, EVENT_TIMEOUT);
    answer_408(conn);
  } else if (is_due(conn->idle_deadline, now)) {
    conn->last_request = 1;
    conn_pump(conn);
  } else {
    deadline_update(conn);
  }
}

/* A limit that begins to apply is set, one that applies already is left. */
static void apply(uint64_t* deadline, int applies, uint64_t when) {
  if (!applies) {
    *deadline = 0;
  } else if (*deadline == 0) {
    *deadline = when;
  }
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) {
    return a == 0 ? b : a;
  }
  return a < b ? a : b;
}

void deadline_update(conn_t* conn) {
  const options_t* options = conn->reactor->server->options;
  uint64_t now = uv_now(&conn->reactor->loop);
  int open = conn->phase == CONN_OPEN && !conn->last_request;
  int started = http_parse_started(&conn->parse);
  apply(&conn->request_deadline,
        open && started,
        now + options->request_timeout_ms);
  apply(&conn->idle_deadline,
        open && !started && conn->depth == 0,
        now + options->idle_timeout_ms);

  uint64_t due = earlier(earlier(conn->idle_deadline, conn->request_deadline),
                         earlier(conn->write_deadline, conn->linger_deadline));
  if (due == 0) {
    uv_timer_stop(&conn->timer);
  } else {
    uv_timer_start(&conn->timer, on_timer, due > now ? due - now : 0, 0);
  }
}
