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
 * `reserved` divide the workers, `max_waiting` the room to wait in. */
#include <stdlib.h>

#include "engine.h"

typedef struct {
  pool_t pool;
  uvpool_t* handle; /* its loop's thread; NULL once it is being closed */
} uvpool_pool_t;

static uvpool_pool_t* of(pool_t* pool) {
  return (uvpool_pool_t*) pool;
}

/* ---- Life ---------------------------------------------------------------- */

static uvpool_options_t translate(const pool_options_t* options) {
  uvpool_options_t o;
  uvpool_options_init(&o);
  o.name = options->name;
  o.capacity = options->threads;
  o.on_worker_start = options->thread_start;
  o.on_worker_stop = options->thread_stop;
  o.data = options->data;
  o.max_waiting = 0;
  for (unsigned i = 0; i < options->lane_count; i++) {
    o.max_waiting += options->lanes[i].max_waiting;
    o.classes[i].max_waiting = options->lanes[i].max_waiting;
    o.classes[i].cap = options->lanes[i].cap;
    o.classes[i].reserved = options->lanes[i].reserved;
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
  if (p == NULL) {
    return UV_ENOMEM;
  }
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

/* ---- Jobs ---------------------------------------------------------------- */

static int on_work(uvpool_task_t* task) {
  return job_run(task->data);
}

static void on_done(uvpool_task_t* task, int status) {
  job_t* job = task->data;
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
  return submit(handle, job);
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
