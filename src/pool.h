/* The pool: what all its handles and workers share.
 *
 * A pool has no loop and no libuv handle; those are the handles' (handle.h).
 * It lives from uvpool_create to the last close callback of its last handle.
 *
 * What happens to it is spread over files by what decides it:
 *
 *   admission.c   may this task come in?            (submitters)
 *   dispatch.c    which worker is told, who takes   (everybody, under the lock)
 *   worker.c      the life of one thread            (workers)
 *   spawn.c       starting threads, joining them
 *   purge.c       retiring those that idle          (loop)
 *   shutdown.c    release, drain, reboot, close     (mostly loop)
 *
 * The counts of workers, all guarded by the lock:
 *
 *   threads >= workers >= idle + waking + busy + leaving
 *
 *   threads  not yet joined             workers  not yet at their end
 *   idle     in the worker queue        waking   woken or started, and have not
 *   busy     have taken a task                   yet looked for a task
 *   leaving  ordered to end             (the rest: just looked, found nothing,
 *                                        hold the lock) */
#ifndef UVPOOL_SRC_POOL_H
#define UVPOOL_SRC_POOL_H

#include <uvpool/options.h>

#include "caller.h"
#include "lock.h"
#include "state.h"
#include "sync.h"
#include "task_cache.h"
#include "timing.h"
#include "waiting.h"
#include "worker_queue.h"

struct uvpool__worker;

enum { UVPOOL__NAME_MAX = 16 };

struct uvpool__class {
  uint64_t cap; /* UINT64_MAX: none */
  uint64_t reserved;
  uint64_t max_waiting; /* UINT64_MAX: none but the pool's */
};

/* The options as validated: every default and rounding applied. */
struct uvpool__settings {
  uint32_t flags;
  bool unlimited;
  uint64_t capacity; /* at creation; the ceiling if unlimited */
  uint64_t max_waiting;
  uint64_t max_blocked;
  uint64_t min_workers;
  uint64_t expiry_ms;
  size_t stack_size;
  uint64_t spin_us;
  uint64_t completions_per_turn;
  uint64_t completion_budget_ns;
  uint64_t ageing_us;
  struct uvpool__class classes[UVPOOL_CLASSES];
  bool classed; /* any cap, reservation or bound */
  char name[UVPOOL__NAME_MAX];
  uvpool_panic_cb on_panic;
  uvpool_log_cb on_log;
  uvpool_drain_cb on_drain;
  uvpool_worker_start_cb on_worker_start;
  uvpool_worker_stop_cb on_worker_stop;
  uvpool_task_event_cb on_task;
  uvpool_allocator_t allocator;
  void* data;
};

struct uvpool__counters {
  uint64_t accepted;
  uint64_t refused;
  uint64_t started;
  uint64_t completed;
  uint64_t cancelled;
  uint64_t expired;
  uint64_t panicked;
  uint64_t workers_started;
  uint64_t workers_expired;
  uint64_t spawn_failures;
  uint64_t workers_max;
  uint64_t busy_max;
  uint64_t waiting_max;
};

/* When starting a thread has failed: how long to leave it alone. */
struct uvpool__spawn_backoff {
  uint64_t retry_at_ns; /* monotonic; 0: nothing has failed lately */
  uint64_t delay_ms;    /* doubles with each failure in a row */
  int err;              /* of the last failure, for the log */
};

struct uvpool__pool {
  /* Set by create, constant after. */
  struct uvpool__settings settings;
  pthread_attr_t thread_attr;
  unsigned fork_generation;
  uint64_t wake_max; /* wake-ups outstanding at once: the online processors */
  struct uvpool_multi_s* multi; /* that it is part of; NULL: none */

  struct uvpool__task_cache go_cache; /* any thread, by its own rules */

  /* Ticks of the clock timer. Changed under the lock, readable without it;
   * relaxed everywhere, as only its own value matters. */
  atomic_uint_least64_t tick;

  /* Any worker: somebody polls for work (spin_us). Relaxed: it only keeps
   * others from polling too, and hands nothing over. */
  atomic_bool spinning;

