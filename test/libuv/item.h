/* The item of these tests: a uv_work_t in a structure of its owner's, with a
 * record of all that became of it. Its memory is filled with junk first, as any
 * content will do.
 *
 * Set gate, in_work, in_after and arg after item_init, before item_queue. */
#ifndef UVPOOL_TEST_LIBUV_ITEM_H
#define UVPOOL_TEST_LIBUV_ITEM_H

#include <stdlib.h>
#include <string.h>

#include "kit.h"

typedef struct item_s item_t;

struct item_s {
  uv_work_t req;

  /* Set by the test before it queues; read by the worker and the loop. */
  uvpool_t* pool;
  gate_t* gate; /* where the work stands; NULL: nowhere */
  void (*in_work)(item_t* item);
  void (*in_after)(item_t* item);
  void* arg;               /* for these two */
  uv_thread_t loop_thread; /* where after has to run */

  /* Written by the worker; read after its end, or atomically. */
  atomic_int worked; /* how often the work began */
  int cancelled;     /* what uvpool_work_is_cancelled said after the gate */
  uv_thread_t worker;

  /* Loop thread. */
  int after; /* how often after was called */
  int status;
  int strayed; /* on another thread, or inside a call */
};

/* Is the calling thread inside item_queue or item_cancel? */
static _Thread_local int item_inside_call;

static inline void item_init(item_t* item, gate_t* gate) {
  memset(item, 0, sizeof(*item));
  memset(&item->req, 0xff, sizeof(item->req));
  item->req.data = item;
  item->gate = gate;
  item->loop_thread = uv_thread_self();
  atomic_init(&item->worked, 0);
}

static inline item_t* items_new(int count, gate_t* gate) {
  item_t* items = calloc((size_t) count, sizeof(*items));
  assert_non_null(items);
  for (int i = 0; i < count; i++) {
    item_init(&items[i], gate);
  }
  return items;
}

static inline void item_work(uv_work_t* req) {
  item_t* item = req->data;
  atomic_fetch_add(&item->worked, 1);
  item->worker = uv_thread_self();
  if (item->gate != NULL) {
    gate_pass(item->gate);
  }
  item->cancelled = uvpool_work_is_cancelled(req);
  if (item->in_work != NULL) {
    item->in_work(item);
  }
}

static inline void item_after(uv_work_t* req, int status) {
  item_t* item = req->data;
  uv_thread_t self = uv_thread_self();
  item->strayed += item_inside_call || &item->req != req ||
                   !uv_thread_equal(&self, &item->loop_thread);
  item->after++;
  item->status = status;
  if (item->in_after != NULL) {
    item->in_after(item);
  }
}

/* uvpool_queue_work, and what it returns. Thread: any. */
static inline int item_queue(uvpool_t* pool, item_t* item) {
  item->pool = pool;
  item_inside_call = 1;
  int rc = uvpool_queue_work(pool, &item->req, item_work, item_after);
  item_inside_call = 0;
  return rc;
}

static inline int item_cancel(item_t* item) {
  item_inside_call = 1;
  int rc = uvpool_cancel_work(&item->req);
  item_inside_call = 0;
  return rc;
}

/* Queues all; asserts that each is accepted. Thread: test. */
static inline void items_queue(uvpool_t* pool, item_t* items, int count) {
  for (int i = 0; i < count; i++) {
    assert_status(item_queue(pool, &items[i]), 0);
  }
}

static inline void item_assert_ended(const item_t* item,
                                     int worked,
                                     int status) {
  assert_int_equal(item->strayed, 0);
  assert_int_equal(item->after, 1);
  assert_int_equal(atomic_load(&item->worked), worked);
  assert_status(item->status, status);
  assert_ptr_equal(item->req.data, item);
}

/* Each ended once: its work ran, or it was dropped before. */
static inline void items_assert_ran(const item_t* items, int count) {
  for (int i = 0; i < count; i++) {
    item_assert_ended(&items[i], 1, 0);
  }
}

static inline void items_assert_dropped(const item_t* items, int count) {
  for (int i = 0; i < count; i++) {
    item_assert_ended(&items[i], 0, UV_ECANCELED);
  }
}

/* Has after been called? For loop_run_until. */
static inline int item_is_over(void* item) {
  return ((item_t*) item)->after > 0;
}

#endif /* UVPOOL_TEST_LIBUV_ITEM_H */
