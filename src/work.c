/* uv_work_t on a pool: an ordinary task carries the request. A request has no
 * room for a task, whose object therefore comes from the cache of uvpool_go.
 *
 * The callbacks stand in the request, where libuv has them too. Two words are
 * ours, in `reserved`: every request has it, and libuv leaves it alone.
 * `work_req` belongs to uv_queue_work, and a request may take turns between the
 * two: our mark has to survive that.
 *
 * The mark is that of a task (task.h), and as much of it as fits a word. */
#include <uvpool/work.h>

#include "admission.h"
#include "handle.h"
#include "pool.h"
#include "task.h"
#include "util.h"

/* uv_work_t.reserved */
enum {
  WORD_MARK, /* in flight: the request's mark; atomic */
  WORD_TASK, /* that carries it; constant while in flight */
  WORD_COUNT
};

_Static_assert(sizeof(((uv_work_t*) NULL)->reserved) >=
                   WORD_COUNT * sizeof(void*),
               "a request has room for our words");

/* ---- The mark ------------------------------------------------------------ */

/* Its lowest bit is set, so that it is not NULL, which is the mark of a request
 * that is over. */
static void* mark_of(const uv_work_t* req) {
  const union {
    uintptr_t number;
    void* word;
  } mark = {.number = (uintptr_t) uvpool__flight_mark(req) | 1};
  return mark.word;
}

UVPOOL__MAY_READ_ANY_MEMORY
static void* mark_seen(const uv_work_t* req) {
  return __atomic_load_n(&req->reserved[WORD_MARK], __ATOMIC_ACQUIRE);
}

static bool in_flight(const uv_work_t* req) {
  return mark_seen(req) == mark_of(req);
}

static bool claim(uv_work_t* req) {
  void* flight = mark_of(req);
  void* seen = mark_seen(req);
  while (seen != flight) {
    if (__atomic_compare_exchange_n(&req->reserved[WORD_MARK],
                                    &seen,
                                    flight,
                                    false,
                                    __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
      return true;
    }
  }
  return false;
}

static void unclaim(uv_work_t* req) {
  __atomic_store_n(&req->reserved[WORD_MARK], NULL, __ATOMIC_RELEASE);
}

/* ---- The task ------------------------------------------------------------ */

static struct uvpool__cached_task* cached_of(uvpool_task_t* task) {
  return UVPOOL__CONTAINER_OF(task, struct uvpool__cached_task, task);
}

static int run(uvpool_task_t* task) {
  uv_work_t* req = task->data;
  req->work_cb(req);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  uv_work_t* req = task->data;
  uv_after_work_cb after_work_cb = req->after_work_cb;
  unclaim(req);
  /* Back first: the callback may queue again, and finds it there. */
  uvpool__task_cache_put(cached_of(task));
  if (after_work_cb != NULL) {
    after_work_cb(req, status);
  }
}

/* A request that is claimed: 0, or what admission says. */
static int admit(uvpool_t* handle, uv_work_t* req) {
  struct uvpool__cached_task* cached =
      uvpool__task_cache_get(&handle->pool->go_cache);
  if (cached == NULL) {
    return UV_ENOMEM;
  }
  uvpool_task_t* task = &cached->task;
  task->data = req; /* where on_panic finds it */
  req->reserved[WORD_TASK] = task;
  uvpool__task_claim(task);
  uvpool__task_prepare(task,
                       handle,
                       run,
                       done,
                       uvpool__on_loop(handle) ? UVPOOL__TASK_HOLDS_LOOP : 0);
  int err = uvpool__admit(handle, task);
  if (err != 0) {
    uvpool__task_free(task);
    uvpool__task_cache_put(cached);
  }
  return err;
}

/* ---- The calls ----------------------------------------------------------- */

int uvpool_queue_work(uvpool_t* handle,
                      uv_work_t* req,
                      uv_work_cb work_cb,
                      uv_after_work_cb after_work_cb) {
  if (req == NULL || work_cb == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_check(handle);
  if (err != 0) {
    return err;
  }
  if (!claim(req)) {
    return UV_EALREADY;
  }
  req->type = UV_UNKNOWN_REQ; /* uv_cancel leaves such a request alone */
  req->loop = uvpool_get_loop(handle);
  req->work_cb = work_cb;
  req->after_work_cb = after_work_cb;
  err = admit(handle, req);
  if (err != 0) {
    unclaim(req);
  }
  return err;
}

int uvpool_cancel_work(uv_work_t* req) {
  if (req == NULL || !in_flight(req)) {
    return UV_EINVAL;
  }
  return uvpool_cancel(req->reserved[WORD_TASK]);
}

int uvpool_work_is_cancelled(const uv_work_t* req) {
  return req != NULL && in_flight(req) &&
         uvpool_task_is_cancelled(req->reserved[WORD_TASK]);
}
