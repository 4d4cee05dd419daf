/* A blocking HTTP client that sends exactly the bytes it is told to. */
#ifndef SEARCH_SERVER_TEST_CLIENT_H
#define SEARCH_SERVER_TEST_CLIENT_H

#include <stddef.h>

enum { CLIENT_BUFFER = 256 * 1024 };

/* Results of client_reply that are no status. */
enum { REPLY_EOF = 0, REPLY_BROKEN = -1, REPLY_TIMEOUT = -2 };

typedef struct client_s {
  int fd;
  size_t len; /* bytes received and not used */
  char in[CLIENT_BUFFER];

  /* The last reply, terminated. */
  int status;
  int closes; /* it says "Connection: close" */
  char head[4096];
  char body[CLIENT_BUFFER];
  size_t body_len;
} client_t;

/* Each fails the test if the system does not do what it should. */
client_t* client_open(int port);
void client_close(client_t* client);

/* Returns -1 when the server has closed its side, else 0. */
int client_send(client_t* client, const void* data, size_t len);
int client_puts(client_t* client, const char* text);

/* Sends "GET target" with a Host, and an X-Request-Id unless `id` is NULL. */
int client_get(client_t* client, const char* target, const char* id);
int client_login(client_t* client, const char* user, const char* password);

/* Reads one reply: its status, or one of the above. `has_body` 0 after HEAD. */
int client_reply(client_t* client);
int client_reply_to(client_t* client, int has_body);

/* The value of a header field of the last reply, in a static buffer; NULL if it
 * is not there. */
const char* client_header(const client_t* client, const char* name);

/* Sends, reads, closes: the status of the reply. The body is copied to `body`
 * if that is not NULL. */
int request(int port, const char* target, char* body, size_t size);

/* The value of a metric, say "pool_busy{pool=\"db\"": the first line that
 * begins so. Fails the test if there is none. */
long metric(int port, const char* name);

/* Waits until the metric has at least this value; fails the test after 20 s. */
void await_metric(int port, const char* name, long at_least);

/* The same, for a value that falls. */
void await_metric_down(int port, const char* name, long at_most);

#endif /* SEARCH_SERVER_TEST_CLIENT_H */
