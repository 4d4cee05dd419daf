/* The engine that the server is built for: bounded pools of threads.
 *
 *   open    uvpool_create with a capacity and a bound on what waits
 *   attach  uvpool_attach: another event loop, the same threads
 *   submit  uvpool_submit; UV_EAGAIN becomes a 503
 *   cancel  uvpool_cancel; the client has gone
 *   close   uvpool_close; the last loop's ends the threads
 *
 * A full auth pool refuses logins. It cannot keep a search waiting: those have
 * threads of their own. */
#include <stdlib.h>

#include "engine.h"

typedef struct {
  pool_t pool;
  uvpool_t* handle; /* its loop's thread; NULL once it is being closed */
} uvpool_pool_t;

static uvpool_pool_t* of(pool_t* pool) {
  return (uvpool_pool_t*) pool;
}

static uvpool_pool_t* new_pool(const pool_options_t* options) {
  uvpool_pool_t* p = calloc(1, sizeof *p);
  if (p != NULL) {
    p->pool.engine = &engine_uvpool;
    p->pool.options = *options;
  }
  return p;
}

static int pool_uvpool_open(uv_loop_t* loop,
                            const pool_options_t* options,
                            pool_t** pool) {
  uvpool_pool_t* p = new_pool(options);
  if (p == NULL) {
    return UV_ENOMEM;
  }
  uvpool_options_t o;
  uvpool_options_init(&o);
  o.name = options->name;
  o.capacity = options->lanes[0].threads;
  o.max_waiting = options->lanes[0].max_waiting;
  o.on_worker_start = options->thread_start;
  o.on_worker_stop = options->thread_stop;
  o.data = options->data;
  int rc = uvpool_create(loop, &o, &p->handle);
  if (rc != 0) {
    free(p);
    return rc;
  }
  *pool = &p->pool;
  return 0;
}

static int pool_uvpool_attach(pool_t* first, uv_loop_t* loop, pool_t** pool) {
  uvpool_pool_t* p = new_pool(&first->options);
  if (p == NULL) {
    return UV_ENOMEM;
  }
  int rc = uvpool_attach(of(first)->handle, loop, &p->handle);
  if (rc != 0) {
    free(p);
    return rc;
  }
  *pool = &p->pool;
  return 0;
}

static int on_work(uvpool_task_t* task) {
  job_t* job = task->data;
  return job->work(job);
}

static void on_done(uvpool_task_t* task, int status) {
  job_t* job = task->data;
  job->done(job, status);
}

static int pool_uvpool_submit(job_t* job) {
  uvpool_task_t* task = &job->engine.task;
  uvpool_t* handle = of(job->lane->pool)->handle;
  if (handle == NULL) {
    return UV_ESHUTDOWN;
  }
  uvpool_task_init(task);
  task->data = job;
  return uvpool_submit(handle, task, on_work, on_done);
}

static int pool_uvpool_cancel(job_t* job) {
  return uvpool_cancel(&job->engine.task);
}

static int pool_uvpool_is_cancelled(const job_t* job) {
  return uvpool_task_is_cancelled(&job->engine.task);
}

static void* pool_uvpool_thread_data(const job_t* job) {
  (void) job;
  return uvpool_worker_data();
}

static void pool_uvpool_stats(pool_t* pool, pool_stats_t* out) {
  uvpool_stats_t s;
  *out = (pool_stats_t) {0};
  if (of(pool)->handle == NULL || uvpool_stats(of(pool)->handle, &s) != 0) {
    return;
  }
  out->accepted = s.accepted;
  out->refused = s.refused;
  out->started = s.started;
  out->completed = s.completed;
  out->cancelled = s.cancelled;
  out->panicked = s.panicked;
  out->capacity = s.capacity;
  out->workers = (int64_t) s.workers;
  out->busy = (int64_t) s.busy;
  out->waiting = (int64_t) s.waiting;
  out->waiting_max = (int64_t) s.waiting_max;
}

static void pool_uvpool_close(pool_t* pool) {
  uvpool_t* handle = of(pool)->handle;
  if (handle != NULL) {
    of(pool)->handle = NULL;
    uvpool_close(handle, NULL);
  }
}

static void pool_uvpool_free(pool_t* pool) {
  free(of(pool));
}

const engine_t engine_uvpool = {
    .name = "uvpool",
    .open = pool_uvpool_open,
    .attach = pool_uvpool_attach,
    .submit = pool_uvpool_submit,
    .cancel = pool_uvpool_cancel,
    .is_cancelled = pool_uvpool_is_cancelled,
    .thread_data = pool_uvpool_thread_data,
    .stats = pool_uvpool_stats,
    .close = pool_uvpool_close,
    .free = pool_uvpool_free,
};
