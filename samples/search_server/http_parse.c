/* Requests out of bytes.
 *
 *   bytes -> http_guard -> packaged parser -> callbacks here -> http_request_t
 *
 * The head goes through the guard line by line; the body goes to the parser as
 * it is. The parser stops after each message, so pipelined requests come out
 * one at a time. Nothing is allocated: a request is a structure of fixed size.
 *
 * What is refused although parsers may let it pass, with 400:
 *   - Content-Length together with Transfer-Encoding, or either twice: two
 *     programs may disagree on where the request ends (request smuggling)
 *   - Transfer-Encoding in an HTTP/1.0 request
 *   - no Host, or two of them
 *   - a field name with a space or another character that is not a token's
 * and with other statuses: a coding other than chunked (501), a version other
 * than 1.0 and 1.1 (505), an expectation other than 100-continue (417). */
#include "http_parse.h"

#include <string.h>
#include <strings.h>

static http_parse_t* of(http_backend_t* backend) {
  return backend->data;
}

/* Ends the parsing with a response status; for callbacks to return. */
static int refuse(http_parse_t* p, int status) {
  if (p->status == 0) {
    p->status = status;
  }
  return -1;
}

static int on_url(http_backend_t* b, const char* at, size_t len) {
  http_parse_t* p = of(b);
  http_request_t* r = &p->request;
  if (len >= sizeof r->target - r->target_len) {
    return refuse(p, 414);
  }
  memcpy(r->target + r->target_len, at, len);
  r->target_len += len;
  r->target[r->target_len] = '\0';
  return 0;
}

/* ---- Header fields ------------------------------------------------------- */

static int is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
      (c >= '0' && c <= '9')) {
    return 1;
  }
  return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static int is_request_id(const char* text) {
  for (; *text != '\0'; text++) {
    if (!is_token_char(*text)) {
      return 0;
    }
  }
  return 1;
}

/* Keeps a value that fits; a longer one counts as not there. */
static void keep(http_parse_t* p, char* out, size_t size) {
  if (p->value_len < size && p->value_len < sizeof p->value) {
    memcpy(out, p->value, p->value_len + 1);
  }
}

static int known_field(http_parse_t* p) {
  http_request_t* r = &p->request;
  if (strcasecmp(p->name, "host") == 0) {
    p->hosts++;
  } else if (strcasecmp(p->name, "content-length") == 0) {
    p->lengths++;
  } else if (strcasecmp(p->name, "transfer-encoding") == 0) {
    p->encodings++;
    if (strcasecmp(p->value, "chunked") != 0) {
      return refuse(p, 501);
    }
  } else if (strcasecmp(p->name, "content-type") == 0) {
    keep(p, r->content_type, sizeof r->content_type);
  } else if (strcasecmp(p->name, "x-request-id") == 0) {
    if (is_request_id(p->value)) {
      keep(p, r->request_id, sizeof r->request_id);
    }
  } else if (strcasecmp(p->name, "expect") == 0) {
    if (strcasecmp(p->value, "100-continue") != 0) {
      return refuse(p, 417);
    }
    p->expects_continue = 1;
  }
  return 0;
}

/* The end of a field's line; called for the request line too, without a
 * name. */
static int field_done(http_parse_t* p) {
  if (p->name_len == 0) {
    return 0;
  }
  if (++p->fields > REQUEST_FIELDS_MAX) {
    return refuse(p, 431);
  }
  while (p->value_len > 0 && p->value_len < sizeof p->value &&
         (p->value[p->value_len - 1] == ' ' ||
          p->value[p->value_len - 1] == '\t')) {
    p->value[--p->value_len] = '\0';
  }
  int rc = p->name_len < sizeof p->name ? known_field(p) : 0;
  p->name_len = 0;
  p->value_len = 0;
  p->name[0] = '\0';
  p->value[0] = '\0';
  return rc;
}

/* Appends what fits; *used counts everything, so that a cut is noticed. */
static void append(char* buf,
                   size_t size,
                   size_t* used,
                   const char* at,
                   size_t len) {
  if (*used + 1 < size) {
    size_t room = size - 1 - *used;
    size_t n = len < room ? len : room;
    memcpy(buf + *used, at, n);
    buf[*used + n] = '\0';
  }
  *used += len;
}

static int on_header_field(http_backend_t* b, const char* at, size_t len) {
  http_parse_t* p = of(b);
  if (p->in_body) {
    return 0; /* a trailer: bounded by body_raw, and of no use here */
  }
  for (size_t i = 0; i < len; i++) {
    if (!is_token_char(at[i])) {
      return refuse(p, 400);
    }
  }
  append(p->name, sizeof p->name, &p->name_len, at, len);
  return 0;
}

