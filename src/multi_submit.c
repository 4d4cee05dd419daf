/* Which pool of a multi-pool gets a task.
 *
 * The strategy names the first; if that refuses, the least loaded of the others
 * is asked, then the rest. "Load" is what waits and what runs: an idle worker
 * is no load. It is read without a lock and may be a moment old, which is why a
 * refusal is not the last word until everybody has refused. */
#include "admission.h"
#include "go.h"
#include "handle.h"
#include "hooks.h"
#include "multi_pool.h"
#include "submit.h"
#include "task.h"

/* ---- Choice -------------------------------------------------------------- */

static uint64_t load(const uvpool_t* handle, bool on_loop) {
  /* Relaxed, see pool.h. What the loop holds back is not in it yet. */
  uint64_t tasks =
      atomic_load_explicit(&handle->pool->load, memory_order_relaxed);
  return on_loop ? tasks + handle->held.len : tasks;
}

/* Other than `except`, if there is another. */
static size_t least_loaded(const uvpool_multi_t* multi, size_t except) {
  bool on_loop = uvpool__on_loop(multi->handles[0]);
  size_t least = except == 0 && multi->count > 1 ? 1 : 0;
  uint64_t least_load = load(multi->handles[least], on_loop);
  for (size_t i = least + 1; i < multi->count && least_load > 0; i++) {
    uint64_t other = load(multi->handles[i], on_loop);
    if (other < least_load && i != except) {
      least = i;
      least_load = other;
    }
  }
  return least;
}

/* Would a task have to wait there for a worker? */
static bool is_saturated(const uvpool_multi_t* multi, size_t index) {
  const uvpool_t* handle = multi->handles[index];
  return load(handle, uvpool__on_loop(handle)) >=
         atomic_load_explicit(&handle->pool->load_max, memory_order_relaxed);
}

size_t uvpool__multi_first(uvpool_multi_t* multi) {
  if (multi->strategy == UVPOOL_LEAST_TASKS) {
    return least_loaded(multi, SIZE_MAX);
  }
  size_t turn =
      atomic_fetch_add_explicit(&multi->cursor, 1, memory_order_relaxed) %
      multi->count;
  if (!is_saturated(multi, turn)) {
    return turn;
  }
  /* Not behind others where elsewhere a worker is free. */
  size_t least = least_loaded(multi, turn);
  return is_saturated(multi, least) ? turn : least;
}

/* ---- Offer --------------------------------------------------------------- */

/* Of two refusals the one that leaves more hope. */
static int more_hopeful(int a, int b) {
  if (a == UVPOOL__NO_ROOM || b == UVPOOL__NO_ROOM) {
    return UVPOOL__NO_ROOM;
  }
  return a == UV_EAGAIN ? a : b;
}

static int offer_to(uvpool_multi_t* multi,
                    uvpool_task_t* task,
                    size_t index,
                    unsigned on_refusal) {
  task->handle = multi->handles[index];
  return uvpool__admit_or(task->handle, task, on_refusal);
}

int uvpool__multi_offer(uvpool_multi_t* multi,
                        uvpool_task_t* task,
                        size_t first,
                        unsigned on_refusal) {
  int err = offer_to(multi, task, first, on_refusal);
  if (err == 0) {
    return 0;
  }
  size_t start = least_loaded(multi, first);
  for (size_t i = 0; i < multi->count; i++) {
    size_t index = (start + i) % multi->count;
    if (index == first) {
      continue;
    }
    int other = offer_to(multi, task, index, on_refusal);
    if (other == 0) {
      return 0;
    }
    err = more_hopeful(err, other);
  }
  return err;
}

static int offer_all(uvpool_multi_t* multi, uvpool_task_t* task) {
  size_t first = uvpool__multi_first(multi);
  int err = uvpool__multi_offer(multi, task, first, 0);
  if (err == UVPOOL__NO_ROOM || err == UV_EAGAIN) {
    /* Refused. Now each pool has to remember that it is to tell of room, and
     * one of them to count; if there is room meanwhile, so much the better. */
    err = uvpool__multi_offer(multi, task, first, UVPOOL__REFUSAL_WANTS);
    if (err == UVPOOL__NO_ROOM || err == UV_EAGAIN) {
      err = offer_to(multi, task, first, UVPOOL__REFUSAL_COUNTS);
    }
  }
  return err == UVPOOL__NO_ROOM ? UV_EAGAIN : err;
}

int uvpool__multi_admit(uvpool_multi_t* multi, uvpool_task_t* task) {
  /* All pools have the same hook, which hears of one submit. */
  const struct uvpool__pool* pool = multi->handles[0]->pool;
  uvpool__tell(pool, task, UVPOOL_TASK_ENQUEUE, 0);
  int err = offer_all(multi, task);
  if (err != 0) {
    uvpool__tell(pool, task, UVPOOL_TASK_REFUSE, err);
  }
  return err;
}

/* ---- Submit -------------------------------------------------------------- */

static int begin(uvpool_multi_t* multi,
                 uvpool_task_t* task,
                 uvpool_work_cb work,
                 uvpool_done_cb done) {
  return uvpool__submit_begin(
      multi == NULL ? NULL : multi->handles[0], task, work, done);
}

int uvpool_multi_submit(uvpool_multi_t* multi,
                        uvpool_task_t* task,
                        uvpool_work_cb work,
                        uvpool_done_cb done) {
  int err = begin(multi, task, work, done);
  if (err != 0) {
    return err;
  }
  return uvpool__submit_end(task, uvpool__multi_admit(multi, task));
}

int uvpool_multi_submit_wait(uvpool_multi_t* multi,
                             uvpool_task_t* task,
                             uvpool_work_cb work,
                             uvpool_done_cb done,
                             uint64_t timeout_ms) {
  int err = begin(multi, task, work, done);
  if (err != 0) {
    return err;
  }
  return uvpool__submit_end(task,
                            uvpool__multi_admit_wait(multi, task, timeout_ms));
}
int uvpool_multi_go(uvpool_multi_t* multi, uvpool_go_cb fn, void* arg) {
  if (fn == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__multi_check(multi);
  if (err != 0) {
    return err;
  }
  struct uvpool__cached_task* go =
      uvpool__go_prepare(&multi->go_cache, multi->handles[0], fn, arg);
  if (go == NULL) {
    return UV_ENOMEM;
  }
  err = uvpool__multi_admit(multi, &go->task);
  if (err != 0) {
    uvpool__task_free(&go->task);
    uvpool__task_cache_put(go);
  }
  return err;
}
