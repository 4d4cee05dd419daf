/* Percent-encoding: paths, query strings and form bodies. */
#ifndef SEARCH_SERVER_URLCODE_H
#define SEARCH_SERVER_URLCODE_H

#include <stddef.h>

/* Decodes `len` bytes of a path into `out`, terminated.
 *
 * Returns the length, or UV_EINVAL for a bad escape or an encoded NUL, or
 * UV_ENOBUFS when `size` is too small. */
int url_decode_path(const char* text, size_t len, char* out, size_t size);

/* Finds the value of `name` in "a=1&b=2" and decodes it, "+" as a space.
 *
 * Returns the length; UV_ENOENT when it is not there; UV_EINVAL when it is
 * there twice, or when any part of the form has a bad escape or an encoded NUL;
 * UV_ENOBUFS when it does not fit into `size` bytes with its terminator. */
int form_get(const char* form,
             size_t len,
             const char* name,
             char* out,
             size_t size);

#endif /* SEARCH_SERVER_URLCODE_H */
