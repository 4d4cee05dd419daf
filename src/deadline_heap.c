/* A heap of linked tasks; see deadline_heap.h. */
#include "deadline_heap.h"

#include <stddef.h>

/* The link that leads to node `n` of a heap that has its parent. */
static uvpool_task_t** link_to(struct uvpool__deadline_heap* heap,
                               uint64_t n,
                               uvpool_task_t** parent) {
  uvpool_task_t** link = &heap->root;
  *parent = NULL;
  for (unsigned bit = 63u - (unsigned) __builtin_clzll(n); bit-- > 0;) {
    *parent = *link;
    link = (n >> bit & 1u) != 0 ? &(*link)->heap.right : &(*link)->heap.left;
  }
  return link;
}

/* The link that leads to a node of the heap. */
static uvpool_task_t** link_of(struct uvpool__deadline_heap* heap,
                               const uvpool_task_t* task) {
  uvpool_task_t* parent = task->heap.parent;
  if (parent == NULL) {
    return &heap->root;
  }
  return parent->heap.left == task ? &parent->heap.left : &parent->heap.right;
}

/* The children learn who their parent is. */
static void adopt(uvpool_task_t* parent) {
  if (parent->heap.left != NULL) {
    parent->heap.left->heap.parent = parent;
  }
  if (parent->heap.right != NULL) {
    parent->heap.right->heap.parent = parent;
  }
}

/* Swaps a node with its parent. */
static void lift(struct uvpool__deadline_heap* heap, uvpool_task_t* task) {
  uvpool_task_t* parent = task->heap.parent;
  uvpool_task_t** link = link_of(heap, parent);
  uvpool_task_t* left = task->heap.left;
  uvpool_task_t* right = task->heap.right;
  bool was_left = parent->heap.left == task;
  task->heap.parent = parent->heap.parent;
  task->heap.left = was_left ? parent : parent->heap.left;
  task->heap.right = was_left ? parent->heap.right : parent;
  parent->heap.left = left;
  parent->heap.right = right;
  *link = task;
  adopt(task);
  adopt(parent);
}

static void sift_up(struct uvpool__deadline_heap* heap, uvpool_task_t* task) {
  while (task->heap.parent != NULL &&
         uvpool__deadline_before(task->deadline, task->heap.parent->deadline)) {
    lift(heap, task);
  }
}

static uvpool_task_t* sooner_child(const uvpool_task_t* task) {
  uvpool_task_t* left = task->heap.left;
  uvpool_task_t* right = task->heap.right;
  if (right != NULL &&
      uvpool__deadline_before(right->deadline, left->deadline)) {
    return right;
  }
  return left; /* a complete heap: no right one without a left one */
}

static void sift_down(struct uvpool__deadline_heap* heap, uvpool_task_t* task) {
  uvpool_task_t* child = sooner_child(task);
  while (child != NULL &&
         uvpool__deadline_before(child->deadline, task->deadline)) {
    lift(heap, child);
    child = sooner_child(task);
  }
}

void uvpool__deadline_heap_insert(struct uvpool__deadline_heap* heap,
                                  uvpool_task_t* task) {
  uvpool_task_t* parent = NULL;
  uvpool_task_t** link = link_to(heap, ++heap->len, &parent);
  task->heap.parent = parent;
  task->heap.left = NULL;
  task->heap.right = NULL;
  *link = task;
  sift_up(heap, task);
}

void uvpool__deadline_heap_remove(struct uvpool__deadline_heap* heap,
                                  uvpool_task_t* task) {
  uvpool_task_t* parent = NULL;
  uvpool_task_t** link = link_to(heap, heap->len--, &parent);
  uvpool_task_t* last = *link;
  *link = NULL;
  if (last == task) {
    return;
  }
  /* The last node takes the place, and moves on from there. */
  last->heap = task->heap;
  *link_of(heap, task) = last;
  adopt(last);
  sift_up(heap, last);
  sift_down(heap, last);
}
