/* Where blocking work runs: one interface, two engines.
 *
 * The server's handlers know lanes and jobs only. A lane is a purpose: "db" or
 * "auth". It belongs to a pool, which the engine makes:
 *
 *   engine_uvpool   a pool is a bounded pool of threads (uvpool)
 *   engine_libuv    all pools are libuv's one thread pool (uv_queue_work),
 *                   which knows no bound and no purpose
 *
 * so that the two can be compared under the same load. A program that does not
 * want to compare calls uvpool directly; engine_uvpool.c shows each call.
 *
 * A pool_t is a pool as one event loop sees it. Several loops may share the
 * threads; each then has a pool_t of its own, and its jobs come back to it. */
#ifndef SEARCH_SERVER_ENGINE_H
#define SEARCH_SERVER_ENGINE_H

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>
#include <uvpool.h>

enum { POOLS_MAX = 2, POOL_LANES_MAX = 2 };

typedef struct engine_s engine_t;
typedef struct pool_s pool_t;
typedef struct job_s job_t;

/* A purpose: the pool, and which of its lanes. Constant. */
typedef struct lane_s {
  pool_t* pool;
  unsigned number;
} lane_t;

/* Runs on a worker thread and may block. The result is done's status. */
typedef int (*job_work_cb)(job_t* job);

/* Runs on the loop, once for each lane_submit that returned 0. UV_ECANCELED:
 * the work was never begun. */
typedef void (*job_done_cb)(job_t* job, int status);

/* One piece of blocking work; a member of the structure of its owner, which
 * keeps it until done is called. */
struct job_s {
  /* Set by lane_submit, constant while in flight. */
  job_work_cb work;
  job_done_cb done;
  const lane_t* lane;

  /* Any thread: set on the loop, read by the work (engine_libuv only). */
  atomic_int wish;

  /* Written by the worker, read on the loop afterwards (engine_libuv only). */
  int status;

  /* The engine's, while in flight. */
  union {
    uvpool_task_t task;
    uv_work_t req;
  } engine;
};

typedef struct lane_options_s {
  const char* name;
  int threads;     /* at most this many jobs at once; engine_uvpool only */
  int max_waiting; /* at most this many more; engine_uvpool only */
} lane_options_t;

/* What a pool is told when it is opened. Strings are kept, not copied. */
typedef struct pool_options_s {
  const char* name;
  lane_options_t lanes[POOL_LANES_MAX];
  unsigned lane_count;

  /* Each on a worker thread: make and destroy what a worker needs, say its
   * database connection. May both be NULL. */
  uvpool_worker_start_cb thread_start;
  uvpool_worker_stop_cb thread_stop;
  void* data; /* for both */
} pool_options_t;

/* The figures of a pool, over all loops; see uvpool_stats_t. The shared pool of
 * libuv tells nobody how many of its threads are busy: those are -1 there. */
typedef struct pool_stats_s {
  uint64_t accepted;
  uint64_t refused;
  uint64_t started;
  uint64_t completed;
  uint64_t cancelled;
  uint64_t panicked;
  int64_t capacity;
  int64_t workers;
  int64_t busy;
  int64_t waiting;
  int64_t waiting_max;
} pool_stats_t;

/* All functions are for the loop's thread, but those that say "worker". */
struct engine_s {
  const char* name;

  /* Opens a pool: 0 or a negative UV_E* code. */
  int (*open)(uv_loop_t* loop, const pool_options_t* options, pool_t** pool);

  /* The same pool, for another loop; on the thread of that loop. The first one
   * must not be closed meanwhile. */
  int (*attach)(pool_t* first, uv_loop_t* loop, pool_t** pool);

  /* 0: done will be called. UV_EAGAIN: the lane is full. UV_ESHUTDOWN: it is
   * closing. Never calls anything itself. */
  int (*submit)(job_t* job);

  /* 0: it waited and will not run. UV_EBUSY: it runs, and has been told. Either
   * way done is still to come. */
  int (*cancel)(job_t* job);

  /* Worker, inside the job's work. */
  int (*is_cancelled)(const job_t* job);
  void* (*thread_data)(const job_t* job);

  void (*stats)(pool_t* pool, pool_stats_t* stats);

  /* Nothing of this loop is in flight any more. When uv_run returns the pool is
   * closed and may be freed. */
  void (*close)(pool_t* pool);

  /* After uv_loop_close: frees the pool. The first one is freed last. */
  void (*free)(pool_t* pool);
};

/* The common head of both engines' pools. Constant after open. */
struct pool_s {
  const engine_t* engine;
  pool_options_t options;
};

extern const engine_t engine_uvpool;
extern const engine_t engine_libuv;

/* The engine of that name, or NULL. */
const engine_t* engine_find(const char* name);

/* The calls above, found through the lane or the pool. */
int lane_submit(const lane_t* lane,
                job_t* job,
                job_work_cb work,
                job_done_cb done);
int job_cancel(job_t* job);
int job_is_cancelled(const job_t* job);
void* job_thread_data(const job_t* job);
int pool_attach(pool_t* first, uv_loop_t* loop, pool_t** pool);
void pool_stats(pool_t* pool, pool_stats_t* stats);
void pool_close(pool_t* pool);
void pool_free(pool_t* pool);

#endif /* SEARCH_SERVER_ENGINE_H */
