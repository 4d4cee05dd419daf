/* Memory through the user's allocator table, or the C library's. */
#include "alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void* uvpool__alloc(const uvpool_allocator_t* allocator, size_t size) {
  if (allocator->alloc == NULL) {
    return calloc(1, size);
  }
  void* memory = allocator->alloc(size, allocator->context);
  if (memory != NULL) {
    memset(memory, 0, size);
  }
  return memory;
}

void* uvpool__alloc_array(const uvpool_allocator_t* allocator,
                          size_t count,
                          size_t size) {
  if (count > SIZE_MAX / size) {
    return NULL;
  }
  return uvpool__alloc(allocator, count * size);
}

void uvpool__free(const uvpool_allocator_t* allocator, void* memory) {
  if (memory == NULL) {
    return;
  }
  if (allocator->free == NULL) {
    free(memory);
  } else {
    allocator->free(memory, allocator->context);
  }
}
