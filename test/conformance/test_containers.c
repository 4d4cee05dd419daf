/* ants' tests of its containers of idle workers, on ours, with stamps in place
 * of sleeps.
 *
 * Where ants names the position of the last expired entry, -1 for none, ours
 * tells how many there are. And ours gives the newest first, as a ring too. */
#include "kit.h"
#include "worker_queue.h"

enum { ENTRIES = 16 };

typedef struct container_s {
  struct uvpool__worker_queue queue;
  struct uvpool__idle* memory[ENTRIES];
  struct uvpool__idle entries[2 * ENTRIES];
  size_t used; /* of entries */
} container_t;

static void container_init(container_t* c,
                           const struct uvpool__worker_queue_kind* kind,
                           size_t size) {
  c->used = 0;
  uvpool__worker_queue_init(&c->queue, kind);
  (void) uvpool__worker_queue_adopt(&c->queue, c->memory, size);
}

/* Inserts `count` new entries that became idle at `stamp`. */
static void container_insert(container_t* c, size_t count, uint64_t stamp) {
  for (size_t i = 0; i < count; i++) {
    uvpool__worker_queue_insert(&c->queue, &c->entries[c->used++], stamp);
  }
}

/* Those that became idle at `stamp` or before leave; how many. */
static size_t container_expire(container_t* c, uint64_t stamp) {
  size_t count = uvpool__worker_queue_search(&c->queue, stamp);
  size_t left = 0;
  for (struct uvpool__idle* idle = uvpool__worker_queue_trim(&c->queue, count);
       idle != NULL;
       idle = idle->next) {
    assert_true(idle->stamp <= stamp);
    left++;
  }
  assert_int_equal(left, count);
  return count;
}

static size_t container_len(const container_t* c) {
  return uvpool__worker_queue_len(&c->queue);
}

/* TestNewLoopQueue. A ring of size 0 is a pool that cannot be made. */
static void test_new_loop_queue(void** state) {
  container_t c;
  container_init(&c, &uvpool__worker_ring, ENTRIES);
  assert_int_equal(container_len(&c), 0);
  assert_null(uvpool__worker_queue_detach(&c.queue));
  uvpool_options_t options = pool_options(0, 0);
  options.flags = UVPOOL_PREALLOC;
  uvpool_t* pool = NULL;
  assert_status(uvpool_create(*state, &options, &pool), UV_EINVAL);
}

/* TestLoopQueue: 5 in, 1 out, 6 in make 10; the 4 old ones expire. There is no
 * insert into a full one: it has room for every worker that there is. */
static void test_loop_queue(void** state) {
  (void) state;
  container_t c;
  container_init(&c, &uvpool__worker_ring, 10);
  container_insert(&c, 5, 1);
  assert_int_equal(container_len(&c), 5);
  assert_ptr_equal(uvpool__worker_queue_detach(&c.queue), &c.entries[4]);
  assert_int_equal(container_len(&c), 4);
  container_insert(&c, 6, 2);
  assert_int_equal(container_len(&c), 10);
  assert_int_equal(container_expire(&c, 1), 4);
  assert_int_equal(container_len(&c), 6);
}

/* TestRotatedQueueSearch: in order, across the end of the memory, and full with
 * head and tail in one place. */
static void test_rotated_queue_search(void** state) {
  (void) state;
  container_t c;
  container_init(&c, &uvpool__worker_ring, 10);
  container_insert(&c, 1, 10); /* one entry: older, as old, younger */
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 9), 0);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 10), 1);
  container_insert(&c, 1, 20);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 20), 2);
  container_insert(&c, 6, 30);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 30), 8);
  assert_int_equal(container_expire(&c, 30), 8); /* head is 8 now */
  container_insert(&c, 2, 40);                   /* slots 8 and 9 */
  container_insert(&c, 6, 50);                   /* and 0 to 5 */
  assert_int_equal(c.queue.head, 8);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 39), 0);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 40), 2);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 50), 8);
  container_insert(&c, 2, 60); /* full: the next slot is the head's */
  assert_int_equal(container_len(&c), 10);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 59), 8);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 60), 10);
}

/* TestRetrieveExpiry: the first half, the second half, and two pieces. */
static void test_retrieve_expiry(void** state) {
  (void) state;
  container_t c;
  container_init(&c, &uvpool__worker_ring, 10);
  container_insert(&c, 5, 1);
  container_insert(&c, 5, 2);
  struct uvpool__idle* chain =
      uvpool__worker_queue_trim(&c.queue,
                                uvpool__worker_queue_search(&c.queue, 1));
  for (size_t i = 0; i < 5; i++, chain = chain->next) {
    assert_ptr_equal(chain, &c.entries[i]);
  }
  assert_null(chain);
  container_insert(&c, 5, 3); /* slots 0 to 4, after 5 to 9 */
  assert_int_equal(c.queue.head, 5);
  assert_int_equal(container_expire(&c, 2), 5);
  assert_int_equal(container_len(&c), 5);
  container_insert(&c, 2, 4);
  assert_int_equal(container_expire(&c, 3), 5); /* head is 5 */
  container_insert(&c, 7, 4);                   /* 7 to 9, then 0 to 3 */
  assert_int_equal(container_expire(&c, 4), 9);
  assert_int_equal(container_len(&c), 0);
}

/* TestNewWorkerStack. */
static void test_new_worker_stack(void** state) {
  (void) state;
  container_t c;
  container_init(&c, &uvpool__worker_stack, ENTRIES);
  assert_int_equal(container_len(&c), 0);
  assert_null(uvpool__worker_queue_detach(&c.queue));
}

/* TestWorkerStack: of 12, the 6 old ones expire. There is no container of an
 * unknown type to fall back from: flags that are unknown are refused. */
static void test_worker_stack(void** state) {
  container_t c;
  container_init(&c, &uvpool__worker_stack, ENTRIES);
  container_insert(&c, 5, 1);
  assert_int_equal(container_len(&c), 5);
  container_insert(&c, 1, 1);
  container_insert(&c, 6, 2);
  assert_int_equal(container_len(&c), 12);
  assert_int_equal(container_expire(&c, 1), 6);
  assert_int_equal(container_len(&c), 6);
  assert_ptr_equal(uvpool__worker_queue_detach(&c.queue), &c.entries[11]);
  uvpool_options_t options = pool_options(1, 0);
  options.flags = 1u << 31;
  uvpool_t* pool = NULL;
  assert_status(uvpool_create(*state, &options, &pool), UV_EINVAL);
}

/* TestSearch: none, the first, the first two, the first eight. */
static void test_search(void** state) {
  (void) state;
  container_t c;
  container_init(&c, &uvpool__worker_stack, ENTRIES);
  container_insert(&c, 1, 10);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 9), 0);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 10), 1);
  container_insert(&c, 1, 20);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 20), 2);
  container_insert(&c, 6, 30);
  container_insert(&c, 5, 40);
  assert_int_equal(uvpool__worker_queue_search(&c.queue, 39), 8);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_new_loop_queue),
      loop_test(test_loop_queue),
      loop_test(test_rotated_queue_search),
      loop_test(test_retrieve_expiry),
      loop_test(test_new_worker_stack),
      loop_test(test_worker_stack),
      loop_test(test_search),
  };
  return kit_run(argc, argv, tests);
}
