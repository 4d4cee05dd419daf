/* What a user typed, made into an FTS5 query.
 *
 * FTS5 has a query language of its own: AND, NEAR, column filters, prefixes.
 * Binding a value keeps it out of the SQL, but not out of that language. So
 * each word is sent as a quoted string, in which only the quote has a meaning
 * and is doubled:
 *
 *     say "hi" OR *      becomes     "say" """hi""" "OR" "*"
 *
 * All words must occur. A word of punctuation only has no token and is ignored
 * by FTS5. */
#include "fts_query.h"

#include <string.h>
#include <uv.h>

static int is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Quotes one word; returns where its last byte was written, plus one. */
static char* quote(const char* word, size_t len, char* out) {
  *out++ = '"';
  for (size_t i = 0; i < len; i++) {
    if (word[i] == '"') {
      *out++ = '"';
    }
    *out++ = word[i];
  }
  *out++ = '"';
  return out;
}

int fts_query(const char* text, char* out) {
  int terms = 0;
  if (strlen(text) > QUERY_MAX) {
    return UV_E2BIG;
  }
  for (;;) {
    while (is_space(*text)) {
      text++;
    }
    if (*text == '\0') {
      break;
    }
    if (terms == QUERY_TERMS_MAX) {
      return UV_E2BIG;
    }
    size_t len = 0;
    while (text[len] != '\0' && !is_space(text[len])) {
      len++;
    }
    if (terms++ > 0) {
      *out++ = ' ';
    }
    out = quote(text, len, out);
    text += len;
  }
  *out = '\0';
  return terms;
}
