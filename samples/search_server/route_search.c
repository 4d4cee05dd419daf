/* GET /search?q=words&limit=n: full-text search, on the db lane.
 *
 *   loop    check and copy the parameters, submit
 *   worker  query through the worker's own connection, write the JSON
 *   loop    send it
 *
 * A client that leaves takes its search along: one that waits is cancelled, one
 * that runs is asked to stop, which SQLite does within a millisecond. */
#include <stdlib.h>
#include <string.h>

#include "fts_query.h"
#include "json.h"
#include "routes.h"
#include "urlcode.h"

/* Written on the loop before submit, used by the worker, read on the loop in
 * done. */
typedef struct {
  job_t job;
  exchange_t* exchange; /* loop thread */
  int limit;
  uint64_t deadline; /* of uv_hrtime; set when the work begins */
  char text[QUERY_MAX + 1];
  char query[FTS_QUERY_MAX];
  strbuf_t body;
} search_job_t;

/* What closes the JSON text always fits. */
enum { TAIL_MAX = 64 };

/* ---- Worker -------------------------------------------------------------- */

static int should_stop(void* arg) {
  const search_job_t* s = arg;
  return job_is_cancelled(&s->job) || uv_hrtime() > s->deadline;
}

static int search_work(job_t* job) {
  search_job_t* s = (search_job_t*) job;
  s->deadline = uv_hrtime() + (uint64_t) SEARCH_TIME_MAX_MS * 1000000;

  strbuf_init(&s->body, RESPONSE_MAX - TAIL_MAX);
  strbuf_puts(&s->body, "{\"query\":");
  json_string(&s->body, s->text, strlen(s->text));
  strbuf_puts(&s->body, ",\"results\":[");
  int count = search_reader_query(
      job_thread_data(job), s->query, s->limit, should_stop, s, &s->body);
  if (count < 0) {
    return count == UV_ECANCELED ? UV_ETIMEDOUT : count;
  }
  s->body.max = RESPONSE_MAX;
  strbuf_printf(&s->body, "],\"count\":%d}\n", count);
  return 0;
}

/* ---- Loop ---------------------------------------------------------------- */

static void search_answer(search_job_t* s, int status) {
  switch (status) {
    case 0:
      exchange_respond(s->exchange, 200, "application/json", &s->body);
      break;
    case UV_ETIMEDOUT:
      exchange_error(s->exchange, 503, "the search took too long");
      break;
    default:
      exchange_error(s->exchange, 500, "the search failed");
  }
}

static void search_done(job_t* job, int status) {
  search_job_t* s = (search_job_t*) job;
  if (exchange_job_done(s->exchange, job, status)) {
    search_answer(s, status);
  }
  strbuf_free(&s->body);
  free(s);
}

/* The value of "limit": 1 to `max`, `max` if it is not given, or -1. */
static int get_limit(const char* form, size_t len, int max) {
  char text[8];
  char* end;
  int n = form_get(form, len, "limit", text, sizeof text);
  if (n == UV_ENOENT) {
    return max;
  }
  if (n <= 0 || text[0] < '0' || text[0] > '9') {
    return -1;
  }
  long limit = strtol(text, &end, 10);
  return *end == '\0' && limit >= 1 && limit <= max ? (int) limit : -1;
}

/* Fills in the parameters. Returns what is wrong with them, or NULL. */
static const char* get_parameters(search_job_t* s,
                                  const char* form,
                                  size_t len,
                                  int max_results) {
  int n = form_get(form, len, "q", s->text, sizeof s->text);
  if (n == UV_ENOENT || n == 0) {
    return "say what to search for: /search?q=words";
  }
  if (n == UV_ENOBUFS) {
    return "q is too long";
  }
  if (n < 0) {
    return "the query string is not well encoded";
  }
  int terms = fts_query(s->text, s->query);
  if (terms < 0) {
    return "q has too many words";
  }
  if (terms == 0) {
    return "say what to search for: /search?q=words";
  }
  s->limit = get_limit(form, len, max_results);
  return s->limit < 0 ? "limit is a small number, 1 or more" : NULL;
}

void route_search(reactor_t* reactor,
                  exchange_t* exchange,
                  const char* query,
                  size_t query_len) {
  search_job_t* s = calloc(1, sizeof *s);
  if (s == NULL) {
    exchange_error(exchange, 500, "out of memory");
    return;
  }
  s->exchange = exchange;
  const char* wrong = get_parameters(
      s, query, query_len, (int) reactor->server->options->max_results);
  if (wrong != NULL) {
    exchange_error(exchange, 400, wrong);
  } else if (exchange_submit(exchange,
                             &reactor->lanes[LANE_DB],
                             &s->job,
                             search_work,
                             search_done,
                             "search") == 0) {
    return;
  }
  free(s);
}
