/* One connection that sends the requests of one route, one after another. */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include "http_backend.h"
#include "load.h"

/* A request that was sent and not answered yet. */
typedef struct {
  uint64_t id;
  uint64_t sent_at; /* of uv_hrtime */
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
  int in_value;

  char in[16 * 1024];
} client_t;

void client_start(client_t* client,
                  load_t* load,
                  route_t* route,
                  unsigned number);

/* The time is over: sends nothing more, ends when everything is answered. */
void client_stop(client_t* client);

/* Ends now; what is not answered is lost. */
void client_abort(client_t* client);

#endif /* LOAD_CLIENT_H */
