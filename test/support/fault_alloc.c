/* Memory comes from malloc, so that AddressSanitizer watches it, and is filled
 * with junk: nobody may count on zeroes. */
#include "fault_alloc.h"

#include <stdlib.h>
#include <string.h>

void fault_alloc_init(fault_alloc_t* fault) {
  atomic_init(&fault->total, 0);
  atomic_init(&fault->live, 0);
  atomic_init(&fault->first, 0);
  atomic_init(&fault->many, 0);
  atomic_init(&fault->failed, 0);
}

void fault_alloc_fail(fault_alloc_t* fault, long nth, long many) {
  atomic_store(&fault->failed, 0);
  atomic_store(&fault->many, many);
  atomic_store(&fault->first, nth == 0 ? 0 : atomic_load(&fault->total) + nth);
}

static void* fault_alloc_alloc(size_t size, void* context) {
  fault_alloc_t* fault = context;
  long nth = atomic_fetch_add(&fault->total, 1) + 1;
  long first = atomic_load(&fault->first);
  if (first != 0 && nth >= first && nth - first < atomic_load(&fault->many)) {
    atomic_fetch_add(&fault->failed, 1);
    return NULL;
  }
  void* memory = malloc(size);
  if (memory == NULL) {
    return NULL;
  }
  memset(memory, 0x5a, size);
  atomic_fetch_add(&fault->live, 1);
  return memory;
}

static void fault_alloc_free(void* memory, void* context) {
  fault_alloc_t* fault = context;
  if (memory != NULL) {
    atomic_fetch_sub(&fault->live, 1);
  }
  free(memory);
}

uvpool_allocator_t fault_alloc_table(fault_alloc_t* fault) {
  uvpool_allocator_t table = {fault_alloc_alloc, fault_alloc_free, fault};
  return table;
}
