/* A text that grows up to a bound.
 *
 * Failure is sticky: once memory or the bound has run out, further appends do
 * nothing and strbuf_failed says so. A writer checks once, at the end. */
#ifndef SEARCH_SERVER_STRBUF_H
#define SEARCH_SERVER_STRBUF_H

#include <stddef.h>

/* Owned by one thread at a time. */
typedef struct strbuf_s {
  char* data; /* not terminated; NULL while empty */
  size_t len;
  size_t capacity;
  size_t max;
  int failed;
} strbuf_t;

/* An empty text of at most `max` bytes. Nothing is allocated yet. */
void strbuf_init(strbuf_t* s, size_t max);
void strbuf_free(strbuf_t* s);

void strbuf_append(strbuf_t* s, const char* data, size_t len);
void strbuf_puts(strbuf_t* s, const char* text);

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void strbuf_printf(strbuf_t* s, const char* format, ...);

/* Takes everything after `len` back, and with it a failure: for a writer that
 * can leave out what did not fit. */
void strbuf_truncate(strbuf_t* s, size_t len);

int strbuf_failed(const strbuf_t* s);

#endif /* SEARCH_SERVER_STRBUF_H */
