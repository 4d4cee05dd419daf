/* The engine that the server is built for: bounded pools of threads.
 *
 *   open    uvpool_create with a capacity and a bound on what waits
 *   attach  uvpool_attach: another event loop, the same threads
 *   submit  uvpool_submit_ex with a class, a label, a group and a deadline;
 *           UV_EAGAIN becomes a 503, and UV_ETIMEDOUT in done a 504
 *   group   uvpool_group_close; the client has gone
 *   close   uvpool_close; the last loop's ends the threads
 *
 * A pool of its own for every lane is the simple case: a full auth pool refuses
 * logins, and cannot keep a search waiting, since those have threads of their
 * own. Where lanes share a pool (--one-pool) they are classes of it: `cap` and
 * `reserved` divide the workers. What waits is one queue then, which the pool
 * bounds as a whole; how much of it a lane may have is counted here. */
#include <stdlib.h>

#include "engine.h"

/* What the loops share. Owned by the first pool. */
typedef struct {
  /* Relaxed: a bound that is met a moment early or late. Of pools with several
   * lanes only. */
  atomic_int in_flight[POOL_LANES_MAX];
  atomic_uint_least64_t refused; /* by that bound */
} shared_t;

typedef struct {
  pool_t pool;
  uvpool_t* handle; /* its loop's thread; NULL once it is being closed */
  shared_t* shared; /* constant */
  int owns_shared;  /* constant */
} uvpool_pool_t;

static uvpool_pool_t* of(pool_t* pool) {
  return (uvpool_pool_t*) pool;
}

/* ---- Life ---------------------------------------------------------------- */

/* How many jobs of a lane may be in flight, in a pool with several. */
static int lane_limit(const pool_options_t* options, unsigned number) {
  const lane_options_t* lane = &options->lanes[number];
  return (lane->cap > 0 ? lane->cap : options->threads) + lane->max_waiting;
}

static uvpool_options_t translate(const pool_options_t* options) {
  uvpool_options_t o;
  uvpool_options_init(&o);
  o.name = options->name;
  o.capacity = options->threads;
  o.on_worker_start = options->thread_start;
  o.on_worker_stop = options->thread_stop;
  o.data = options->data;
  o.max_waiting = options->lanes[0].max_waiting;
  if (options->lane_count > 1) {
    o.max_waiting = 0;
    for (unsigned i = 0; i < options->lane_count; i++) {
      o.max_waiting += lane_limit(options, i);
      o.classes[i].cap = options->lanes[i].cap;
      o.classes[i].reserved = options->lanes[i].reserved;
    }
  }
  return o;
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
  uvpool_options_t o = translate(options);
  uvpool_pool_t* p = new_pool(options);
  shared_t* shared = calloc(1, sizeof *shared);
  int rc = UV_ENOMEM;
  if (p == NULL || shared == NULL) {
    goto fail;
  }
  rc = uvpool_create(loop, &o, &p->handle);
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
  p->shared = of(first)->shared;
  *pool = &p->pool;
  return 0;
}

static void pool_uvpool_close(pool_t* pool) {
  uvpool_t* handle = of(pool)->handle;
  if (handle != NULL) {
    of(pool)->handle = NULL;
    uvpool_close(handle, NULL);
  }
}

static void pool_uvpool_free(pool_t* pool) {
  if (of(pool)->owns_shared) {
    free(of(pool)->shared);
  }
  free(of(pool));
}

/* ---- The bound of a lane in a pool with several -------------------------- */

static int enter(const lane_t* lane) {
  const pool_options_t* options = &lane->pool->options;
  shared_t* shared = of(lane->pool)->shared;
  if (options->lane_count == 1) {
    return 0; /* the pool's own bound */
  }
  int before = atomic_fetch_add_explicit(
      &shared->in_flight[lane->number], 1, memory_order_relaxed);
  if (before < lane_limit(options, lane->number)) {
    return 0;
  }
  atomic_fetch_sub_explicit(
      &shared->in_flight[lane->number], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&shared->refused, 1, memory_order_relaxed);
  return UV_EAGAIN;
}

