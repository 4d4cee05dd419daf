/* Counts every heap allocation of the process, libuv's and the C library's
 * included, by standing in front of glibc's allocator. */
#include "pool.h"

#include <stdatomic.h>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) &&                    \
    !defined(__SANITIZE_THREAD__)

static atomic_uint_least64_t allocations;

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* malloc(size_t size);
void* calloc(size_t number, size_t size);
void* realloc(void* memory, size_t size);

static void count(void) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

bool bench_allocations(uint64_t* number) {
  *number = atomic_load_explicit(&allocations, memory_order_relaxed);
  return true;
}

#else

bool bench_allocations(uint64_t* number) {
  *number = 0;
  return false;
}

#endif
