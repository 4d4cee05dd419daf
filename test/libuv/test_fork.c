/* A pool and fork: after libuv's fork_threadpool_queue_work_simple, and the
 * cancel of a pending request in the child that was proposed to libuv.
 *
 * In a child, libuv makes its pool anew behind the caller's back and forgets
 * what the parent had queued, whose callbacks never come. Here an inherited
 * pool says UV_EPERM, and the child makes a pool of its own. */
#include "child.h"
#include "item.h"

/* A parent with a request that runs and one that waits. */
typedef struct parent_s {
  uv_loop_t* loop;
  uvpool_t* pool;
  gate_t gate;
  item_t* items;
} parent_t;

static void parent_open(parent_t* p, uv_loop_t* loop) {
  p->loop = loop;
  gate_init(&p->gate);
  p->pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  p->items = items_new(3, &p->gate);
  items_queue(p->pool, p->items, 2);
  gate_await(&p->gate, 1);
}

static void parent_close(parent_t* p) {
  pool_close(p->loop, p->pool);
  free(p->items);
  gate_destroy(&p->gate);
}

/* Its pool works on as if nothing had been. */
static void parent_works_on(parent_t* p) {
  items_queue(p->pool, &p->items[2], 1);
  gate_open(&p->gate);
  loop_run(p->loop);
  items_assert_ran(p->items, 3);
  parent_close(p);
}

/* ThreadSanitizer does not support threads in the child of a process that has
 * some. */
static void need_threads_in_child(void) {
  if (KIT_TSAN) {
    skip();
  }
}

/* One request through a new pool on this loop. */
static void use_new_pool(uv_loop_t* loop) {
  uvpool_t* pool = NULL;
  item_t item;
  item_init(&item, NULL);
  CHILD_CHECK(uvpool_create(loop, NULL, &pool) == 0);
  CHILD_CHECK(item_queue(pool, &item) == 0);
  (void) uv_run(loop, UV_RUN_DEFAULT);
  CHILD_CHECK(item.after == 1);
  CHILD_CHECK(item.status == 0);
  CHILD_CHECK(item.strayed == 0);
  CHILD_CHECK(atomic_load(&item.worked) == 1);
  CHILD_CHECK(uvpool_close(pool, NULL) == 0);
  (void) uv_run(loop, UV_RUN_DEFAULT);
}

static void child_on_new_loop(void* arg) {
  uv_loop_t loop;
  (void) arg;
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  use_new_pool(&loop);
  CHILD_CHECK(uv_loop_close(&loop) == 0);
}

/* The child queues work on a loop of its own; the parent still can too. */
static void works_on_a_new_loop(void** state) {
  need_threads_in_child();
  parent_t p;
  parent_open(&p, *state);
  child_run(child_on_new_loop, NULL);
  parent_works_on(&p);
}

static void child_on_old_loop(void* arg) {
  parent_t* p = arg;
  CHILD_CHECK(uv_loop_fork(p->loop) == 0);
  CHILD_CHECK(uvpool_close(p->pool, NULL) == 0);
  use_new_pool(p->loop);
  CHILD_CHECK(p->items[0].after == 0);
  CHILD_CHECK(p->items[1].after == 0);
}

/* And on the inherited loop, after uv_loop_fork. That loop ends by itself;
 * libuv's is kept alive for ever by what the parent had in flight. */
static void works_on_the_old_loop(void** state) {
  need_threads_in_child();
  parent_t p;
  parent_open(&p, *state);
  child_run(child_on_old_loop, &p);
  parent_works_on(&p);
}

static void child_on_old_pool(void* arg) {
  parent_t* p = arg;
  CHILD_CHECK(item_queue(p->pool, &p->items[2]) == UV_EPERM);
  CHILD_CHECK(item_cancel(&p->items[0]) == UV_EPERM);
  CHILD_CHECK(item_cancel(&p->items[1]) == UV_EPERM);
  CHILD_CHECK(item_cancel(&p->items[2]) == UV_EINVAL);
  CHILD_CHECK(p->items[1].after == 0);
}

/* The parent's pool takes nothing from the child, and its pending requests
 * cannot be cancelled there: they belong to the parent, where they run. */
static void the_old_pool_says_eperm(void** state) {
  parent_t p;
  parent_open(&p, *state);
  child_run(child_on_old_pool, &p);
  parent_works_on(&p);
}

static void child_with_cancelled(void* arg) {
  parent_t* p = arg;
  CHILD_CHECK(uv_loop_fork(p->loop) == 0);
  CHILD_CHECK(uvpool_close(p->pool, NULL) == 0);
  (void) uv_run(p->loop, UV_RUN_DEFAULT);
  CHILD_CHECK(p->items[1].after == 0);
}

/* Cancelled before the fork and not yet told: told once, in the parent. */
static void a_pending_cancel_is_the_parents(void** state) {
  parent_t p;
  parent_open(&p, *state);
  assert_status(item_cancel(&p.items[1]), 0);
  child_run(child_with_cancelled, &p);
  gate_open(&p.gate);
  loop_run(*state);
  items_assert_ran(p.items, 1);
  items_assert_dropped(&p.items[1], 1);
  parent_close(&p);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(works_on_a_new_loop),
      loop_test(works_on_the_old_loop),
      loop_test(the_old_pool_says_eperm),
      loop_test(a_pending_cancel_is_the_parents),
  };
  return kit_run(argc, argv, tests);
}
