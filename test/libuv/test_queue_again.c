/* The same request again and again, and requests that bring forth others: after
 * libuv's random_async, which uses one request twice, its queue_work benchmark,
 * whose one request goes round, and the recursive tests that were written for
 * submits from workers. */
#include "item.h"

enum { ROUNDS = 1000 };

/* One request, one flight at a time, queued by the loop's owner in between. */
static void from_outside(void** state) {
  uvpool_t* pool = pool_open(*state, 2, 0);
  item_t item;
  item_init(&item, NULL);
  for (int i = 1; i <= 2; i++) {
    items_queue(pool, &item, 1);
    loop_run(*state);
    assert_int_equal(item.after, i);
    assert_int_equal(atomic_load(&item.worked), i);
    assert_status(item.status, 0);
  }
  assert_int_equal(item.strayed, 0);
  pool_close(*state, pool);
}

static void queue_itself(item_t* item) {
  if (item->after < ROUNDS) {
    *(int*) item->arg += item_queue(item->pool, item) != 0;
  }
}

/* Queued from its own callback, it goes round and keeps the loop alive until
 * the last. A pool without waiting room never refuses it, as its turn is
 * over. */
static void from_its_own_callback(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  int refused = 0;
  item_init(&item, NULL);
  item.in_after = queue_itself;
  item.arg = &refused;
  items_queue(pool, &item, 1);
  loop_run(*state);
  assert_int_equal(refused, 0);
  assert_int_equal(item.after, ROUNDS);
  assert_int_equal(atomic_load(&item.worked), ROUNDS);
  assert_int_equal(item.strayed, 0);
  pool_close(*state, pool);
}

typedef struct heap_s {
  uvpool_t* pool;
  int left;
  int refused;
} heap_t;

static void work_nothing(uv_work_t* req) {
  (void) req;
}

static void heap_queue(heap_t* heap);

static void heap_after(uv_work_t* req, int status) {
  heap_t* heap = req->data;
  heap->refused += status != 0;
  memset(req, 0xff, sizeof(*req)); /* it is ours: nobody looks at it again */
  free(req);
  heap_queue(heap);
}

static void heap_queue(heap_t* heap) {
  if (heap->left-- > 0) {
    uv_work_t* req = malloc(sizeof(*req));
    if (req == NULL) {
      abort();
    }
    req->data = heap;
    heap->refused +=
        uvpool_queue_work(heap->pool, req, work_nothing, heap_after) != 0;
  }
}

/* Freed inside its own callback, as most programs do, and a new one queued. */
static void freed_in_its_callback(void** state) {
  heap_t heap = {.pool = pool_open(*state, 1, 0), .left = ROUNDS};
  heap_queue(&heap);
  loop_run(*state);
  assert_int_equal(heap.left, -1);
  assert_int_equal(heap.refused, 0);
  assert_int_equal(pool_stats(heap.pool).completed, ROUNDS);
  pool_close(*state, heap.pool);
}

static void queue_two_more(item_t* item) {
  int index = (int) (item - (item_t*) item->arg);
  for (int child = 2 * index + 1; child <= 2 * index + 2; child++) {
    if (child < ROUNDS && item_queue(item->pool, item + child - index) != 0) {
      abort();
    }
  }
}

/* From a callback: each queues two others, a tree of a thousand. */
static void others_from_a_callback(void** state) {
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  item_t* items = items_new(ROUNDS, NULL);
  for (int i = 0; i < ROUNDS; i++) {
    items[i].in_after = queue_two_more;
    items[i].arg = items;
  }
  items_queue(pool, items, 1);
  loop_run(*state);
  items_assert_ran(items, ROUNDS);
  pool_close(*state, pool);
  free(items);
}

static void let_the_loop_end(item_t* item) {
  if (++*(int*) item->arg == ROUNDS && uvpool_unref(item->pool) != 0) {
    abort();
  }
}

static void chain_on(item_t* item) {
  if (item_queue(item->pool, item + 1) != 0) {
    abort();
  }
}

/* From a worker, each the next of a chain, without a hop over the loop; libuv
 * crashes on it. The callbacks still come on the loop. Another thread's submit
 * does not keep the loop alive, so the pool's handle does. */
static void the_next_from_a_worker(void** state) {
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  item_t* items = items_new(ROUNDS, NULL);
  int over = 0;
  for (int i = 0; i < ROUNDS; i++) {
    items[i].in_work = i < ROUNDS - 1 ? chain_on : NULL;
    items[i].in_after = let_the_loop_end;
    items[i].arg = &over;
  }
  assert_status(uvpool_ref(pool), 0);
  items_queue(pool, items, 1);
  loop_run(*state);
  assert_int_equal(over, ROUNDS);
  items_assert_ran(items, ROUNDS);
  pool_close(*state, pool);
  free(items);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(from_outside),
      loop_test(from_its_own_callback),
      loop_test(freed_in_its_callback),
      loop_test(others_from_a_callback),
      loop_test(the_next_from_a_worker),
  };
  return kit_run(argc, argv, tests);
}
