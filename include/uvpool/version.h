/* Which uvpool this is: at compile time by macro, at run time by call.
 *
 * The ABI is stable within a major version, and the shared library's SONAME
 * carries the major number. */
#ifndef UVPOOL_VERSION_H
#define UVPOOL_VERSION_H

#if defined(_WIN32)
#error "uvpool needs POSIX threads; Windows is not supported yet"
#elif defined(__GNUC__) || defined(__clang__)
#define UVPOOL_EXTERN __attribute__((visibility("default")))
#else
#define UVPOOL_EXTERN
#endif

#if defined(__GNUC__) || defined(__clang__)
#define UVPOOL_PRINTF_LIKE(text, first)                                        \
  __attribute__((format(printf, text, first)))
#else
#define UVPOOL_PRINTF_LIKE(text, first)
#endif

#define UVPOOL_VERSION_MAJOR 0
#define UVPOOL_VERSION_MINOR 1
#define UVPOOL_VERSION_PATCH 0

#define UVPOOL_VERSION_HEX                                                     \
  ((UVPOOL_VERSION_MAJOR << 16) | (UVPOOL_VERSION_MINOR << 8) |                \
   UVPOOL_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, as UVPOOL_VERSION_HEX.
 *
 * Thread:   any.
 * Blocks:   never.
 * Returns:  the number; compare it with UVPOOL_VERSION_HEX of the headers. */
UVPOOL_EXTERN unsigned uvpool_version(void);

/* The same as text, "major.minor.patch".
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     the library; the string is static.
 * Returns:  the string, never NULL. */
UVPOOL_EXTERN const char* uvpool_version_string(void);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_VERSION_H */
