/* A recognizer of JSON by recursive descent. Written apart from the server's
 * json.c, so that a mistake there is not a mistake here. */
#include "json_check.h"

#include <string.h>

enum { DEPTH_MAX = 32 };

static const char* value(const char* p, int depth);

static const char* spaces(const char* p) {
  return p + strspn(p, " \t\r\n");
}

/* The continuation bytes of a UTF-8 sequence, without the finer points. */
static const char* utf8_tail(const char* p, int n) {
  for (; n > 0; n--, p++) {
    if (((unsigned char) *p & 0xc0) != 0x80) {
      return NULL;
    }
  }
  return p;
}

static const char* character(const char* p) {
  unsigned char c = (unsigned char) *p;
  if (c < 0x20 || c == 0x7f) {
    return NULL;
  }
  if (c == '\\') {
    if (p[1] != 'u') {
      return p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL ? p + 2 : NULL;
    }
    return strspn(p + 2, "0123456789abcdefABCDEF") >= 4 ? p + 6 : NULL;
  }
  if (c < 0x80) {
    return p + 1;
  }
  if (c >= 0xc2 && c < 0xe0) {
    return utf8_tail(p + 1, 1);
  }
  if (c >= 0xe0 && c < 0xf0) {
    return utf8_tail(p + 1, 2);
  }
  return c >= 0xf0 && c < 0xf5 ? utf8_tail(p + 1, 3) : NULL;
}

static const char* string(const char* p) {
  if (*p++ != '"') {
    return NULL;
  }
  while (p != NULL && *p != '"') {
    p = character(p);
  }
  return p == NULL ? NULL : p + 1;
}

static const char* number(const char* p) {
  p += *p == '-';
  size_t digits = strspn(p, "0123456789");
  if (digits == 0 || (digits > 1 && *p == '0')) {
    return NULL;
  }
  p += digits;
  if (*p == '.') {
    digits = strspn(p + 1, "0123456789");
    p = digits == 0 ? NULL : p + 1 + digits;
  }
  return p;
}

/* The members of an object or the elements of an array, and what closes it. */
static const char* members(const char* p, char close, int depth) {
  p = spaces(p);
  if (*p == close) {
    return p + 1;
  }
  for (;;) {
    if (close == '}') {
      p = string(spaces(p));
      if (p == NULL || *(p = spaces(p)) != ':') {
        return NULL;
      }
      p++;
    }
    p = value(spaces(p), depth + 1);
    if (p == NULL) {
      return NULL;
    }
    p = spaces(p);
    if (*p == close) {
      return p + 1;
    }
    if (*p++ != ',') {
      return NULL;
    }
  }
}

static const char* value(const char* p, int depth) {
  if (depth > DEPTH_MAX) {
    return NULL;
  }
  switch (*p) {
    case '{':
      return members(p + 1, '}', depth);
    case '[':
      return members(p + 1, ']', depth);
    case '"':
      return string(p);
    default:
      return number(p);
  }
}

int json_is_valid(const char* text) {
  const char* end = value(spaces(text), 0);
  return end != NULL && *spaces(end) == '\0';
}
