/* The worker: one thread, from its start to its end.
 *
 * It looks for a task under the pool's lock; runs it; and on its next visit to
 * the lock says that it is done and looks again, so that a busy worker takes
 * the lock once per task. The result is pushed to the loop after that visit and
 * before anything else, so that a done callback finds its task counted out.
 *
 *   start hook --> look --> run --> look ... --> idle, parked --> look ...
 *                   |                                              |
 *                   +------- surplus, or ordered to leave ---------+
 *                   v
 *              stop hook --> exited, to be joined
 *
 * A work that ends its thread (uvpool_panic, pthread_exit) leaves that loop
 * through the cleanup handlers of the thread: the task is reported as panicked,
 * the stop hook runs, the thread is counted out and, if tasks wait, starts its
 * own successor.
 *
 * The record outlives the thread: it is used again for another one, and freed
 * with the pool. A waker may therefore touch the parking place of a worker that
 * has meanwhile gone. */
#ifndef UVPOOL_SRC_WORKER_H
#define UVPOOL_SRC_WORKER_H

#include "coalesce.h"
#include "parker.h"
#include "pool.h"
#include "spin.h"
#include "timing.h"

enum { UVPOOL__REASON_MAX = 256 };

/* See park in worker.c. */
enum uvpool__yield {
  UVPOOL__NO_YIELD,
  UVPOOL__YIELD_IF_AWAKE, /* the loop */
  UVPOOL__YIELD
};

struct uvpool__worker {
  /* Guarded by the pool's lock. */
  struct uvpool__idle idle;    /* in pool->idle */
  struct uvpool__worker* next; /* in effects, pool->exited or pool->spare */
  struct uvpool__worker* next_record; /* in pool->records */
  bool woken;                         /* counted in pool->waking */
  bool leaving;                       /* counted in pool->leaving */
  enum uvpool__yield yields;          /* to a submitter, before it parks */
  bool joined;                        /* its thread is gone */
  bool reason_held;                   /* the loop has still to read `reason` */
  uvpool_task_t* running;             /* taken, and not yet counted out */

  /* Constant while the record is in use. */
  struct uvpool__pool* pool;
  uint64_t number;

  struct uvpool__parker parker; /* parked by this thread, see parker.h */

  /* Written by this thread; read by whoever finds it on pool->exited. */
  pthread_t thread;

  /* This thread only. */
  uvpool_task_t* task; /* being run */
  bool started;        /* the start hook has succeeded */
  void* data;          /* what the start hook left */
  struct uvpool__stopwatch watch;
  struct uvpool__spin spin;
  struct uvpool__coalescer coalescer;
  bool loop_awake; /* when the last task was pushed to it */

  /* Written by this thread before its last task is pushed; then the loop's. */
  char reason[UVPOOL__REASON_MAX];
};

/* The body of the thread; `arg` is a record in use, counted in waking. */
void* uvpool__worker_main(void* arg);

/* The worker that runs on the calling thread, or NULL. */
struct uvpool__worker* uvpool__worker_current(void);

/* The pool of that worker, or NULL. */
const struct uvpool__pool* uvpool__worker_pool(void);

#endif /* UVPOOL_SRC_WORKER_H */
