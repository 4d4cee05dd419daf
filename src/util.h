/* The few helpers that every file may use. Nothing else belongs here. */
#ifndef UVPOOL_SRC_UTIL_H
#define UVPOOL_SRC_UTIL_H

#include <assert.h>
#include <stddef.h>

/* The object that `pointer` is the member `member` of. */
#define UVPOOL__CONTAINER_OF(pointer, type, member)                            \
  ((type*) (void*) (((char*) (pointer)) - offsetof(type, member)))

/* "a implies b", for invariants. */
#define UVPOOL__IMPLIES(a, b) (!(a) || (b))

/* Before a function whose answer is right whatever it reads, even memory that
 * was never written: MemorySanitizer is to let it. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define UVPOOL__MAY_READ_ANY_MEMORY __attribute__((no_sanitize("memory")))
#endif
#endif
#ifndef UVPOOL__MAY_READ_ANY_MEMORY
#define UVPOOL__MAY_READ_ANY_MEMORY
#endif

#endif /* UVPOOL_SRC_UTIL_H */
