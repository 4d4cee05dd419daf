/* The task's marks, and the calls that look at a single task. */
#include "task.h"

#include "sync.h"
#include "util.h"

#if defined(__SIZEOF_POINTER__) && __SIZEOF_POINTER__ == 8
_Static_assert(sizeof(uvpool_task_t) == 128,
               "the size of a task is part of the ABI");
#endif

/* Its address, well mixed (the finaliser of SplitMix64), so that neither zeroed
 * nor copied nor recycled memory has it. */
uint64_t uvpool__flight_mark(const void* object) {
  uint64_t x = (uint64_t) (uintptr_t) object ^ 0x75767054a5c3e19bu;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  return x == 0 ? 1 : x;
}

/* The one read of memory that may never have been written; the answer is right
 * whatever it finds. */
UVPOOL__MAY_READ_ANY_MEMORY
static uint64_t maybe_uninitialised_mark(const uvpool_task_t* task) {
  return uvpool__word_load(&task->mark);
}

bool uvpool__task_claim(uvpool_task_t* task) {
  uint64_t flight = uvpool__flight_mark(task);
  uint64_t seen = maybe_uninitialised_mark(task);
  while (seen != flight) {
    /* A swap, so that of two threads that submit one task only one gets it. */
    if (uvpool__word_swap(&task->mark, &seen, flight)) {
      return true;
    }
  }
  return false;
}

void uvpool__task_free(uvpool_task_t* task) {
  uvpool__word_store(&task->mark, 0);
}

bool uvpool__task_in_flight(const uvpool_task_t* task) {
  return maybe_uninitialised_mark(task) == uvpool__flight_mark(task);
}

void uvpool__task_prepare(uvpool_task_t* task,
                          uvpool_t* handle,
                          uvpool_work_cb work,
                          uvpool_done_cb done,
                          unsigned flags) {
  task->work = work;
  task->done = done;
  task->handle = handle;
  task->flags = (uint16_t) flags;
  task->wish = 0;
}

void uvpool_task_init(uvpool_task_t* task) {
  if (task != NULL) {
    uvpool__task_free(task);
  }
}

uvpool_t* uvpool_task_handle(const uvpool_task_t* task) {
  return task == NULL ? NULL : task->handle;
}

int uvpool_task_started(const uvpool_task_t* task) {
  return task != NULL && uvpool__task_is(task, UVPOOL__TASK_STARTED);
}

const char* uvpool_task_label(const uvpool_task_t* task) {
  return task != NULL && uvpool__task_is(task, UVPOOL__TASK_OPTIONS)
             ? task->label
             : NULL;
}

int uvpool_task_is_cancelled(const uvpool_task_t* task) {
  /* Relaxed: a wish, which carries no data. */
  return task != NULL && __atomic_load_n(&task->wish, __ATOMIC_RELAXED) != 0;
}
