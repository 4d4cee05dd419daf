/* The worker queue as a ring: an array whose oldest entry is wherever `head`
 * says, and the others follow it, across the end of the array if need be.
 *
 * It is for pools whose workers are all known in advance: its memory comes with
 * the pool and never grows. A worker that leaves is passed over by moving
 * `head`; nothing else moves, however many are idle.
 *
 * As with the stack, new work goes to the newest. (The ring of ants hands out
 * the oldest, and with it every worker in turn: under a trickle of tasks none
 * of them ever expires.) */
#include "worker_queue.h"

/* Where the entry with this age is, 0 being the oldest. */
static size_t slot(const struct uvpool__worker_queue* ring, size_t index) {
  size_t until_end = ring->size - ring->head;
  return index < until_end ? ring->head + index : index - until_end;
}

static struct uvpool__idle* at(const struct uvpool__worker_queue* ring,
                               size_t index) {
  return ring->entries[slot(ring, index)];
}

static void move(const struct uvpool__worker_queue* ring,
                 struct uvpool__idle** entries) {
  for (size_t i = 0; i < ring->len; i++) {
    entries[i] = at(ring, i);
  }
}

static void insert(struct uvpool__worker_queue* ring,
                   struct uvpool__idle* entry) {
  ring->entries[slot(ring, ring->len)] = entry;
  ring->len++;
}

static struct uvpool__idle* detach(struct uvpool__worker_queue* ring) {
  ring->len--;
  return at(ring, ring->len);
}

static struct uvpool__idle* trim(struct uvpool__worker_queue* ring,
                                 size_t count) {
  struct uvpool__idle* chain = NULL;
  if (count == 0) {
    return NULL;
  }
  for (size_t i = count; i > 0; i--) {
    struct uvpool__idle* entry = at(ring, i - 1);
    entry->next = chain;
    chain = entry;
  }
  ring->head = slot(ring, count % ring->size);
  ring->len -= count;
  return chain;
}

const struct uvpool__worker_queue_kind uvpool__worker_ring = {move,
                                                              insert,
                                                              detach,
                                                              at,
                                                              trim};
