/* The text of the requests. */
#include "request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends `text` percent-encoded, but for letters and digits. */
static void encode(char* out, size_t size, const char* text, size_t len) {
  size_t n = 0;
  for (size_t i = 0; i < len && n + 4 < size; i++) {
    unsigned char c = (unsigned char) text[i];
    int plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                (c >= '0' && c <= '9');
    n += (size_t) snprintf(out + n, size - n, plain ? "%c" : "%%%02X", c);
  }
  out[n] = '\0';
}

/* A pseudo-random number; the same sequence in every run, so that two engines
 * get the same work. */
static uint64_t next_random(client_t* client) {
  client->seed = client->seed * 6364136223846793005u + 1442695040888963407u;
  return client->seed >> 33;
}

/* One of the comma-separated words. */
static void pick_word(client_t* client, char* out, size_t size) {
  const char* words = client->load->options->words;
  unsigned count = 1;
  for (const char* p = words; *p != '\0'; p++) {
    count += *p == ',';
  }
  uint64_t skip = next_random(client) % count;
  for (; skip > 0; skip--) {
    words = strchr(words, ',') + 1;
  }
  encode(out, size, words, strcspn(words, ","));
}

static size_t write_search(client_t* client,
                           uint64_t id,
                           char* out,
                           size_t size) {
  char word[256];
  pick_word(client, word, sizeof word);
  return (size_t) snprintf(out,
                           size,
                           "GET /search?q=%s HTTP/1.1\r\n"
                           "Host: %s\r\n"
                           "X-Request-Id: c%u-%" PRIu64 "\r\n\r\n",
                           word,
                           client->load->options->host,
                           client->number,
                           id);
}

static size_t write_login(client_t* client,
                          uint64_t id,
                          char* out,
                          size_t size) {
  const options_t* o = client->load->options;
  char user[200];
  char password[200];
  encode(user, sizeof user, o->user, strlen(o->user));
  encode(password, sizeof password, o->password, strlen(o->password));
  size_t length = strlen("user=&password=") + strlen(user) + strlen(password);
  return (size_t) snprintf(out,
                           size,
                           "POST /login HTTP/1.1\r\n"
                           "Host: %s\r\n"
                           "X-Request-Id: c%u-%" PRIu64
                           "\r\n"
                           "Content-Type: application/x-www-form-urlencoded\r\n"
                           "Content-Length: %zu\r\n\r\n"
                           "user=%s&password=%s",
                           o->host,
                           client->number,
                           id,
                           length,
                           user,
                           password);
}

static size_t write_healthz(client_t* client,
                            uint64_t id,
                            char* out,
                            size_t size) {
  return (size_t) snprintf(out,
                           size,
                           "GET /healthz HTTP/1.1\r\n"
                           "Host: %s\r\n"
                           "X-Request-Id: c%u-%" PRIu64 "\r\n\r\n",
                           client->load->options->host,
                           client->number,
                           id);
}

size_t request_write(client_t* client, uint64_t id, char* out, size_t size) {
  size_t (*const writers[ROUTE_COUNT])(client_t*, uint64_t, char*, size_t) = {
      [ROUTE_SEARCH] = write_search,
      [ROUTE_LOGIN] = write_login,
      [ROUTE_HEALTHZ] = write_healthz};
  return writers[client->route - client->load->routes](client, id, out, size);
}

uint64_t request_parse_id(const client_t* client, const char* text) {
  char* end;
  if (text[0] != 'c' || strtoul(text + 1, &end, 10) != client->number ||
      *end != '-') {
    return 0;
  }
  uint64_t id = strtoull(end + 1, &end, 10);
  return *end == '\0' ? id : 0;
}
