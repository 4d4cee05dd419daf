/* Every bound of the server in one place.
 *
 * A server that faces the network holds a fixed amount of memory per
 * connection, whatever arrives on it. The largest connection costs
 *
 *     CONN_INPUT + sizeof(http_request_t) + PIPELINE_MAX * RESPONSE_MAX
 *
 * bytes, and --max-connections says how many of them there may be. */
#ifndef SEARCH_SERVER_LIMITS_H
#define SEARCH_SERVER_LIMITS_H

enum {
  /* --loops. */
  LOOPS_MAX = 64,

  /* Bytes read from a connection and not parsed yet. */
  CONN_INPUT = 16 * 1024,

  /* A request: beyond these it is answered 414, 431, 431 and 413. */
  REQUEST_LINE_MAX = 2048,
  REQUEST_HEAD_MAX = 8192,
  REQUEST_FIELDS_MAX = 64,
  REQUEST_BODY_MAX = 4096,

  /* Chunk sizes, chunk extensions and trailers around a body: 413. */
  REQUEST_FRAMING_MAX = 8192,

  /* Requests of one connection that are answered at the same time. What is
   * pipelined beyond stays unread. */
  PIPELINE_MAX = 16,

  /* The body of a response. A search stops adding results before it. */
  RESPONSE_MAX = 64 * 1024,

  /* X-Request-Id, which is echoed. A longer one is not. */
  REQUEST_ID_MAX = 64,

  /* A search. */
  QUERY_MAX = 256,
  QUERY_TERMS_MAX = 16,
  SEARCH_TIME_MAX_MS = 2000,

  /* A login. */
  USER_NAME_MAX = 64,
  PASSWORD_MAX = 256,
  USERS_MAX = 10000,

  /* Files of the index. */
  INDEX_FILES_MAX = 200000,
  INDEX_DEPTH_MAX = 64,

  /* Connections beyond --max-connections that are told so, before the rest is
   * just closed. */
  CONN_REFUSALS_MAX = 64,

  /* After the last response, how long the client may take to close. */
  LINGER_MS = 2000,

  /* After a SIGTERM, how long requests that are on the way are still read. */
  DRAIN_GRACE_MS = 100
};

#endif /* SEARCH_SERVER_LIMITS_H */
