/* A look at the lines of a request's head before the parser sees them.
 *
 * Packaged parsers differ in what they let pass, by version and by build. What
 * must not pass is decided here, in front of any of them: folded lines, lines
 * without a field name, bare CR and LF, control characters, two spaces or bytes
 * above ASCII in the request line, and a head that is too long, counted to the
 * byte whatever it is made of. */
#ifndef SEARCH_SERVER_HTTP_GUARD_H
#define SEARCH_SERVER_HTTP_GUARD_H

#include <stddef.h>

/* Zeroed at the begin of each request. */
typedef struct http_guard_s {
  size_t head_bytes; /* so far */
  size_t line_bytes; /* of the current line */
  int had_line;      /* the request line has been seen */
  char last;         /* the byte before */
} http_guard_t;

/* Checks the bytes of `data` up to the end of the line, or all of them.
 *
 * Returns how many may be given to the parser, at least 1; 0 when the request
 * is refused, with the response's status in *status. */
size_t http_guard(http_guard_t* g, const char* data, size_t len, int* status);

#endif /* SEARCH_SERVER_HTTP_GUARD_H */
