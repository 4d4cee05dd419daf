/* The worker queue: idle workers, in the order in which they became idle.
 *
 * New work goes to the worker that parked last, whose stack and caches are
 * warm; expiry takes from the other end, so that a surplus, which nobody needs,
 * grows old and leaves. Entries are stamped by the caller when they are
 * inserted, with stamps that never decrease, and so the queue is sorted and
 * the expired ones are found by binary search.
 *
 * There are two kinds, which differ in how they use their memory:
 * worker_stack.c and worker_ring.c. What they have in common is here and in
 * worker_queue.c.
 *
 * A queue knows neither threads nor pools: an entry is embedded in whatever it
 * stands for. All calls are made under the pool's lock, except init, destroy
 * and the allocations of grow. */
#ifndef UVPOOL_SRC_WORKER_QUEUE_H
#define UVPOOL_SRC_WORKER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Guarded by the pool's lock. */
struct uvpool__idle {
  uint64_t stamp;            /* when it became idle; set by insert */
  struct uvpool__idle* next; /* in the chain that trim returns */
};

struct uvpool__worker_queue;

/* What a queue is made of; the calls are described below. */
struct uvpool__worker_queue_kind {
  void (*move)(const struct uvpool__worker_queue* queue,
               struct uvpool__idle** entries);
  void (*insert)(struct uvpool__worker_queue* queue,
                 struct uvpool__idle* entry);
  struct uvpool__idle* (*detach)(struct uvpool__worker_queue* queue);
  struct uvpool__idle* (*at)(const struct uvpool__worker_queue* queue,
                             size_t index);
  struct uvpool__idle* (*trim)(struct uvpool__worker_queue* queue,
                               size_t count);
};

/* Grows as the workers become more. */
extern const struct uvpool__worker_queue_kind uvpool__worker_stack;
/* Has its memory from the start, and moves nothing when workers leave. */
extern const struct uvpool__worker_queue_kind uvpool__worker_ring;

/* Guarded by the pool's lock. */
struct uvpool__worker_queue {
  const struct uvpool__worker_queue_kind* kind; /* constant after init */
  struct uvpool__idle** entries;
  size_t len;
  size_t size; /* of entries */
  size_t head; /* of a ring: where the oldest is */
};

/* An empty queue without memory. */
void uvpool__worker_queue_init(struct uvpool__worker_queue* queue,
                               const struct uvpool__worker_queue_kind* kind);

/* Gives the queue room for `size` entries in all, in memory that the caller
 * owns; returns the memory that it used before, which is the caller's again.
 * `entries` must be larger than what it replaces. */
struct uvpool__idle** uvpool__worker_queue_adopt(
    struct uvpool__worker_queue* queue,
    struct uvpool__idle** entries,
    size_t size);

/* Room must be there: at most `size` entries are ever in. */
void uvpool__worker_queue_insert(struct uvpool__worker_queue* queue,
                                 struct uvpool__idle* entry,
                                 uint64_t stamp);

/* The one that became idle last; NULL if empty. */
static inline struct uvpool__idle* uvpool__worker_queue_detach(
    struct uvpool__worker_queue* queue) {
  return queue->len == 0 ? NULL : queue->kind->detach(queue);
}

/* How many entries have a stamp of at most `stamp`: the oldest so many. */
size_t uvpool__worker_queue_search(const struct uvpool__worker_queue* queue,
                                   uint64_t stamp);

/* Removes the `count` oldest entries and returns them as a chain, oldest
 * first. */
struct uvpool__idle* uvpool__worker_queue_trim(
    struct uvpool__worker_queue* queue,
    size_t count);

static inline size_t uvpool__worker_queue_len(
    const struct uvpool__worker_queue* queue) {
  return queue->len;
}

#endif /* UVPOOL_SRC_WORKER_QUEUE_H */
