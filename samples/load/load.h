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
  unsigned pause_ms; /* after a 503 */
  unsigned healthz_pause_ms; /* after each answer */
  unsigned pipeline;
  unsigned connections[ROUTE_COUNT];
  int no_header;
} options_t;

/* What the clients of one route have seen. */
typedef struct route_s {
  const char* name;
  unsigned connections;
  uint64_t in_time; /* answers but 503 before the time was over */
  uint64_t status[STATUS_LIMIT];
  histogram_t latency; /* microseconds; of all answers but 503 */

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
  uint64_t begun_at;   /* of uv_hrtime */
  int stopping;        /* no more requests */
  unsigned open;       /* clients that are not closed yet */
  uint64_t connected;
  int connect_error; /* the last one */
  struct client_s* clients;
  unsigned client_count;
} load_t;

/* options.c: -1 to go on, or the code to exit with. */
int options_parse(options_t* options, int argc, char** argv);

/* report.c */
void report_table(const load_t* load);
int report_json(const load_t* load);

/* Was any request lost, or answered twice or out of order? */
int report_is_wrong(const load_t* load);

#endif /* LOAD_LOAD_H */
