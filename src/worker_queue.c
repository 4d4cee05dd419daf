/* What both kinds of worker queue have in common; see worker_queue.h. */
#include "worker_queue.h"

#include "util.h"

void uvpool__worker_queue_init(struct uvpool__worker_queue* queue,
                               const struct uvpool__worker_queue_kind* kind) {
  queue->kind = kind;
  queue->entries = NULL;
  queue->len = 0;
  queue->size = 0;
  queue->head = 0;
}

struct uvpool__idle** uvpool__worker_queue_adopt(
    struct uvpool__worker_queue* queue,
    struct uvpool__idle** entries,
    size_t size) {
  struct uvpool__idle** before = queue->entries;
  assert(size > queue->size);
  if (queue->len > 0) {
    queue->kind->move(queue, entries);
  }
  queue->entries = entries;
  queue->size = size;
  queue->head = 0;
  return before;
}

void uvpool__worker_queue_insert(struct uvpool__worker_queue* queue,
                                 struct uvpool__idle* entry,
                                 uint64_t stamp) {
  assert(queue->len < queue->size);
  assert(queue->len == 0 ||
         queue->kind->at(queue, queue->len - 1)->stamp <= stamp);
  entry->stamp = stamp;
  entry->next = NULL;
  queue->kind->insert(queue, entry);
}

size_t uvpool__worker_queue_search(const struct uvpool__worker_queue* queue,
                                   uint64_t stamp) {
  size_t low = 0;
  size_t high = queue->len;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (queue->kind->at(queue, middle)->stamp <= stamp) {
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
  assert(count <= queue->len);
  return queue->kind->trim(queue, count);
}
