/* The engine to compare with: plain uv_queue_work.
 *
 * There is one pool in the process. Its size is set by UV_THREADPOOL_SIZE, its
 * queue has no end, and a job of one lane waits behind all jobs of the other.
 * What the pool does not offer is added here in the plainest way:
 *
 *   thread data   a thread-specific key per pool, filled at the first use; its
 *                 destructor runs when uv_library_shutdown ends the threads
 *   groups        a list of the jobs; uv_cancel for each, and a flag in the job
 *                 for work that already runs
 *   result        a field in the job
 *   figures       counters that all loops add to
 *
 * Deadlines are not kept: a job that comes too late is run all the same, and
 * answered late. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "engine.h"

/* What the loops share. Owned by the first pool. Counters are relaxed: they are
 * figures for people. */
typedef struct {
  pthread_key_t key; /* constant; the value is a thread_slot_t */
  atomic_uint_least64_t accepted;
  atomic_uint_least64_t started;
  atomic_uint_least64_t completed;
  atomic_uint_least64_t cancelled;
  atomic_int_least64_t waiting_max;
} shared_t;

typedef struct {
  pool_t pool;
  uv_loop_t* loop;  /* constant */
  shared_t* shared; /* constant */
  int owns_shared;  /* constant */
  int closing;      /* its loop's thread */
} libuv_pool_t;

/* One thread's data and how to destroy it. Owned by that thread. */
typedef struct {
  uvpool_worker_stop_cb stop;
  void* data;
  void* thread_data;
} thread_slot_t;

static libuv_pool_t* of(pool_t* pool) {
  return (libuv_pool_t*) pool;
}

static void count(atomic_uint_least64_t* counter) {
  atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_least64_t* counter) {
  return atomic_load_explicit(counter, memory_order_relaxed);
}

/* ---- Thread data --------------------------------------------------------- */

static void slot_free(void* value) {
  thread_slot_t* slot = value;
  if (slot->stop != NULL) {
    slot->stop(slot->data, slot->thread_data);
  }
  free(slot);
}

/* The calling thread's slot, made at the first use; NULL if that fails. */
static thread_slot_t* slot_get(libuv_pool_t* p) {
  thread_slot_t* slot = pthread_getspecific(p->shared->key);
  if (slot != NULL) {
    return slot;
  }

  const pool_options_t* o = &p->pool.options;
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
  if (pthread_setspecific(p->shared->key, slot) != 0) {
    slot_free(slot);
    return NULL;
  }
  return slot;
}

static void* pool_libuv_thread_data(const job_t* job) {
  thread_slot_t* slot = pthread_getspecific(of(job->lane->pool)->shared->key);
  return slot == NULL ? NULL : slot->thread_data;
}

/* ---- Life ---------------------------------------------------------------- */

static libuv_pool_t* new_pool(uv_loop_t* loop, const pool_options_t* options) {
  libuv_pool_t* p = calloc(1, sizeof *p);
  if (p != NULL) {
    p->pool.engine = &engine_libuv;
    p->pool.options = *options;
    p->loop = loop;
  }
  return p;
}

static int pool_libuv_open(uv_loop_t* loop,
                           const pool_options_t* options,
                           pool_t** pool) {
  libuv_pool_t* p = new_pool(loop, options);
  shared_t* shared = calloc(1, sizeof *shared);
  int rc = UV_ENOMEM;
  if (p == NULL || shared == NULL) {
    goto fail;
  }
  rc = uv_translate_sys_error(pthread_key_create(&shared->key, slot_free));
  if (rc != 0) {
    goto fail;
  }
  p->shared = shared;
  p->owns_shared = 1;
  *pool = &p->pool;
  return 0;

fail:
  free(shared);
  free(p);
  return rc;
}

static int pool_libuv_attach(pool_t* first, uv_loop_t* loop, pool_t** pool) {
  libuv_pool_t* p = new_pool(loop, &first->options);
  if (p == NULL) {
    return UV_ENOMEM;
  }
  p->shared = of(first)->shared;
  *pool = &p->pool;
  return 0;
}

static void pool_libuv_close(pool_t* pool) {
  of(pool)->closing = 1;
}

/* The destructors of the key run when the threads end, so those must end before
 * the key is deleted. uv_library_shutdown may be called twice. */
static void pool_libuv_free(pool_t* pool) {
  libuv_pool_t* p = of(pool);
  if (p->owns_shared) {
    uv_library_shutdown();
    pthread_key_delete(p->shared->key);
    free(p->shared);
  }
  free(p);
}

/* ---- Jobs ---------------------------------------------------------------- */

static void link_job(job_t* job) {
  group_part_t* part = job->part;
  if (part != NULL) {
    job->engine.libuv.prev = NULL;
    job->engine.libuv.next = part->engine.libuv.first;
    if (job->engine.libuv.next != NULL) {
      job->engine.libuv.next->engine.libuv.prev = job;
    }
    part->engine.libuv.first = job;
  }
}

