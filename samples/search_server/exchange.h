/* One request and its response.
 *
 * Responses leave in the order of the requests, however their jobs end: a
 * response that is ready early waits in the connection's queue. */
#ifndef SEARCH_SERVER_EXCHANGE_H
#define SEARCH_SERVER_EXCHANGE_H

#include "engine.h"
#include "http_parse.h"
#include "metrics.h"
#include "response.h"
#include "server.h"

typedef struct exchange_s exchange_t;

/* The thread of its connection's reactor. */
struct exchange_s {
  conn_t* conn;
  exchange_t* next;
  int ready; /* `response` is complete */
  int head_only;
  route_id_t route;
  char request_id[REQUEST_ID_MAX + 1];
  response_t response;
};

/* Appends one to the connection's queue; `request` NULL for an answer to what
 * is no request. NULL when there is no memory. */
exchange_t* exchange_add(conn_t* conn, const http_request_t* request);

/* Completes the response. The body becomes the exchange's. */
void exchange_respond(exchange_t* exchange,
                      int status,
                      const char* type,
                      strbuf_t* body);
void exchange_error(exchange_t* exchange, int status, const char* message);

/* As exchange_error, with further header lines; see response_t.extra. */
void exchange_refuse(exchange_t* exchange,
                     int status,
                     const char* message,
                     const char* extra);

/* Hands a job to a lane on behalf of the exchange, with the deadline of
 * --deadline-ms. If the lane is full or closed the exchange is answered 503 and
 * the result is not 0; the job is not kept. */
int exchange_submit(exchange_t* exchange,
                    const lane_t* lane,
                    job_t* job,
                    job_work_cb work,
                    job_done_cb done,
                    const char* label);

/* First thing in the job's done callback: 1 if its result is to be answered; 0
 * if the exchange is gone, or was answered here because the work was not begun:
 * 504 at its deadline, 503 if the server has given it up. */
int exchange_job_done(exchange_t* exchange, const job_t* job, int status);

/* Writes as many responses as are ready at the head of the queue. */
void exchange_write(conn_t* conn);

/* Frees the queue; nothing of it may be in flight. */
void exchange_free_all(conn_t* conn);

#endif /* SEARCH_SERVER_EXCHANGE_H */
