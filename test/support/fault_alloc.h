/* An allocator for uvpool_options_t that counts, and fails when told. */
#ifndef UVPOOL_TEST_FAULT_ALLOC_H
#define UVPOOL_TEST_FAULT_ALLOC_H

#include <stdatomic.h>
#include <stdint.h>
#include <uvpool.h>

/* All atomic, as any thread may allocate. */
typedef struct fault_alloc_s {
  atomic_long total; /* allocations asked for */
  atomic_long live;  /* given and not yet returned */
  atomic_long first; /* this one fails, counted from 1; 0: none does */
  atomic_long many;  /* so many from the first on */
  atomic_long failed;
} fault_alloc_t;

#define FAULT_FOREVER (INT32_MAX / 2)

/* Nothing counted, nothing fails. */
void fault_alloc_init(fault_alloc_t* fault);

/* From the `nth` allocation counted from now on, `many` fail. */
void fault_alloc_fail(fault_alloc_t* fault, long nth, long many);

/* The table to put into the options. */
uvpool_allocator_t fault_alloc_table(fault_alloc_t* fault);

#endif /* UVPOOL_TEST_FAULT_ALLOC_H */
