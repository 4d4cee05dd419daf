/* The engine that the server is built for: a pool of its own for every lane.
 *
 *   open    uvpool_create with a capacity and a bound on what waits
 *   submit  uvpool_submit; UV_EAGAIN becomes a 503
 *   cancel  uvpool_cancel; the client has gone
 *   close   uvpool_drain, then uvpool_close
 *
 * A full auth pool refuses logins. It cannot keep a search waiting: those have
 * threads of their own. */
#include <stdlib.h>

#include "engine.h"

typedef struct {
  lane_t lane;
  uvpool_t* pool; /* loop thread; NULL once it is being closed for good */
} uvpool_lane_t;

static uvpool_lane_t* of(lane_t* lane) {
  return (uvpool_lane_t*) lane;
}

static int lane_uvpool_open(uv_loop_t* loop,
                            const lane_options_t* options,
                            lane_t** lane) {
  uvpool_lane_t* l = calloc(1, sizeof *l);
  if (l == NULL) {
    return UV_ENOMEM;
  }
  l->lane.engine = &engine_uvpool;
  l->lane.options = *options;

  uvpool_options_t o;
  uvpool_options_init(&o);
  o.name = options->name;
  o.capacity = options->threads;
  o.max_waiting = options->max_waiting;
  o.on_worker_start = options->thread_start;
  o.on_worker_stop = options->thread_stop;
  o.data = options->data;
  int rc = uvpool_create(loop, &o, &l->pool);
  if (rc != 0) {
    free(l);
    return rc;
  }
  *lane = &l->lane;
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

static int lane_uvpool_submit(job_t* job) {
  uvpool_task_t* task = &job->engine.task;
  uvpool_task_init(task);
  task->data = job;
  if (of(job->lane)->pool == NULL) {
    return UV_ESHUTDOWN;
  }
  return uvpool_submit(of(job->lane)->pool, task, on_work, on_done);
}

static int lane_uvpool_cancel(job_t* job) {
  return uvpool_cancel(&job->engine.task);
}

static int lane_uvpool_is_cancelled(const job_t* job) {
  return uvpool_task_is_cancelled(&job->engine.task);
}

static void* lane_uvpool_thread_data(const job_t* job) {
  (void) job;
  return uvpool_worker_data();
}

static void lane_uvpool_stats(lane_t* lane, lane_stats_t* out) {
  uvpool_stats_t s;
  *out = (lane_stats_t) {0};
  if (of(lane)->pool == NULL || uvpool_stats(of(lane)->pool, &s) != 0) {
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

static void on_drained(uvpool_t* pool, int status) {
  (void) status; /* UV_ETIMEDOUT too: close cancels what still waits */
  uvpool_close(pool, NULL);
}

static void lane_uvpool_close(lane_t* lane, uint64_t timeout_ms) {
  uvpool_t* pool = of(lane)->pool;
  if (pool == NULL) {
    return;
  }
  of(lane)->pool = NULL;
  if (uvpool_drain(pool, timeout_ms, on_drained) != 0) {
    uvpool_close(pool, NULL);
  }
}

static void lane_uvpool_free(lane_t* lane) {
  free(of(lane));
}

const engine_t engine_uvpool = {
    .name = "uvpool",
    .open = lane_uvpool_open,
    .submit = lane_uvpool_submit,
    .cancel = lane_uvpool_cancel,
    .is_cancelled = lane_uvpool_is_cancelled,
    .thread_data = lane_uvpool_thread_data,
    .stats = lane_uvpool_stats,
    .close = lane_uvpool_close,
    .free = lane_uvpool_free,
};