static void unlink_job(job_t* job) {
  job_t* next = job->engine.libuv.next;
  job_t* prev = job->engine.libuv.prev;
  if (job->part == NULL) {
    return;
  }
  if (next != NULL) {
    next->engine.libuv.prev = prev;
  }
  if (prev != NULL) {
    prev->engine.libuv.next = next;
  } else {
    job->part->engine.libuv.first = next;
  }
}

static void on_work(uv_work_t* req) {
  job_t* job = req->data;
  libuv_pool_t* p = of(job->lane->pool);
  count(&p->shared->started);
  job->engine.libuv.status = slot_get(p) == NULL ? UV_EIO : job_run(job);
}

static void on_after_work(uv_work_t* req, int status) {
  job_t* job = req->data;
  group_part_t* part = job->part;
  shared_t* shared = of(job->lane->pool)->shared;
  if (status == UV_ECANCELED) {
    count(&shared->cancelled);
  } else {
    count(&shared->completed);
    status = job->engine.libuv.status;
  }
  unlink_job(job);
  job->done(job, status);
  if (part != NULL && part->engine.libuv.closing &&
      part->engine.libuv.first == NULL) {
    group_part_closed(part);
  }
}

/* Submitted, and neither begun nor cancelled. Never negative, although the
 * counters are read one after another. */
static int64_t waiting(const shared_t* shared) {
  uint64_t over = get(&shared->started) + get(&shared->cancelled);
  uint64_t accepted = get(&shared->accepted);
  return accepted > over ? (int64_t) (accepted - over) : 0;
}

static void note_waiting(shared_t* shared) {
  int64_t now = waiting(shared);
  int64_t max =
      atomic_load_explicit(&shared->waiting_max, memory_order_relaxed);
  while (now > max &&
         !atomic_compare_exchange_weak_explicit(&shared->waiting_max,
                                                &max,
                                                now,
                                                memory_order_relaxed,
                                                memory_order_relaxed)) {
  }
}

/* libuv starts all its threads with the first request, and they inherit the
 * signal mask of whoever makes it. A signal that ends the server is for the
 * first loop's thread (drain.c), so those threads have to block it. The first
 * request is the indexer's, which is over before the other loops start: they
 * only read the flag. */
static int queue_work(libuv_pool_t* p, job_t* job) {
  static bool threads_started;
  sigset_t ends;
  sigset_t before;
  if (threads_started) {
    return uv_queue_work(
        p->loop, &job->engine.libuv.req, on_work, on_after_work);
  }
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, &before);
  int rc =
      uv_queue_work(p->loop, &job->engine.libuv.req, on_work, on_after_work);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  threads_started = true;
  return rc;
}

static int pool_libuv_submit(job_t* job) {
  libuv_pool_t* p = of(job->lane->pool);
  if (p->closing) {
    return UV_ESHUTDOWN;
  }
  job->engine.libuv.req.data = job;
  atomic_init(&job->engine.libuv.wish, 0);
  int rc = queue_work(p, job);
  if (rc != 0) {
    return rc;
  }
  link_job(job);
  count(&p->shared->accepted);
  note_waiting(p->shared);
  return 0;
}

static int pool_libuv_is_cancelled(const job_t* job) {
  return atomic_load_explicit(&job->engine.libuv.wish, memory_order_relaxed);
}

/* ---- Groups: by hand ----------------------------------------------------- */

static int pool_libuv_group_open(group_part_t* part) {
  part->engine.libuv.first = NULL;
  part->engine.libuv.closing = 0;
  return 0;
}

/* uv_cancel calls nothing itself, so the list stays as it is. */
static void pool_libuv_group_close(group_part_t* part) {
  part->engine.libuv.closing = 1;
  job_t* job = part->engine.libuv.first;
  if (job == NULL) {
    group_part_closed(part);
    return;
  }
  for (; job != NULL; job = job->engine.libuv.next) {
    /* Relaxed: a wish carries no data, and a late one costs a little work. */
    atomic_store_explicit(&job->engine.libuv.wish, 1, memory_order_relaxed);
    uv_cancel((uv_req_t*) &job->engine.libuv.req);
  }
}

/* ---- Figures ------------------------------------------------------------- */

static void pool_libuv_stats(pool_t* pool, pool_stats_t* out) {
  const shared_t* shared = of(pool)->shared;
  *out = (pool_stats_t) {.capacity = -1, .workers = -1, .busy = -1};
  out->accepted = get(&shared->accepted);
  out->started = get(&shared->started);
  out->completed = get(&shared->completed);
  out->cancelled = get(&shared->cancelled);
  out->waiting = waiting(shared);
  out->waiting_max =
      atomic_load_explicit(&shared->waiting_max, memory_order_relaxed);
}

const engine_t engine_libuv = {
    .name = "libuv",
    .open = pool_libuv_open,
    .attach = pool_libuv_attach,
    .submit = pool_libuv_submit,
    .group_open = pool_libuv_group_open,
    .group_close = pool_libuv_group_close,
    .is_cancelled = pool_libuv_is_cancelled,
    .thread_data = pool_libuv_thread_data,
    .stats = pool_libuv_stats,
    .close = pool_libuv_close,
    .free = pool_libuv_free,
};
