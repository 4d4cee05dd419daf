/* alloc.c: zeroed memory from whichever allocator, and no overflow. */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

#include "fault_alloc.h"
#include "kit.h"

/* An allocator that only takes notes. */
typedef struct notes_s {
  int allocs;
  int frees;
  size_t size;     /* of the last alloc */
  void* memory;    /* of the last free */
  char block[256]; /* what each alloc returns */
} notes_t;

static void* note_alloc(size_t size, void* context) {
  notes_t* notes = context;
  notes->allocs++;
  notes->size = size;
  return size <= sizeof(notes->block) ? notes->block : NULL;
}

static void note_free(void* memory, void* context) {
  notes_t* notes = context;
  notes->frees++;
  notes->memory = memory;
}

static uvpool_allocator_t table_of(notes_t* notes) {
  uvpool_allocator_t table = {note_alloc, note_free, notes};
  return table;
}

static void assert_zeroed(const void* memory, size_t size) {
  const unsigned char* bytes = memory;
  for (size_t i = 0; i < size; i++) {
    assert_int_equal(bytes[i], 0);
  }
}

/* The user's allocator need not zero anything: the kit's fills with junk. */
static void memory_of_a_user_is_zeroed(void** state) {
  (void) state;
  fault_alloc_t fault;
  fault_alloc_init(&fault);
  uvpool_allocator_t table = fault_alloc_table(&fault);
  for (size_t size = 1; size <= 300; size++) {
    void* memory = uvpool__alloc(&table, size);
    assert_non_null(memory);
    assert_zeroed(memory, size);
    uvpool__free(&table, memory);
  }
  void* array = uvpool__alloc_array(&table, 7, 13);
  assert_non_null(array);
  assert_zeroed(array, 91);
  uvpool__free(&table, array);
  assert_int_equal(atomic_load(&fault.live), 0);
}

/* No more than was asked for is zeroed. */
static void nothing_beyond_is_touched(void** state) {
  (void) state;
  notes_t notes = {0};
  uvpool_allocator_t table = table_of(&notes);
  memset(notes.block, 0x5a, sizeof(notes.block));
  assert_non_null(uvpool__alloc(&table, 100));
  assert_zeroed(notes.block, 100);
  assert_int_equal(notes.block[100], 0x5a);
}

/* Without a user's allocator it is the C library's, zeroed as well. The blocks
 * before have left the heap dirty. */
static void memory_of_the_c_library_is_zeroed(void** state) {
  (void) state;
  uvpool_allocator_t table = {NULL, NULL, NULL};
  for (int i = 0; i < 100; i++) {
    unsigned char* memory = uvpool__alloc(&table, 500);
    assert_non_null(memory);
    assert_zeroed(memory, 500);
    memset(memory, 0x5a, 500);
    uvpool__free(&table, memory);
  }
}

/* A product that does not fit never reaches the allocator, the largest one that
 * fits does. */
static void array_sizes_do_not_overflow(void** state) {
  (void) state;
  static const size_t sizes[] = {2, 3, 8, 128, SIZE_MAX / 2, SIZE_MAX};
  notes_t notes = {0};
  uvpool_allocator_t table = table_of(&notes);
  for (size_t i = 0; i < KIT_COUNT(sizes); i++) {
    size_t most = SIZE_MAX / sizes[i];
    assert_null(uvpool__alloc_array(&table, most + 1, sizes[i]));
    assert_null(uvpool__alloc_array(&table, SIZE_MAX, sizes[i]));
    assert_int_equal(notes.allocs, (int) i);
    assert_null(uvpool__alloc_array(&table, most, sizes[i]));
    assert_int_equal(notes.allocs, (int) i + 1);
    assert_true(notes.size == most * sizes[i]);
  }
}

/* An allocator that has nothing to give: NULL comes through. */
static void failure_comes_through(void** state) {
  (void) state;
  fault_alloc_t fault;
  fault_alloc_init(&fault);
  fault_alloc_fail(&fault, 1, 2);
  uvpool_allocator_t table = fault_alloc_table(&fault);
  assert_null(uvpool__alloc(&table, 8));
  assert_null(uvpool__alloc_array(&table, 2, 8));
  assert_int_equal(atomic_load(&fault.failed), 2);
}

/* free goes to the user's function with its context; NULL goes nowhere. */
static void free_goes_to_the_user(void** state) {
  (void) state;
  notes_t notes = {0};
  uvpool_allocator_t table = table_of(&notes);
  uvpool__free(&table, NULL);
  assert_int_equal(notes.frees, 0);
  uvpool__free(&table, notes.block);
  assert_int_equal(notes.frees, 1);
  assert_ptr_equal(notes.memory, notes.block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_of_a_user_is_zeroed),
      cmocka_unit_test(nothing_beyond_is_touched),
      cmocka_unit_test(memory_of_the_c_library_is_zeroed),
      cmocka_unit_test(array_sizes_do_not_overflow),
      cmocka_unit_test(failure_comes_through),
      cmocka_unit_test(free_goes_to_the_user),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
