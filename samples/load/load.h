/* load: what its parts share. One thread, the loop's, does everything. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stdint.h>
#include <uv.h>

#include "histogram.h"

enum { PIPELINE_LIMIT = 64, STATUS_LIMIT = 600 };

enum { ROUTE_SEARCH, ROUTE_LOGIN, ROUTE_HEALTHZ, ROUTE_COUNT };

/* Constant after options_parse. Strings belong to argv. */
typedef struct options_s {
  const char* host;
  const char* label; /* first column of the table */
  const char* user;
  const char* password;
  const char* words; /* searched for in turn, separated by commas */
  const char* json;  /* file to write, or NULL */
  unsigned port;
  unsigned duration_ms;
  unsigned grace_ms; /* for answers that are due when the time is over */
  unsigned pause_ms; /* after a 503 or 504 */
  unsigned healthz_pause_ms; /* after each answer */
  unsigned pipeline;
  unsigned connections[ROUTE_COUNT];
  unsigned rate[ROUTE_COUNT]; /* requests per second; 0: a closed loop */
  int no_header;
} options_t;

/* What the clients of one route do and have seen. Times in microseconds. */
typedef struct route_s {
  const char* name;
  unsigned connections;

  /* Of arrivals.c. */
  unsigned rate;    /* 0: a closed loop */
  uint64_t arrived; /* requests that are due since the begin */
  uint64_t taken;   /* of those, how many a client has sent */
  struct client_s* idle;
  histogram_t late; /* how long after its tick a request was sent, although a
                       connection was free: what the machine or we are late */

  uint64_t in_time; /* answers but refusals before the time was over */
  uint64_t status[STATUS_LIMIT];
  histogram_t latency; /* of all answers but refusals */
  histogram_t refused; /* the latency of 503 */
  histogram_t expired; /* the latency of 504 */
  histogram_t queue;   /* what answers had waited, as the server says */

  /* What must not happen. */
  uint64_t lost;       /* requests without an answer */
  uint64_t duplicate;  /* answers to what was answered already */
  uint64_t misordered; /* answers that were not the next one's */
} route_t;

typedef struct load_s {
  uv_loop_t* loop;
  const options_t* options;
  struct sockaddr_storage address;
  route_t routes[ROUTE_COUNT];
  uv_timer_t timer;    /* the end of the time, then of the grace */
  uv_timer_t progress; /* a line on a terminal */
  uv_timer_t arrivals;
  uint64_t begun_at; /* of uv_hrtime */
  int stopping;      /* no more requests */
  unsigned open;     /* clients that are not closed yet */
  uint64_t connected;
  int connect_error; /* the last one */
  struct client_s* clients;
  unsigned client_count;
} load_t;

/* options.c: -1 to go on, or the code to exit with. */
int options_parse(options_t* options, int argc, char** argv);

/* arrivals.c: requests that come at a rate, whether or not earlier ones have
 * been answered. */
void arrivals_start(load_t* load);
void arrivals_stop(load_t* load);

/* Takes the oldest request that is due, if one is, and says since when. If not,
 * the client is called when the next one is. */
int arrivals_take(route_t* route, struct client_s* client, uint64_t* due);

/* report.c */
void report_table(const load_t* load);
int report_json(const load_t* load);

/* Was any request lost, or answered twice or out of order? */
int report_is_wrong(const load_t* load);

#endif /* LOAD_LOAD_H */
