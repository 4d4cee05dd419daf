/* deadline_heap.h: whatever joins and leaves, the soonest is at the root, every
 * link has its way back, and the places 1 to n are taken without a gap. */
#include "deadline_heap.h"

#include <stdlib.h>

#include "dice.h"
#include "kit.h"

enum { TASKS = 96 };

/* What the heap should hold, in no order. */
typedef struct model_s {
  uvpool_task_t* tasks[TASKS];
  size_t len;
} model_t;

/* ---- What a heap is ------------------------------------------------------ */

/* Nodes below `task`, itself included; `place` is its own, from 1. */
static uint64_t assert_subtree(const uvpool_task_t* task,
                               const uvpool_task_t* parent,
                               uint64_t place,
                               uint64_t len) {
  if (task == NULL) {
    return 0;
  }
  assert_true(place <= len); /* complete: no place is left out before it */
  assert_ptr_equal(task->heap.parent, parent);
  if (parent != NULL) {
    assert_true((int32_t) (task->deadline - parent->deadline) >= 0);
  }
  return 1 + assert_subtree(task->heap.left, task, 2 * place, len) +
         assert_subtree(task->heap.right, task, 2 * place + 1, len);
}

static void assert_heap(const struct uvpool__deadline_heap* heap) {
  assert_true(assert_subtree(heap->root, NULL, 1, heap->len) == heap->len);
}

/* The root is as soon as the soonest of the model. */
static void assert_like(const struct uvpool__deadline_heap* heap,
                        const model_t* model) {
  assert_heap(heap);
  assert_int_equal(heap->len, model->len);
  for (size_t i = 0; i < model->len; i++) {
    int32_t after =
        (int32_t) (model->tasks[i]->deadline - heap->root->deadline);
    assert_true(after >= 0);
  }
}

static void insert(struct uvpool__deadline_heap* heap,
                   model_t* model,
                   uvpool_task_t* task) {
  task->heap.parent = task; /* junk: insert sets what it needs */
  task->heap.left = task;
  task->heap.right = task;
  uvpool__deadline_heap_insert(heap, task);
  model->tasks[model->len++] = task;
}

/* Takes one out by its index in the model. */
static uvpool_task_t* leave(struct uvpool__deadline_heap* heap,
                            model_t* model,
                            size_t at) {
  uvpool_task_t* task = model->tasks[at];
  uvpool__deadline_heap_remove(heap, task);
  model->tasks[at] = model->tasks[--model->len];
  return task;
}

/* ---- Tests --------------------------------------------------------------- */

/* A comparison by distance, over the end of 32 bits. */
static void before_wraps_around(void** state) {
  (void) state;
  const uint32_t day = 24u * 3600u * 1000u;
  for (uint64_t base = 0; base <= UINT32_MAX; base += UINT32_MAX / 16) {
    uint32_t a = (uint32_t) base;
    assert_false(uvpool__deadline_before(a, a));
    assert_true(uvpool__deadline_before(a, a + 1));
    assert_false(uvpool__deadline_before(a + 1, a));
    assert_true(uvpool__deadline_before(a, a + 24 * day));
    assert_false(uvpool__deadline_before(a + 24 * day, a));
  }
}

/* Any of 1 to 33 nodes may leave and come back, whatever its place. */
static void any_may_leave(void** state) {
  (void) state;
  dice_t dice = dice_new();
  uvpool_task_t tasks[33];
  for (size_t len = 1; len <= KIT_COUNT(tasks); len++) {
    struct uvpool__deadline_heap heap = {NULL, 0};
    model_t model = {.len = 0};
    for (size_t i = 0; i < len; i++) {
      tasks[i].deadline = (uint32_t) dice_below(&dice, 20);
      insert(&heap, &model, &tasks[i]);
      assert_like(&heap, &model);
    }
    for (size_t i = 0; i < len; i++) {
      uvpool_task_t* task = leave(&heap, &model, 0);
      assert_like(&heap, &model);
      insert(&heap, &model, task);
      assert_like(&heap, &model);
    }
  }
}

static int by_deadline(const void* a, const void* b) {
  const uvpool_task_t* const* left = a;
  const uvpool_task_t* const* right = b;
  int32_t distance = (int32_t) ((*left)->deadline - (*right)->deadline);
  return (distance > 0) - (distance < 0);
}

/* Taken from the root one by one, the nodes come as a sort has them. */
static void roots_come_in_order(void** state) {
  (void) state;
  dice_t dice = dice_new();
  static uvpool_task_t tasks[4096];
  static uvpool_task_t* sorted[4096];
  struct uvpool__deadline_heap heap = {NULL, 0};
  for (size_t i = 0; i < KIT_COUNT(tasks); i++) {
    tasks[i].deadline = UINT32_MAX - 2048u + (uint32_t) dice_below(&dice, 4096);
    sorted[i] = &tasks[i];
    uvpool__deadline_heap_insert(&heap, &tasks[i]);
  }
  assert_heap(&heap);
  qsort(sorted, KIT_COUNT(sorted), sizeof(*sorted), by_deadline);
  for (size_t i = 0; i < KIT_COUNT(sorted); i++) {
    assert_int_equal(heap.root->deadline, sorted[i]->deadline);
    uvpool__deadline_heap_remove(&heap, heap.root);
  }
  assert_null(heap.root);
  assert_int_equal(heap.len, 0);
}

/* Random joins and leaves of anybody, the window of deadlines moving on through
 * the end of 32 bits, and some equal. */
static void random_operations_match_the_model(void** state) {
  (void) state;
  dice_t dice = dice_new();
  static uvpool_task_t tasks[TASKS];
  uvpool_task_t* outside[TASKS];
  size_t out = TASKS;
  struct uvpool__deadline_heap heap = {NULL, 0};
  model_t model = {.len = 0};
  uint32_t base = UINT32_MAX - 50000u;
  for (size_t i = 0; i < TASKS; i++) {
    outside[i] = &tasks[i];
  }
  for (int i = 0; i < dice_rounds(100000); i++, base++) {
    /* Waves: mostly joins for a while, then mostly leaves. */
    uint64_t joins = (i / 500) % 2 == 0 ? 6 : 4;
    bool join = dice_below(&dice, 10) < joins;
    if (join && out > 0) {
      uvpool_task_t* task = outside[--out];
      task->deadline = base + (uint32_t) dice_below(&dice, 1u << (i % 24));
      insert(&heap, &model, task);
    } else if (!join && model.len > 0) {
      size_t at = (size_t) dice_below(&dice, model.len);
      outside[out++] = leave(&heap, &model, at);
    }
    assert_like(&heap, &model);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(before_wraps_around),
      cmocka_unit_test(any_may_leave),
      cmocka_unit_test(roots_come_in_order),
      cmocka_unit_test(random_operations_match_the_model),
  };
  return kit_run(argc, argv, tests);
}
