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
typedef struct job_group_s job_group_t;
typedef struct group_part_s group_part_t;

/* ---- Jobs ---------------------------------------------------------------- */

/* A purpose: the pool, and which of its lanes. Constant. */
typedef struct lane_s {
  pool_t* pool;
  unsigned number;
} lane_t;

/* Runs on a worker thread and may block. The result is done's status. */
typedef int (*job_work_cb)(job_t* job);

/* Runs on the loop, once for each lane_submit that returned 0. If the work was
 * never begun, `status` is UV_ECANCELED or, at its deadline, UV_ETIMEDOUT. */
typedef void (*job_done_cb)(job_t* job, int status);

/* What a job is told when it is submitted. */
typedef struct job_options_s {
  const char* label;    /* what it is, for people; outlives the job */
  uint64_t deadline_ns; /* of uv_hrtime: when it must have begun; 0: none;
                           engine_uvpool only */
  job_group_t* group;   /* NULL: none */
} job_options_t;

/* One piece of blocking work; a member of the structure of its owner, which
 * keeps it until done is called. */
struct job_s {
  /* Set by lane_submit, constant while in flight. */
  job_work_cb work;
  job_done_cb done;
  const lane_t* lane;
  const char* label;
  uint64_t deadline_ns;
  group_part_t* part; /* of its group, for its pool; or NULL */

  /* When, of uv_hrtime. The first is set by lane_submit; the others are 0 until
   * the worker writes them, and read on the loop afterwards. */
  uint64_t submitted_at;
  uint64_t begun_at;
  uint64_t ended_at;

  /* The engine's, while in flight. */
  union {
    uvpool_task_t task;
    struct {
      uv_work_t req;
      int status;      /* the worker's, read on the loop afterwards */
      atomic_int wish; /* set on the loop, read by the work */
      job_t* next;     /* of its group; loop */
      job_t* prev;
    } libuv;
  } engine;
};

/* ---- Groups -------------------------------------------------------------- */

/* Nothing of the group is in flight any more. */
typedef void (*job_group_cb)(job_group_t* group);

/* The jobs of a group that are in one of the pools. */
struct group_part_s {
  job_group_t* group;
  pool_t* pool;
  union {
    uvpool_group_t group;
    struct {
      job_t* first;
      int closing;
    } libuv;
  } engine;
};

/* The jobs of one owner, say a connection, that are given up together. A member
 * of the owner's structure, which keeps it until the callback of
 * job_group_close. Belongs to one loop's thread. */
struct job_group_s {
  void* data; /* the owner's */
  job_group_cb closed;
  unsigned open; /* parts that are not closed */
  unsigned count;
  group_part_t parts[POOLS_MAX];
};

/* ---- Pools --------------------------------------------------------------- */

/* What the jobs of one purpose may have; engine_uvpool only. */
typedef struct lane_options_s {
  const char* name;
  int cap;         /* at most this many of them run at once; 0: no cap */
  int reserved;    /* threads of the pool that no other lane gets */
  int max_waiting; /* at most this many wait */
} lane_options_t;

/* What a pool is told when it is opened. Strings are kept, not copied. */
typedef struct pool_options_s {
  const char* name;
  int threads; /* at most this many jobs at once; engine_uvpool only */
  lane_options_t lanes[POOL_LANES_MAX];
  unsigned lane_count;

  /* Each on a worker thread: make and destroy what a worker needs, say its
   * database connection. May both be NULL. */
  uvpool_worker_start_cb thread_start;
  uvpool_worker_stop_cb thread_stop;
  void* data; /* for both */
} pool_options_t;

typedef struct lane_stats_s {
  int64_t busy;
  int64_t waiting;
} lane_stats_t;

/* The figures of a pool, over all loops; see uvpool_stats_t. The shared pool of
 * libuv tells nobody how many of its threads are busy, or how long anything
 * took: those are -1 there, and `is_detailed` is 0. */
typedef struct pool_stats_s {
  uint64_t accepted;
  uint64_t refused;
  uint64_t started;
  uint64_t completed;
  uint64_t cancelled;
  uint64_t expired;
  uint64_t panicked;
  int64_t capacity;
  int64_t workers;
  int64_t busy;
  int64_t waiting;
  int64_t waiting_max;

  int is_detailed; /* the rest is filled in */
  lane_stats_t lanes[POOL_LANES_MAX];
  uint64_t oldest_waiting_ns;
  uint64_t longest_running_ns;
  const char* oldest_waiting_label; /* or NULL */
  const char* longest_running_label;
  uvpool_histogram_t wait;
  uvpool_histogram_t run;
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

  /* group_close cancels what waits, tells what runs, and sees to it that
   * group_part_closed is called when all done callbacks have returned; at once,
   * if nothing is in flight. */
  int (*group_open)(group_part_t* part);
  void (*group_close)(group_part_t* part);

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

/* The calls above, found through the lane or the pool. `options` may be
 * NULL. */
int lane_submit(const lane_t* lane,
                job_t* job,
                job_work_cb work,
                job_done_cb done,
                const job_options_t* options);
int job_is_cancelled(const job_t* job);
void* job_thread_data(const job_t* job);
int pool_attach(pool_t* first, uv_loop_t* loop, pool_t** pool);
void pool_stats(pool_t* pool, pool_stats_t* stats);
void pool_close(pool_t* pool);
void pool_free(pool_t* pool);

/* A group for jobs in these pools. On an error, it is to be closed all the
 * same. */
int job_group_open(job_group_t* group, pool_t* const* pools, unsigned count);

/* Gives the jobs up: what waits is not begun, what runs is told. `closed` comes
 * when nothing is in flight any more; inside the call, if nothing is. */
void job_group_close(job_group_t* group, job_group_cb closed);

/* For engines: runs the work of a job, on the worker. */
int job_run(job_t* job);

/* For engines: the end of engine_t.group_close. */
void group_part_closed(group_part_t* part);

#endif /* SEARCH_SERVER_ENGINE_H */
