/* All memory of the library comes from here: the user's allocator, or malloc.
 *
 * Called outside of every lock, as the user's functions are user code. */
#ifndef UVPOOL_SRC_ALLOC_H
#define UVPOOL_SRC_ALLOC_H

#include <stddef.h>
#include <uvpool/options.h>

/* Zeroed memory, or NULL. */
void* uvpool__alloc(const uvpool_allocator_t* allocator, size_t size);

/* Zeroed memory for `count` objects, or NULL, also when the product does not
 * fit. */
void* uvpool__alloc_array(const uvpool_allocator_t* allocator,
                          size_t count,
                          size_t size);

/* NULL is ignored. */
void uvpool__free(const uvpool_allocator_t* allocator, void* memory);

#endif /* UVPOOL_SRC_ALLOC_H */
