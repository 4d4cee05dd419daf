/* Percent-encoding.
 *
 * Strict on purpose: two programs that read a broken escape differently are how
 * a filter in front of a server is fooled. A form is looked through to its end
 * before any of its values is used. */
#include "urlcode.h"

#include <string.h>
#include <uv.h>

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

/* The byte that "%xy" at `text` stands for, or UV_EINVAL. */
static int escaped_byte(const char* text, size_t len) {
  if (len < 3) {
    return UV_EINVAL;
  }
  int high = hex_digit(text[1]);
  int low = hex_digit(text[2]);
  if (high < 0 || low < 0 || (high == 0 && low == 0)) {
    return UV_EINVAL;
  }
  return high * 16 + low;
}

static int decode(const char* text,
                  size_t len,
                  int plus_is_space,
                  char* out,
                  size_t size) {
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    int byte = (unsigned char) text[i];
    if (byte == '%') {
      byte = escaped_byte(text + i, len - i);
      if (byte < 0) {
        return byte;
      }
      i += 2;
    } else if (byte == '+' && plus_is_space) {
      byte = ' ';
    } else if (byte == 0) {
      return UV_EINVAL;
    }
    if (n + 1 >= size) {
      return UV_ENOBUFS;
    }
    out[n++] = (char) byte;
  }
  out[n] = '\0';
  return (int) n;
}

int url_decode_path(const char* text, size_t len, char* out, size_t size) {
  return decode(text, len, 0, out, size);
}

/* Is every escape in `text` a good one? */
static int check(const char* text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '\0') {
      return UV_EINVAL;
    }
    if (text[i] == '%') {
      if (escaped_byte(text + i, len - i) < 0) {
        return UV_EINVAL;
      }
      i += 2;
    }
  }
  return 0;
}

/* Does the pair start with "name="? Names are compared as they are sent: ours
 * need no escapes, so no client has a reason to use any. */
static int has_name(const char* pair, size_t len, const char* name) {
  size_t n = strlen(name);
  return len > n && pair[n] == '=' && memcmp(pair, name, n) == 0;
}

int form_get(const char* form,
             size_t len,
             const char* name,
             char* out,
             size_t size) {
  if (len == 0) {
    return UV_ENOENT;
  }
  if (check(form, len) != 0) {
    return UV_EINVAL;
  }

  const char* value = NULL;
  size_t value_len = 0;
  const char* end = form + len;
  while (form != NULL && form < end) {
    const char* stop = memchr(form, '&', (size_t) (end - form));
    size_t pair_len = (size_t) ((stop == NULL ? end : stop) - form);
    if (has_name(form, pair_len, name)) {
      if (value != NULL) {
        return UV_EINVAL;
      }
      value = form + strlen(name) + 1;
      value_len = pair_len - strlen(name) - 1;
    }
    form = stop == NULL ? NULL : stop + 1;
  }
  if (value == NULL) {
    return UV_ENOENT;
  }
  return decode(value, value_len, 1, out, size);
}
