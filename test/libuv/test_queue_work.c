/* uvpool_queue_work does what a caller of uv_queue_work is used to: after
 * libuv's threadpool_queue_work_simple and threadpool_queue_work_einval, and
 * what libuv leaves to the caller's care. */
#include "fault_alloc.h"
#include "item.h"

/* Work and after run once each, after with status 0 and the same request; the
 * data set before the call is there in both; the loop ends by itself. */
static void simple(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  item_init(&item, NULL);
  assert_status(item_queue(pool, &item), 0);
  assert_int_equal(item.after, 0);
  loop_run(*state);
  items_assert_ran(&item, 1);
  assert_false(uv_thread_equal(&item.worker, &item.loop_thread));
  pool_close(*state, pool);
}

/* No work, no request, no pool: UV_EINVAL, nothing runs, and nothing keeps the
 * loop alive. */
static void einval(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  item_init(&item, NULL);
  assert_status(uvpool_queue_work(pool, &item.req, NULL, item_after),
                UV_EINVAL);
  assert_status(uvpool_queue_work(pool, NULL, item_work, item_after),
                UV_EINVAL);
  assert_status(uvpool_queue_work(NULL, &item.req, item_work, item_after),
                UV_EINVAL);
  loop_run(*state);
  assert_int_equal(item.after, 0);
  assert_int_equal(atomic_load(&item.worked), 0);
  assert_int_equal(pool_stats(pool).accepted, 0);
  pool_close(*state, pool);
}

/* Without an after callback the work runs all the same, and the loop lives
 * until it is over. */
static void after_may_be_null(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  item_init(&item, NULL);
  assert_status(uvpool_queue_work(pool, &item.req, item_work, NULL), 0);
  loop_run(*state);
  assert_int_equal(atomic_load(&item.worked), 1);
  assert_int_equal(item.after, 0);
  assert_int_equal(pool_stats(pool).completed, 1);
  pool_close(*state, pool);
}

/* Any memory will do: zeroes, junk, and the bytes of a request in flight. */
static void memory_of_any_content(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  item_t* items = items_new(5, &gate);
  memset(&items[0].req, 0, sizeof(items[0].req));
  memset(&items[1].req, 0x5a, sizeof(items[1].req));
  items[0].req.data = &items[0];
  items[1].req.data = &items[1];
  items_queue(pool, items, 2);
  items[2].req = items[0].req;
  items[3].req = items[1].req;
  items[2].req.data = &items[2];
  items[3].req.data = &items[3];
  items_queue(pool, &items[2], 3);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, 5);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* A request in flight is refused with UV_EALREADY, waiting or running, and
 * ends once; libuv would corrupt its queue. Over, it may come again. */
static void in_flight_is_refused(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 4);
  item_t* items = items_new(2, &gate);
  items_queue(pool, items, 2);
  gate_await(&gate, 1);
  assert_status(item_queue(pool, &items[0]), UV_EALREADY);
  assert_status(item_queue(pool, &items[1]), UV_EALREADY);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, 2);
  assert_status(item_queue(pool, &items[0]), 0);
  loop_run(*state);
  assert_int_equal(items[0].after, 2);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* A full pool says so, which libuv's never does; a refused request is as good
 * as new, and leaves nothing behind. A closed one says that. */
static void refusals(void** state) {
  gate_t gate;
  gate_init(&gate);
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, 1);
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  item_t* items = items_new(3, &gate);
  items_queue(pool, items, 2);
  assert_status(item_queue(pool, &items[2]), UV_EAGAIN);
  assert_status(item_queue(pool, &items[2]), UV_EAGAIN);
  assert_status(uvpool_cancel_work(&items[2].req), UV_EINVAL);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(items[2].after, 0);
  items_queue(pool, &items[2], 1);
  loop_run(*state);
  items_assert_ran(items, 3);
  assert_status(uvpool_release(pool), 0);
  assert_status(item_queue(pool, &items[0]), UV_ESHUTDOWN);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
  free(items);
  gate_destroy(&gate);
}

/* While it is ours libuv does not know the request, and cannot be made to look
 * for it in its own pool. */
