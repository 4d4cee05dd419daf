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

#endif /* UVPOOL_SRC_UTIL_H */