  _Alignas(UVPOOL__CACHE_LINE) struct uvpool__lock lock; /* rank pool */

  /* The rest is guarded by lock. */
  enum uvpool__state state;
  uint64_t capacity;
  uint64_t reserved; /* room promised to submits that are held, see hold.h */
  struct uvpool__worker_queue idle;
  uint64_t threads;
  uint64_t workers;
  uint64_t waking;
  uint64_t busy;
  uint64_t leaving;

  /* Submits outside of done callbacks. */
  bool submitting;        /* there were some since a worker last lay down */
  bool in_burst;          /* more than one, between two that woke somebody */
  uint64_t burst_submits; /* since the last that did */

  /* Tasks waiting and busy, and the capacity, for whoever compares pools.
   * Changed under the lock, and beside what is changed with them; readable
   * without it, relaxed, as only their own values matter. */
  atomic_uint_least64_t load;
  atomic_uint_least64_t load_max;

  /* Guarded again, all of it. */
  struct uvpool__caller_queue callers; /* in uvpool_submit_wait */
  bool timers_on;    /* the keeper's clock and purge run, or were told to */
  bool retry_on;     /* the keeper's retry timer runs, or was told to */
  bool room_wanted;  /* somebody is blocked, or on_drain is due somewhere */
  bool room_watched; /* somebody waits for room in any pool of the multi */
  unsigned drain_classes; /* a bit for each class that on_drain is due for */
  struct uvpool__counters counters;

  struct uvpool_s* handles;       /* open or closing; the first is the keeper */
  uint64_t handle_refs;           /* handles whose memory is not freed yet */
  struct uvpool__worker* exited;  /* threads to join */
  struct uvpool__worker* spare;   /* records to use again */
  struct uvpool__worker* records; /* all of them */
  uint64_t record_count;
  uint64_t next_number; /* for thread names */
  struct uvpool__spawn_backoff backoff;

  /* A line for what plain tasks need; the rest of it is large, and looked at
   * for others only. */
  _Alignas(UVPOOL__CACHE_LINE) struct uvpool__waiting waiting;
  uint64_t
      busy_of_class[UVPOOL_CLASSES]; /* but of class 0, which is the rest */
  struct uvpool__timing timing;
};

/* Makes a pool without handles, with its preallocated records. */
int uvpool__pool_new(const struct uvpool__settings* settings,
                     struct uvpool__pool** out);

/* A pool without handles that was never used. */
void uvpool__pool_abandon(struct uvpool__pool* pool);

/* No lock held: one handle's memory is about to be freed. The last one frees
 * the pool. `inherited`: in a forked child, where no lock may be touched. */
void uvpool__pool_unref(struct uvpool__pool* pool, bool inherited);

/* No lock held: starts min_workers threads. 0 or a negative error. */
int uvpool__pool_warm_up(struct uvpool__pool* pool);

/* Lock held, after `waiting` or `busy` has changed. */
static inline void uvpool__load_update_locked(struct uvpool__pool* pool) {
  atomic_store_explicit(
      &pool->load, pool->waiting.len + pool->busy, memory_order_relaxed);
}

/* Workers that run tasks of a class. */
static inline uint64_t uvpool__busy_of_class_locked(
    const struct uvpool__pool* pool,
    unsigned task_class) {
  uint64_t others = 0;
  for (unsigned c = 1; task_class == 0 && c < UVPOOL_CLASSES; c++) {
    others += pool->busy_of_class[c];
  }
  return task_class == 0 ? pool->busy - others
                         : pool->busy_of_class[task_class];
}

/* Workers that can still take a task. */
static inline uint64_t uvpool__live_locked(const struct uvpool__pool* pool) {
  return pool->workers - pool->leaving;
}

/* Must a worker leave: too many of them, or nothing will ever come? */
static inline bool uvpool__surplus_locked(const struct uvpool__pool* pool) {
  return uvpool__live_locked(pool) > pool->capacity ||
         (pool->state != UVPOOL__OPEN && pool->waiting.len == 0);
}

#endif /* UVPOOL_SRC_POOL_H */
