/* One connection that sends the requests of one route. */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include "http_backend.h"
#include "load.h"

/* A request that was sent and not answered yet. */
typedef struct {
  uint64_t id;
  uint64_t due_at; /* of uv_hrtime: from when on its answer is awaited */
} pending_t;

/* Loop thread. */
typedef struct client_s {
  load_t* load;
  route_t* route;
  unsigned number;
  uv_tcp_t tcp;
  uv_timer_t timer; /* a pause, or the time before a reconnect */
  uv_connect_t connect;
  int connected;
  int closing; /* uv_close has been called for tcp */
  int over;    /* no reconnect after that */

  /* Of arrivals.c. */
  struct client_s* next_idle;
  int idle;

  uint64_t next_id;
  uint64_t seed; /* of the choice of words */

  /* A ring of requests in flight, in the order of sending. */
  pending_t pending[PIPELINE_LIMIT];
  unsigned first;
  unsigned count;

  /* The response that is being read. */
  http_backend_t parser;
  char name[16];
  size_t name_len;
  char id[48];
  size_t id_len;
  char timing[64]; /* Server-Timing */
  size_t timing_len;
  int in_value;

  char in[16 * 1024];
} client_t;

void client_start(client_t* client,
                  load_t* load,
                  route_t* route,
                  unsigned number);

/* A request is due, since just now. */
void client_send(client_t* client);

/* Can it take a request? */
int client_is_free(const client_t* client);

/* The time is over: sends nothing more, ends when everything is answered. */
void client_stop(client_t* client);

/* Ends now; what is not answered is lost. */
void client_abort(client_t* client);

#endif /* LOAD_CLIENT_H */