static int on_header_value(http_backend_t* b, const char* at, size_t len) {
  http_parse_t* p = of(b);
  if (p->in_body) {
    return 0;
  }
  append(p->value, sizeof p->value, &p->value_len, at, len);
  return 0;
}

/* ---- Head, body, end ----------------------------------------------------- */

static http_method_t method_of(const http_backend_t* b) {
  switch (b->method) {
    case HTTP_GET:
      return METHOD_GET;
    case HTTP_HEAD:
      return METHOD_HEAD;
    case HTTP_POST:
      return METHOD_POST;
    default:
      return METHOD_OTHER;
  }
}

static int check_head(http_parse_t* p) {
  const http_request_t* r = &p->request;
  if (p->backend.http_major != 1 || p->backend.http_minor > 1) {
    return refuse(p, 505);
  }
  if (p->lengths + p->encodings > 1 || (p->encodings > 0 && r->is_1_0)) {
    return refuse(p, 400);
  }
  if (p->hosts > 1 || (p->hosts == 0 && !r->is_1_0)) {
    return refuse(p, 400);
  }
  if (strchr(r->target, '#') != NULL) {
    return refuse(p, 400);
  }
  return 0;
}

static int on_headers_complete(http_backend_t* b) {
  http_parse_t* p = of(b);
  p->request.is_1_0 = b->http_major == 1 && b->http_minor == 0;
  if (check_head(p) != 0) {
    return -1;
  }
  if (p->lengths > 0 && b->content_length > REQUEST_BODY_MAX) {
    return refuse(p, 413);
  }
  p->request.method = method_of(b);
  p->in_body = 1;
  return 0;
}

static int on_body(http_backend_t* b, const char* at, size_t len) {
  http_parse_t* p = of(b);
  http_request_t* r = &p->request;
  if (len > sizeof r->body - r->body_len) {
    return refuse(p, 413);
  }
  memcpy(r->body + r->body_len, at, len);
  r->body_len += len;
  return 0;
}

static int on_message_complete(http_backend_t* b) {
  http_parse_t* p = of(b);
  p->complete = 1;
  /* CONNECT and Upgrade are not served, and nobody must believe they were. */
  p->request.keep_alive = http_backend_keep_alive(b) && !b->upgrade;
  return http_backend_stop(b);
}

/* ---- Feeding ------------------------------------------------------------- */

static const http_backend_settings_t* settings(void) {
  static const http_backend_settings_t s = {
      .on_url = on_url,
      .on_header_field = on_header_field,
      .on_header_value = on_header_value,
      .on_headers_complete = on_headers_complete,
      .on_body = on_body,
      .on_message_complete = on_message_complete,
  };
  return &s;
}

void http_parse_init(http_parse_t* p) {
  memset(p, 0, sizeof *p);
  http_parse_reset(p);
}

void http_parse_reset(http_parse_t* p) {
  memset(p, 0, offsetof(http_parse_t, request));
  p->backend.data = p;
  http_backend_init(&p->backend, HTTP_REQUEST, settings());
  /* The whole request, since a password may be in it. */
  memset(&p->request, 0, sizeof p->request);
}

/* Gives one line of the head, or a piece of the body, to the parser. */
static http_result_t feed(http_parse_t* p,
                          const char* data,
                          size_t len,
                          size_t* used) {
  int was_in_body = p->in_body;
  if (!was_in_body) {
    len = http_guard(&p->guard, data, len, &p->status);
    if (len == 0) {
      return HTTP_BAD;
    }
  }
  http_backend_result_t rc =
      http_backend_execute(&p->backend, settings(), data, len, used);
  if (p->complete) {
    return HTTP_MESSAGE;
  }
  if (rc != HTTP_BACKEND_MORE) {
    refuse(p, 400);
    return HTTP_BAD;
  }
  if (was_in_body) {
    p->body_raw += *used;
  } else if (data[len - 1] == '\n' && field_done(p) != 0) {
    return HTTP_BAD;
  }
  if (p->body_raw > REQUEST_BODY_MAX + REQUEST_FRAMING_MAX) {
    refuse(p, 413);
    return HTTP_BAD;
  }
  return HTTP_MORE;
}

http_result_t http_parse(http_parse_t* p,
                         const char* data,
                         size_t len,
                         size_t* used) {
  *used = 0;
  http_result_t rc = HTTP_MORE;
  while (rc == HTTP_MORE && *used < len) {
    size_t n = 0;
    rc = feed(p, data + *used, len - *used, &n);
    *used += n;
  }
  return rc;
}

int http_parse_started(const http_parse_t* p) {
  return p->guard.head_bytes > 0 && !p->complete;
}

int http_parse_wants_continue(http_parse_t* p) {
  if (!p->in_body || !p->expects_continue || p->request.is_1_0 || p->complete ||
      p->body_raw > 0) {
    return 0;
  }
  p->expects_continue = 0;
  return 1;
}