static void leave(const lane_t* lane) {
  if (lane->pool->options.lane_count > 1) {
    atomic_fetch_sub_explicit(&of(lane->pool)->shared->in_flight[lane->number],
                              1,
                              memory_order_relaxed);
  }
}

/* ---- Jobs ---------------------------------------------------------------- */

static int on_work(uvpool_task_t* task) {
  return job_run(task->data);
}

static void on_done(uvpool_task_t* task, int status) {
  job_t* job = task->data;
  leave(job->lane);
  job->done(job, status);
}

static int submit(uvpool_t* handle, job_t* job) {
  uvpool_task_options_t o;
  uvpool_task_options_init(&o);
  o.task_class = (int32_t) job->lane->number;
  o.label = job->label;
  o.deadline_ns = job->deadline_ns;
  o.group = job->part == NULL ? NULL : &job->part->engine.group;
  uvpool_task_init(&job->engine.task);
  job->engine.task.data = job;
  return uvpool_submit_ex(handle, &job->engine.task, on_work, on_done, &o);
}

static int pool_uvpool_submit(job_t* job) {
  uvpool_t* handle = of(job->lane->pool)->handle;
  if (handle == NULL) {
    return UV_ESHUTDOWN;
  }
  int rc = enter(job->lane);
  if (rc != 0) {
    return rc;
  }
  rc = submit(handle, job);
  if (rc != 0) {
    leave(job->lane);
  }
  return rc;
}

static int pool_uvpool_is_cancelled(const job_t* job) {
  return uvpool_task_is_cancelled(&job->engine.task);
}

static void* pool_uvpool_thread_data(const job_t* job) {
  (void) job;
  return uvpool_worker_data();
}

/* ---- Groups -------------------------------------------------------------- */

static int pool_uvpool_group_open(group_part_t* part) {
  part->engine.group.data = part;
  return uvpool_group_init(of(part->pool)->handle, &part->engine.group, NULL);
}

static void on_group_closed(uvpool_group_t* group) {
  group_part_closed(group->data);
}

static void pool_uvpool_group_close(group_part_t* part) {
  uvpool_group_close(&part->engine.group, on_group_closed);
}

/* ---- Figures ------------------------------------------------------------- */

static void copy_counts(const uvpool_stats_t* s, pool_stats_t* out) {
  out->accepted = s->accepted;
  out->refused = s->refused;
  out->started = s->started;
  out->completed = s->completed;
  out->cancelled = s->cancelled;
  out->expired = s->expired;
  out->panicked = s->panicked;
  out->capacity = s->capacity;
  out->workers = (int64_t) s->workers;
  out->busy = (int64_t) s->busy;
  out->waiting = (int64_t) s->waiting;
  out->waiting_max = (int64_t) s->waiting_max;
}

static void pool_uvpool_stats(pool_t* pool, pool_stats_t* out) {
  uvpool_stats_t s;
  *out = (pool_stats_t) {0};
  if (of(pool)->handle == NULL || uvpool_stats(of(pool)->handle, &s) != 0) {
    return;
  }
  copy_counts(&s, out);
  out->refused +=
      atomic_load_explicit(&of(pool)->shared->refused, memory_order_relaxed);
  out->is_detailed = 1;
  for (unsigned i = 0; i < pool->options.lane_count; i++) {
    out->lanes[i].busy = (int64_t) s.classes[i].busy;
    out->lanes[i].waiting = (int64_t) s.classes[i].waiting;
  }
  out->oldest_waiting_ns = s.oldest_waiting_ns;
  out->longest_running_ns = s.longest_running_ns;
  out->oldest_waiting_label = s.oldest_waiting_label;
  out->longest_running_label = s.longest_running_label;
  out->wait = s.wait;
  out->run = s.run;
}

const engine_t engine_uvpool = {
    .name = "uvpool",
    .open = pool_uvpool_open,
    .attach = pool_uvpool_attach,
    .submit = pool_uvpool_submit,
    .group_open = pool_uvpool_group_open,
    .group_close = pool_uvpool_group_close,
    .is_cancelled = pool_uvpool_is_cancelled,
    .thread_data = pool_uvpool_thread_data,
    .stats = pool_uvpool_stats,
    .close = pool_uvpool_close,
    .free = pool_uvpool_free,
};
