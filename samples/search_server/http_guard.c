/* A look at the lines of a request's head. See http_guard.h.
 *
 * Why folded lines are refused and not unfolded: RFC 9112, 5.2 leaves the
 * choice, and two programs in a row that choose differently disagree on what
 * the request is. The same goes for a bare LF as the end of a line. */
#include "http_guard.h"

#include "limits.h"

enum { TAB = 0x09, LF = 0x0a, CR = 0x0d, DEL = 0x7f };

/* The status to refuse `c` with, or 0. */
static int check_byte(const http_guard_t* g, char c) {
  unsigned char byte = (unsigned char) c;
  if (g->last == CR && byte != LF) {
    return 400;
  }
  if (byte == LF) {
    return g->last == CR ? 0 : 400;
  }
  if (byte == CR) {
    return 0;
  }
  if ((byte < 0x20 && byte != TAB) || byte == DEL) {
    return 400;
  }
  if (g->line_bytes == 0 && (byte == ' ' || byte == TAB || byte == ':')) {
    return 400;
  }
  if (!g->had_line && (byte == TAB || byte > DEL)) {
    return 400;
  }
  if (!g->had_line && byte == ' ' && g->last == ' ') {
    return 400;
  }
  return 0;
}

/* The status to refuse a head of this length with, or 0. */
static int check_length(const http_guard_t* g) {
  if (!g->had_line && g->line_bytes > REQUEST_LINE_MAX) {
    return 414;
  }
  if (g->head_bytes > REQUEST_HEAD_MAX) {
    return 431;
  }
  return 0;
}

size_t http_guard(http_guard_t* g, const char* data, size_t len, int* status) {
  for (size_t i = 0; i < len; i++) {
    *status = check_byte(g, data[i]);
    g->last = data[i];
    g->head_bytes++;
    g->line_bytes++;
    if (*status == 0) {
      *status = check_length(g);
    }
    if (*status != 0) {
      return 0;
    }
    if (data[i] == LF) {
      /* Empty lines before the request line are skipped, as RFC 9112 wants. */
      if (g->line_bytes > 2) {
        g->had_line = 1;
      }
      g->line_bytes = 0;
      return i + 1;
    }
  }
  return len;
}
