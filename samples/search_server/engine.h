/* Where blocking work runs: one interface, two engines.
 *
 * The server's handlers know lanes and jobs only. A lane is a purpose: "db" or
 * "auth". What a lane is, the engine decides:
 *
 *   engine_uvpool   every lane is a bounded pool of its own (uvpool)
 *   engine_libuv    all lanes share libuv's one thread pool (uv_queue_work),
 *                   which knows no bound and no purpose
 *
 * so that the two can be compared under the same load. A program that does not
 * want to compare calls uvpool directly; engine_uvpool.c shows each call. */
#ifndef SEARCH_SERVER_ENGINE_H
#define SEARCH_SERVER_ENGINE_H

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>
#include <uvpool.h>

typedef struct engine_s engine_t;
typedef struct lane_s lane_t;
typedef struct job_s job_t;

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
  lane_t* lane;

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

/* What a lane is told when it is opened. Strings are kept, not copied. */
typedef struct lane_options_s {
  const char* name;
  int threads;     /* at most this many jobs at once; engine_uvpool only */
  int max_waiting; /* at most this many more; engine_uvpool only */

  /* Each on a worker thread: make and destroy what a worker needs, say its
   * database connection. May both be NULL. */
  uvpool_worker_start_cb thread_start;
  uvpool_worker_stop_cb thread_stop;
  void* data; /* for both */
} lane_options_t;

/* The figures of a lane; see uvpool_stats_t. The shared pool of libuv tells
 * nobody how many of its threads are busy: those are -1 there. */
typedef struct lane_stats_s {
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
} lane_stats_t;

/* All functions are for the loop thread, but those that say "worker". */
struct engine_s {
  const char* name;

  /* Opens a lane: 0 or a negative UV_E* code. */
  int (*open)(uv_loop_t* loop, const lane_options_t* options, lane_t** lane);

  /* 0: done will be called. UV_EAGAIN: the lane is full. UV_ESHUTDOWN: it is
   * closing. Never calls anything itself. */
  int (*submit)(job_t* job);

  /* 0: it waited and will not run. UV_EBUSY: it runs, and has been told. Either
   * way done is still to come. */
  int (*cancel)(job_t* job);

  /* Worker, inside the job's work. */
  int (*is_cancelled)(const job_t* job);
  void* (*thread_data)(const job_t* job);

  void (*stats)(lane_t* lane, lane_stats_t* stats);

  /* Lets what was submitted finish, for at most `timeout_ms`, cancels what
   * waits then. When uv_run returns, the lane is closed and may be freed. */
  void (*close)(lane_t* lane, uint64_t timeout_ms);

  /* After uv_loop_close: frees the lane. */
  void (*free)(lane_t* lane);
};

/* The common head of both engines' lanes. Constant after open. */
struct lane_s {
  const engine_t* engine;
  lane_options_t options;
};

extern const engine_t engine_uvpool;
extern const engine_t engine_libuv;

/* The engine of that name, or NULL. */
const engine_t* engine_find(const char* name);

/* The calls above, found through the lane. */
int lane_submit(lane_t* lane, job_t* job, job_work_cb work, job_done_cb done);
int job_cancel(job_t* job);
int job_is_cancelled(const job_t* job);
void* job_thread_data(const job_t* job);
void lane_stats(lane_t* lane, lane_stats_t* stats);
void lane_close(lane_t* lane, uint64_t timeout_ms);
void lane_free(lane_t* lane);

#endif /* SEARCH_SERVER_ENGINE_H */
