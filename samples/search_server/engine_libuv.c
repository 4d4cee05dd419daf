/* The engine to compare with: plain uv_queue_work.
 *
 * There is one pool in the process. Its size is set by UV_THREADPOOL_SIZE, its
 * queue has no end, and a job of one lane waits behind all jobs of the other.
 * What the pool does not offer is added here in the plainest way:
 *
 *   thread data   a thread-specific key per lane, filled at the first use; its
 *                 destructor runs when uv_library_shutdown ends the threads
 *   cancellation  a flag in the job for work that already runs
 *   result        a field in the job
 *   figures       counters of the loop thread */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "engine.h"

typedef struct {
  lane_t lane;
  uv_loop_t* loop;   /* constant */
  pthread_key_t key; /* constant; the value is a thread_slot_t */

  /* Loop thread. */
  int closing;
  lane_stats_t stats;

  /* Workers add, the loop thread reads. */
  atomic_uint_least64_t started;
} libuv_lane_t;

/* One thread's data and how to destroy it. Owned by that thread. */
typedef struct {
  uvpool_worker_stop_cb stop;
  void* data;
  void* thread_data;
} thread_slot_t;

static libuv_lane_t* of(lane_t* lane) {
  return (libuv_lane_t*) lane;
}

static void slot_free(void* value) {
  thread_slot_t* slot = value;
  if (slot->stop != NULL) {
    slot->stop(slot->data, slot->thread_data);
  }
  free(slot);
}

/* The calling thread's slot, made at the first use; NULL if that fails. */
static thread_slot_t* slot_get(libuv_lane_t* l) {
  thread_slot_t* slot = pthread_getspecific(l->key);
  if (slot != NULL) {
    return slot;
  }

  const lane_options_t* o = &l->lane.options;
  slot = calloc(1, sizeof *slot);
  if (slot == NULL) {
    return NULL;
  }
  slot->data = o->data;
  if (o->thread_start != NULL &&
      o->thread_start(o->data, &slot->thread_data) != 0) {
    free(slot);
    return NULL;
  }
  slot->stop = o->thread_stop;
  if (pthread_setspecific(l->key, slot) != 0) {
    slot_free(slot);
    return NULL;
  }
  return slot;
}

static int lane_libuv_open(uv_loop_t* loop,
                           const lane_options_t* options,
                           lane_t** lane) {
  libuv_lane_t* l = calloc(1, sizeof *l);
  if (l == NULL) {
    return UV_ENOMEM;
  }
  l->lane.engine = &engine_libuv;
  l->lane.options = *options;
  l->loop = loop;
  atomic_init(&l->started, 0);
  int rc = pthread_key_create(&l->key, slot_free);
  if (rc != 0) {
    free(l);
    return uv_translate_sys_error(rc);
  }
  *lane = &l->lane;
  return 0;
}

static void on_work(uv_work_t* req) {
  job_t* job = req->data;
  libuv_lane_t* l = of(job->lane);
  atomic_fetch_add_explicit(&l->started, 1, memory_order_relaxed);
  job->status = slot_get(l) == NULL ? UV_EIO : job->work(job);
}

static void on_after_work(uv_work_t* req, int status) {
  job_t* job = req->data;
  libuv_lane_t* l = of(job->lane);
  if (status == UV_ECANCELED) {
    l->stats.cancelled++;
  } else {
    l->stats.completed++;
    status = job->status;
  }
  job->done(job, status);
}

/* Submitted, and neither begun nor cancelled. Relaxed: a figure for people. */
static int64_t waiting(libuv_lane_t* l) {
  uint64_t started = atomic_load_explicit(&l->started, memory_order_relaxed);
  return (int64_t) (l->stats.accepted - l->stats.cancelled - started);
}

/* libuv starts all its threads with the first request, and they inherit the
 * signal mask of whoever makes it. A signal that ends the server is for the
 * loop's thread, which alone knows when it must no longer kill the process
 * (drain.c), so those threads have to block it. Loop thread only. */
static int queue_work(libuv_lane_t* l, job_t* job) {
  static bool threads_started;
  sigset_t ends;
  sigset_t before;
  if (threads_started) {
    return uv_queue_work(l->loop, &job->engine.req, on_work, on_after_work);
  }
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, &before);
  int rc = uv_queue_work(l->loop, &job->engine.req, on_work, on_after_work);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  threads_started = true;
  return rc;
}

static int lane_libuv_submit(job_t* job) {
  libuv_lane_t* l = of(job->lane);
  if (l->closing) {
    return UV_ESHUTDOWN;
  }
  job->engine.req.data = job;
  int rc = queue_work(l, job);
  if (rc != 0) {
    return rc;
  }
  l->stats.accepted++;
  int64_t now_waiting = waiting(l);
  if (now_waiting > l->stats.waiting_max) {
    l->stats.waiting_max = now_waiting;
  }
  return 0;
}

static int lane_libuv_cancel(job_t* job) {
  /* Relaxed: a wish carries no data, and a late one costs a little work. */
  atomic_store_explicit(&job->wish, 1, memory_order_relaxed);
  return uv_cancel((uv_req_t*) &job->engine.req);
}

static int lane_libuv_is_cancelled(const job_t* job) {
  return atomic_load_explicit(&job->wish, memory_order_relaxed);
}

static void* lane_libuv_thread_data(const job_t* job) {
  thread_slot_t* slot = pthread_getspecific(of(job->lane)->key);
  return slot == NULL ? NULL : slot->thread_data;
}

static void lane_libuv_stats(lane_t* lane, lane_stats_t* out) {
  *out = of(lane)->stats;
  out->started = atomic_load_explicit(&of(lane)->started, memory_order_relaxed);
  out->waiting = waiting(of(lane));
  out->capacity = -1;
  out->workers = -1;
  out->busy = -1;
}

/* Work in flight keeps the loop alive until it is done; that cannot be limited
 * in time here. */
static void lane_libuv_close(lane_t* lane, uint64_t timeout_ms) {
  (void) timeout_ms;
  of(lane)->closing = 1;
}

/* The destructors of the key run when the threads end, so those must end before
 * the key is deleted. uv_library_shutdown may be called twice. */
static void lane_libuv_free(lane_t* lane) {
  uv_library_shutdown();
  pthread_key_delete(of(lane)->key);
  free(of(lane));
}

const engine_t engine_libuv = {
    .name = "libuv",
    .open = lane_libuv_open,
    .submit = lane_libuv_submit,
    .cancel = lane_libuv_cancel,
    .is_cancelled = lane_libuv_is_cancelled,
    .thread_data = lane_libuv_thread_data,
    .stats = lane_libuv_stats,
    .close = lane_libuv_close,
    .free = lane_libuv_free,
};
