/* Errors: 0, or one of libuv's negative UV_E* codes, or one of the few below.
 *
 * Own codes lie outside libuv's range, so that a status can always be told
 * apart. uvpool_strerror and uvpool_err_name know both. */
#ifndef UVPOOL_ERRNO_H
#define UVPOOL_ERRNO_H

#include <uvpool/version.h>

/* XX(name, number, text): the one list of our own codes. */
#define UVPOOL_ERRNO_MAP(XX)                                                   \
  XX(EPANIC, -10001, "the task's work panicked and its worker was ended")

typedef enum {
#define XX(name, number, text) UVPOOL_##name = (number),
  UVPOOL_ERRNO_MAP(XX)
#undef XX
      UVPOOL_ERRNO_LAST = -10000
} uvpool_errno_t;

#ifdef __cplusplus
extern "C" {
#endif

/* What an error code means, in a sentence.
 *
 * Thread:   any. An unknown code makes libuv format into memory that it leaks
 *           a few bytes of, as uv_strerror says of itself.
 * Blocks:   never.
 * Owns:     the library; the string is static for every known code.
 * Returns:  the text, never NULL; falls through to uv_strerror. */
UVPOOL_EXTERN const char* uvpool_strerror(int err);

/* The name of an error code: "EPANIC", "EAGAIN".
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     the library, as above.
 * Returns:  the name, never NULL; falls through to uv_err_name. */
UVPOOL_EXTERN const char* uvpool_err_name(int err);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_ERRNO_H */