static void libuv_leaves_it_alone(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  item_t* items = items_new(2, &gate);
  items_queue(pool, items, 2);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(uv_req_get_type((uv_req_t*) &items[i].req),
                     UV_UNKNOWN_REQ);
    assert_status(uv_cancel((uv_req_t*) &items[i].req), UV_EINVAL);
    assert_ptr_equal(items[i].req.loop, *state);
  }
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, 2);
  assert_status(uv_cancel((uv_req_t*) &items[0].req), UV_EINVAL);
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

static void nothing(uv_work_t* req) {
  (void) req;
}

/* libuv's threads stay once they are started: they come before the fixture
 * counts. */
static int setup_with_libuv_threads(void** state) {
  uv_loop_t loop;
  uv_work_t req;
  if (uv_loop_init(&loop) != 0 ||
      uv_queue_work(&loop, &req, nothing, NULL) != 0) {
    return -1;
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  return uv_loop_close(&loop) == 0 ? loop_setup(state) : -1;
}

/* One request takes turns between our pool and libuv's. */
static void takes_turns_with_libuv(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  item_t item;
  item_init(&item, NULL);
  for (int turn = 1; turn <= 10; turn++) {
    assert_status(item_queue(pool, &item), 0);
    loop_run(*state);
    assert_int_equal(item.after, 2 * turn - 1);
    assert_status(uv_queue_work(*state, &item.req, item_work, item_after), 0);
    loop_run(*state);
    assert_int_equal(item.after, 2 * turn);
    assert_status(uvpool_cancel_work(&item.req), UV_EINVAL);
  }
  assert_int_equal(item.strayed, 0);
  pool_close(*state, pool);
}

static void panic(item_t* item) {
  (void) item;
  uvpool_panic("on purpose");
}

static atomic_int panics;

static void note_panic(uvpool_t* pool,
                       uvpool_task_t* task,
                       const char* reason) {
  (void) pool;
  const uv_work_t* req = task->data;
  const item_t* item = req->data;
  if (item->after == 0 && strcmp(reason, "on purpose") == 0) {
    atomic_fetch_add(&panics, 1);
  }
}

/* A work that ends its thread ends alone: UVPOOL_EPANIC, after on_panic has
 * heard of it with the request at hand. libuv has a thread less from then on,
 * and the callback never comes. */
static void panics_are_told(void** state) {
  uvpool_options_t options = pool_options(1, 1);
  options.on_panic = note_panic;
  uvpool_t* pool = pool_open_with(*state, &options);
  item_t* items = items_new(2, NULL);
  items[0].in_work = panic;
  items_queue(pool, items, 2);
  loop_run(*state);
  item_assert_ended(&items[0], 1, UVPOOL_EPANIC);
  items_assert_ran(&items[1], 1);
  assert_int_equal(atomic_load(&panics), 1);
  pool_close(*state, pool);
  free(items);
}

static void queue_again(item_t* item) {
  if (item->after < 200) {
    *(int*) item->arg += item_queue(item->pool, item) != 0;
  }
}

/* Without memory: UV_ENOMEM, and the request is as good as new. One at a time
 * needs no more than the first, also from inside its own callback. */
static void memory(void** state) {
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, 8);
  options.flags = UVPOOL_NO_PURGE;
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  pool_warm(*state, pool, 1);
  item_t item;
  int refused = 0;
  item_init(&item, NULL);
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  assert_status(item_queue(pool, &item), UV_ENOMEM);
  loop_run(*state);
  assert_int_equal(atomic_load(&item.worked), 0);
  fault_alloc_fail(&memory, 2, FAULT_FOREVER);
  item.in_after = queue_again;
  item.arg = &refused;
  items_queue(pool, &item, 1);
  loop_run(*state);
  assert_int_equal(refused, 0);
  assert_int_equal(item.after, 200);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(simple),
      loop_test(einval),
      loop_test(after_may_be_null),
      loop_test(memory_of_any_content),
      loop_test(in_flight_is_refused),
      loop_test(refusals),
      loop_test(libuv_leaves_it_alone),
      cmocka_unit_test_setup_teardown(
          takes_turns_with_libuv, setup_with_libuv_threads, loop_teardown),
      loop_test(panics_are_told),
      loop_test(memory),
  };
  return kit_run(argc, argv, tests);
}
