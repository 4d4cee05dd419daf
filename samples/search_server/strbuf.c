/* A text that grows up to a bound: doubling, with a sticky failure. */
#include "strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_init(strbuf_t* s, size_t max) {
  *s = (strbuf_t) {.max = max};
}

void strbuf_free(strbuf_t* s) {
  free(s->data);
  strbuf_init(s, s->max);
}

/* Makes room for `more` bytes. */
static int reserve(strbuf_t* s, size_t more) {
  if (s->failed || more > s->max - s->len) {
    s->failed = 1;
    return -1;
  }
  size_t need = s->len + more;
  if (need <= s->capacity) {
    return 0;
  }

  size_t capacity = s->capacity == 0 ? 256 : s->capacity * 2;
  if (capacity < need) {
    capacity = need;
  }
  if (capacity > s->max) {
    capacity = s->max;
  }
  char* data = realloc(s->data, capacity);
  if (data == NULL) {
    s->failed = 1;
    return -1;
  }
  s->data = data;
  s->capacity = capacity;
  return 0;
}

void strbuf_append(strbuf_t* s, const char* data, size_t len) {
  if (len == 0 || reserve(s, len) != 0) {
    return;
  }
  memcpy(s->data + s->len, data, len);
  s->len += len;
}

void strbuf_puts(strbuf_t* s, const char* text) {
  strbuf_append(s, text, strlen(text));
}

void strbuf_printf(strbuf_t* s, const char* format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (n < 0 || (size_t) n >= sizeof line) {
    s->failed = 1;
    return;
  }
  strbuf_append(s, line, (size_t) n);
}

void strbuf_truncate(strbuf_t* s, size_t len) {
  if (len < s->len) {
    s->len = len;
  }
  s->failed = 0;
}

int strbuf_failed(const strbuf_t* s) {
  return s->failed;
}
