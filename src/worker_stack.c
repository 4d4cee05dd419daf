/* The worker queue as a stack: an array, the oldest at its bottom.
 *
 * Insert and detach work at the top and cost the same for any length. Trim
 * moves what is left down, which costs a move per idle worker, but only when a
 * worker really leaves. */
#include <string.h>

#include "worker_queue.h"

static void move(const struct uvpool__worker_queue* stack,
                 struct uvpool__idle** entries) {
  memcpy(entries, stack->entries, stack->len * sizeof(struct uvpool__idle*));
}

static void insert(struct uvpool__worker_queue* stack,
                   struct uvpool__idle* entry) {
  stack->entries[stack->len++] = entry;
}

static struct uvpool__idle* detach(struct uvpool__worker_queue* stack) {
  return stack->entries[--stack->len];
}

static struct uvpool__idle* at(const struct uvpool__worker_queue* stack,
                               size_t index) {
  return stack->entries[index];
}

static struct uvpool__idle* trim(struct uvpool__worker_queue* stack,
                                 size_t count) {
  struct uvpool__idle* chain = NULL;
  for (size_t i = count; i > 0; i--) {
    stack->entries[i - 1]->next = chain;
    chain = stack->entries[i - 1];
  }
  stack->len -= count;
  if (count > 0 && stack->len > 0) {
    memmove(stack->entries,
            stack->entries + count,
            stack->len * sizeof(struct uvpool__idle*));
  }
  return chain;
}

const struct uvpool__worker_queue_kind uvpool__worker_stack = {move,
                                                               insert,
                                                               detach,
                                                               at,
                                                               trim};
