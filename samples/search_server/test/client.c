/* A blocking HTTP client for tests. Simple, since it needs to understand only
 * what our server sends: a head, and a body of Content-Length bytes. */
#include "test_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Long enough for a sanitizer on a busy machine. */
enum { REPLY_TIMEOUT_MS = 30000, POLL_MS = 20, AWAIT_TRIES = 1000 };

client_t* client_open(int port) {
  client_t* c = calloc(1, sizeof *c);
  assert_non_null(c);
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(c->fd >= 0);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t) port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_int_equal(connect(c->fd, (struct sockaddr*) &address, sizeof address),
                   0);
  return c;
}

void client_close(client_t* c) {
  close(c->fd);
  free(c);
}

int client_send(client_t* c, const void* data, size_t len) {
  const char* p = data;
  while (len > 0) {
    ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return -1;
    }
    p += n;
    len -= (size_t) n;
  }
  return 0;
}

int client_puts(client_t* c, const char* text) {
  return client_send(c, text, strlen(text));
}

int client_get(client_t* c, const char* target, const char* id) {
  char text[8192];
  snprintf(text,
           sizeof text,
           "GET %s HTTP/1.1\r\nHost: test\r\n%s%s%s\r\n",
           target,
           id == NULL ? "" : "X-Request-Id: ",
           id == NULL ? "" : id,
           id == NULL ? "" : "\r\n");
  return client_puts(c, text);
}

int client_login(client_t* c, const char* user, const char* password) {
  char body[512];
  char text[1024];
  int len = snprintf(body, sizeof body, "user=%s&password=%s", user, password);
  snprintf(text,
           sizeof text,
           "POST /login HTTP/1.1\r\nHost: test\r\n"
           "Content-Type: application/x-www-form-urlencoded\r\n"
           "Content-Length: %d\r\n\r\n%s",
           len,
           body);
  return client_puts(c, text);
}

/* ---- Replies ------------------------------------------------------------- */

/* Reads some bytes: 1, or one of the results of client_reply. */
static int receive(client_t* c) {
  struct pollfd p = {.fd = c->fd, .events = POLLIN};
  if (c->len == sizeof c->in) {
    return REPLY_BROKEN;
  }
  if (poll(&p, 1, REPLY_TIMEOUT_MS) <= 0) {
    return REPLY_TIMEOUT;
  }
  ssize_t n = recv(c->fd, c->in + c->len, sizeof c->in - c->len, 0);
  if (n <= 0) {
    return c->len == 0 ? REPLY_EOF : REPLY_BROKEN;
  }
  c->len += (size_t) n;
  return 1;
}

static void consume(client_t* c, size_t n) {
  memmove(c->in, c->in + n, c->len - n);
  c->len -= n;
}

/* The length of the head that is in the buffer, or 0. */
static size_t head_length(const client_t* c) {
  for (size_t i = 3; i < c->len; i++) {
    if (memcmp(c->in + i - 3, "\r\n\r\n", 4) == 0) {
      return i + 1;
    }
  }
  return 0;
}

static int read_head(client_t* c) {
  size_t n;
  while ((n = head_length(c)) == 0) {
    int rc = receive(c);
    if (rc != 1) {
      return rc;
    }
  }
  if (n >= sizeof c->head) {
    return REPLY_BROKEN;
  }
  memcpy(c->head, c->in, n);
  c->head[n] = '\0';
  consume(c, n);
  if (sscanf(c->head, "HTTP/1.1 %3d ", &c->status) != 1) {
    return REPLY_BROKEN;
  }
  const char* connection = client_header(c, "Connection");
  c->closes = connection != NULL && strcmp(connection, "close") == 0;
  return 1;
}

static int read_body(client_t* c) {
  const char* length = client_header(c, "Content-Length");
  if (length == NULL) {
    return REPLY_BROKEN;
  }
  size_t n = (size_t) strtoul(length, NULL, 10);
  if (n >= sizeof c->body) {
    return REPLY_BROKEN;
  }
  while (c->len < n) {
    int rc = receive(c);
    if (rc != 1) {
      return rc == REPLY_TIMEOUT ? rc : REPLY_BROKEN;
    }
  }
  memcpy(c->body, c->in, n);
  c->body[n] = '\0';
  c->body_len = n;
  consume(c, n);
  return 1;
}

int client_reply_to(client_t* c, int has_body) {
  int rc = read_head(c);
  if (rc == 1 && has_body && c->status >= 200) {
    rc = read_body(c);
  }
  return rc == 1 ? c->status : rc;
}

int client_reply(client_t* c) {
  return client_reply_to(c, 1);
}

const char* client_header(const client_t* c, const char* name) {
  static char value[256];
  size_t n = strlen(name);
  for (const char* line = strstr(c->head, "\r\n"); line != NULL;
       line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':') {
      continue;
    }
    const char* from = line + 2 + n + 1;
    from += strspn(from, " ");
    snprintf(value, sizeof value, "%.*s", (int) strcspn(from, "\r"), from);
    return value;
  }
  return NULL;
}

/* ---- Shortcuts ----------------------------------------------------------- */

int request(int port, const char* target, char* body, size_t size) {
  client_t* c = client_open(port);
  client_get(c, target, NULL);
  int status = client_reply(c);
  if (body != NULL && status > 0) {
    snprintf(body, size, "%s", c->body);
  }
  client_close(c);
  return status;
}

/* The metric, or -1: there is none, or the server has no room for us yet, since
 * it has not noticed that others have left. */
static long try_metric(int port, const char* name) {
  static char body[CLIENT_BUFFER];
  if (request(port, "/metrics", body, sizeof body) != 200) {
    return -1;
  }
  size_t n = strlen(name);
  for (const char* line = body; line != NULL && *line != '\0';) {
    if (strncmp(line, name, n) == 0) {
      return strtol(strchr(line, ' ') + 1, NULL, 10);
    }
    line = strchr(line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
  return -1;
}

long metric(int port, const char* name) {
  long value = try_metric(port, name);
  assert_true(value >= 0);
  return value;
}

static void await(int port, const char* name, long bound, int down) {
  long value = 0;
  for (int i = 0; i < AWAIT_TRIES; i++) {
    value = try_metric(port, name);
    if (value >= 0 && (down ? value <= bound : value >= bound)) {
      return;
    }
    nanosleep(&(struct timespec) {0, POLL_MS * 1000000L}, NULL);
  }
  fail_msg("%s is %ld, and does not reach %ld", name, value, bound);
}

void await_metric(int port, const char* name, long at_least) {
  await(port, name, at_least, 0);
}

void await_metric_down(int port, const char* name, long at_most) {
  await(port, name, at_most, 1);
}
