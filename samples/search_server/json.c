/* JSON output.
 *
 * A JSON text is UTF-8. What comes from a disk is not always, so each sequence
 * is checked against the table of well-formed byte sequences (Unicode, table
 * 3-7): no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "json.h"

static const char replacement[] = "\\ufffd";

static int is_tail(const unsigned char* p, size_t i, size_t len) {
  return i < len && (p[i] & 0xc0) == 0x80;
}

/* The length of the well-formed sequence at p, or 0. */
static size_t utf8_sequence(const unsigned char* p, size_t len) {
  unsigned char c = p[0];
  if (c < 0x80) {
    return 1;
  }
  if (c < 0xc2 || c > 0xf4 || !is_tail(p, 1, len)) {
    return 0;
  }
  if (c < 0xe0) {
    return 2;
  }
  if (c == 0xe0 && p[1] < 0xa0) {
    return 0;
  }
  if (c == 0xed && p[1] > 0x9f) {
    return 0;
  }
  if (!is_tail(p, 2, len)) {
    return 0;
  }
  if (c < 0xf0) {
    return 3;
  }
  if (c == 0xf0 && p[1] < 0x90) {
    return 0;
  }
  if (c == 0xf4 && p[1] > 0x8f) {
    return 0;
  }
  return is_tail(p, 3, len) ? 4 : 0;
}

static void json_ascii(strbuf_t* out, char c) {
  switch (c) {
    case '"':
      strbuf_puts(out, "\\\"");
      break;
    case '\\':
      strbuf_puts(out, "\\\\");
      break;
    case '\n':
      strbuf_puts(out, "\\n");
      break;
    case '\t':
      strbuf_puts(out, "\\t");
      break;
    default:
      if ((unsigned char) c < 0x20 || c == 0x7f) {
        strbuf_printf(out, "\\u%04x", (unsigned) (unsigned char) c);
      } else {
        strbuf_append(out, &c, 1);
      }
  }
}

void json_string(strbuf_t* out, const char* text, size_t len) {
  const unsigned char* p = (const unsigned char*) text;
  strbuf_puts(out, "\"");
  for (size_t i = 0; i < len;) {
    size_t n = utf8_sequence(p + i, len - i);
    if (n == 0) {
      strbuf_puts(out, replacement);
    } else if (n == 1) {
      json_ascii(out, text[i]);
    } else {
      strbuf_append(out, text + i, n);
    }
    i += n == 0 ? 1 : n;
  }
  strbuf_puts(out, "\"");
}
