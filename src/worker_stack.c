/* The worker queue as a stack: an array, the oldest at its bottom.
 *
 * Insert and detach work at the top and cost the same for any length. Trim
 * moves what is left down, which costs a move per idle worker, but only when a
 * worker really leaves. */
#include <string.h>

#include "util.h"
#include "worker_queue.h"

void uvpool__worker_queue_init(struct uvpool__worker_queue* queue) {
  queue->entries = NULL;
  queue->len = 0;
  queue->size = 0;
}

struct uvpool__idle** uvpool__worker_queue_adopt(
    struct uvpool__worker_queue* queue,
    struct uvpool__idle** entries,
    size_t size) {
  struct uvpool__idle** before = queue->entries;
  assert(size > queue->size);
  if (queue->len > 0) {
    memcpy(entries, before, queue->len * sizeof(*entries));
  }
  queue->entries = entries;
  queue->size = size;
  return before;
}

void uvpool__worker_queue_insert(struct uvpool__worker_queue* queue,
                                 struct uvpool__idle* entry,
                                 uint64_t stamp) {
  assert(queue->len < queue->size);
  assert(queue->len == 0 || queue->entries[queue->len - 1]->stamp <= stamp);
  entry->stamp = stamp;
  entry->next = NULL;
  queue->entries[queue->len++] = entry;
}

struct uvpool__idle* uvpool__worker_queue_detach(
    struct uvpool__worker_queue* queue) {
  return queue->len == 0 ? NULL : queue->entries[--queue->len];
}

size_t uvpool__worker_queue_search(const struct uvpool__worker_queue* queue,
                                   uint64_t stamp) {
  size_t low = 0;
  size_t high = queue->len;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (queue->entries[middle]->stamp <= stamp) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

struct uvpool__idle* uvpool__worker_queue_trim(
    struct uvpool__worker_queue* queue,
    size_t count) {
  struct uvpool__idle* chain = NULL;
  assert(count <= queue->len);
  for (size_t i = count; i > 0; i--) {
    queue->entries[i - 1]->next = chain;
    chain = queue->entries[i - 1];
  }
  queue->len -= count;
  if (count > 0 && queue->len > 0) {
    memmove(queue->entries,
            queue->entries + count,
            queue->len * sizeof(*queue->entries));
  }
  return chain;
}
