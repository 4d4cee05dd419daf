/* A response's head, and the table of statuses.
 *
 * The head is made when the response is about to be written and not before:
 * only then it is known whether the connection stays open after it. Everything
 * that goes into it is ours or has been checked: a request id is a token, so no
 * client can add lines. */
#include "response.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json.h"

static const struct {
  int status;
  const char* reason;
} statuses[RESPONSE_STATUS_COUNT] = {
    {200, "OK"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

int response_status_index(int status) {
  int index = 0;
  for (int i = 0; i < RESPONSE_STATUS_COUNT; i++) {
    if (statuses[i].status == status) {
      return i;
    }
    if (statuses[i].status == 500) {
      index = i;
    }
  }
  return index;
}

int response_status_at(int index) {
  return statuses[index].status;
}

void response_error(response_t* r, int status, const char* message) {
  r->status = status;
  r->type = "application/json";
  strbuf_puts(&r->body, "{\"error\":");
  json_string(&r->body, message, strlen(message));
  strbuf_puts(&r->body, "}\n");
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", which is not what strftime makes of it in
 * every locale. */
static void http_date(char* out, size_t size) {
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t now = time(NULL);
  struct tm tm;
  if (gmtime_r(&now, &tm) == NULL) {
    memset(&tm, 0, sizeof tm);
  }
  snprintf(out,
           size,
           "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
           days + 3 * (size_t) tm.tm_wday,
           tm.tm_mday,
           months + 3 * (size_t) tm.tm_mon,
           tm.tm_year + 1900,
           tm.tm_hour,
           tm.tm_min,
           tm.tm_sec);
}

/* "Server-Timing: queue;dur=1.5, work;dur=80.25" (W3C), in milliseconds: where
 * the time of an answer went, as browsers show it too. */
static void server_timing(const response_t* r, char* out, size_t size) {
  if (!r->has_times) {
    out[0] = '\0';
    return;
  }
  snprintf(out,
           size,
           "Server-Timing: queue;dur=%.3f, work;dur=%.3f\r\n",
           (double) r->waited_us / 1000,
           (double) r->worked_us / 1000);
}

void response_write_head(response_t* r, const char* request_id, int close) {
  int index = response_status_index(r->status);
  int has_id = request_id[0] != '\0';
  char date[64];
  char timing[80];
  http_date(date, sizeof date);
  server_timing(r, timing, sizeof timing);
  int n =
      snprintf(r->head,
               sizeof r->head,
               "HTTP/1.1 %d %s\r\n"
               "Date: %s\r\n"
               "Content-Type: %s\r\n"
               "Content-Length: %zu\r\n"
               "Cache-Control: no-store\r\n"
               "%s%s%s%s%s%s\r\n",
               statuses[index].status,
               statuses[index].reason,
               date,
               r->type,
               r->body.len,
               timing,
               r->extra,
               has_id ? "X-Request-Id: " : "",
               request_id,
               has_id ? "\r\n" : "",
               close ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
  /* All parts are bounded and small; a head that does not fit is a bug. */
  r->head_len = n > 0 && (size_t) n < sizeof r->head ? (size_t) n : 0;
}
