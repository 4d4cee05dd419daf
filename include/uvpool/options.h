/* What a pool can be told at its creation.
 *
 * Allocated by the caller, read by uvpool_create, not kept: strings are copied,
 * callbacks and `data` are remembered by value. Set the defaults first:
 *
 *     uvpool_options_t options;
 *     uvpool_options_init(&options);
 *     options.capacity = 8;
 *
 * A number outside its range makes uvpool_create return UV_EINVAL. */
#ifndef UVPOOL_OPTIONS_H
#define UVPOOL_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "No limit", wherever a limit may be given. */
#define UVPOOL_UNLIMITED (-1)

/* The most workers that any pool may have, an unlimited one included. */
#define UVPOOL_CAPACITY_MAX 16384

/* Classes of tasks: 0 to UVPOOL_CLASSES - 1; see <uvpool/task_options.h>. Plain
 * submits are of class 0. */
#define UVPOOL_CLASSES 8

/* uvpool_options_t.flags */
enum {
  /* Idle workers never expire; `expiry_ms` is not looked at. */
  UVPOOL_NO_PURGE = 1 << 0,
  /* All worker records, and the ring in which idle workers are kept, are
   * allocated by uvpool_create: no submit can fail for want of memory. A record
   * is in use until its thread has been joined and, after a panic, reported; a
   * successor that is needed before that asks for memory, and waits if there is
   * none. Needs a finite capacity and freezes it. */
  UVPOOL_PREALLOC = 1 << 1,
  /* The histograms of uvpool_stats hold every task. Without it they are
   * sampled where tasks are so short that reading the clock would tell: no
   * worker reads it more often than about every 2 us. */
  UVPOOL_EXACT_TIMES = 1 << 2
};

/* A task's work panicked. On the loop of the task, before its done callback.
 * `reason` is valid during the call. For uvpool_go, uvpool_queue_work and
 * fixed-function pools the task is the pool's own, and its `data` is what the
 * function was given, or the request. */
typedef void (*uvpool_panic_cb)(uvpool_t* handle,
                                uvpool_task_t* task,
                                const char* reason);

/* Something worth a line in a log. On the loop. `message` has no newline and is
 * valid during the call. */
typedef void (*uvpool_log_cb)(uvpool_t* handle, const char* message);

/* There is room again: a submit with this handle was refused since the last
 * call, and now at most half of max_waiting waits. On the loop. */
typedef void (*uvpool_drain_cb)(uvpool_t* handle);

/* A worker thread begins. On that thread, before its first task. `data` is
 * options.data; what is stored in *worker_data comes back from
 * uvpool_worker_data and in on_worker_stop. Another result than 0 ends the
 * thread (stop is not called) and counts as a thread that failed to start. It
 * may set the thread's affinity and scheduling; a worker with a lower priority
 * than its submitters, preempted where it holds the pool's lock for a moment,
 * holds them up. */
typedef int (*uvpool_worker_start_cb)(void* data, void** worker_data);

/* A worker thread ends, also after a panic. On that thread, after its last
 * task. */
typedef void (*uvpool_worker_stop_cb)(void* data, void* worker_data);

/* What on_task is told. Every accepted task has one ENQUEUE, at most one START
 * and one END, in this order. */
typedef enum {
  UVPOOL_TASK_ENQUEUE, /* by the submitter; it may begin at once */
  UVPOOL_TASK_REFUSE,  /* by the submitter: the submit has failed after all */
  UVPOOL_TASK_START,   /* by the worker, just before the work */
  UVPOOL_TASK_END      /* by the worker, just after; or, for a task that did not
                          begin, by whoever has ended it. Before its done. */
} uvpool_task_event_t;

/* For tracers. On the thread that makes the event happen, outside of every
 * lock; must not call this library but for the accessors of the task, must not
 * block, and must not change the task. `status` is the task's at END, the error
 * at REFUSE, else 0. `data` is options.data. */
typedef void (*uvpool_task_event_cb)(void* data,
                                     const uvpool_task_t* task,
                                     uvpool_task_event_t event,
                                     int status);

/* What the tasks of one class may have; see <uvpool/task_options.h>. */
typedef struct uvpool_class_s {
  /* The most of them that run at once. Default UVPOOL_UNLIMITED; <= 0: no
   * cap. */
  int64_t cap;

  /* Workers that are there for nobody else: as long as fewer of this class run,
   * the difference is left free by all others. Default 0. Not more than the
   * class's cap; those of all classes together less than the capacity, as one
   * worker at least is for whoever comes; else UV_EINVAL. */
  int64_t reserved;

  /* The most of them that wait beyond the workers that they could have, so that
   * one class cannot fill the pool's max_waiting, which counts too. Default
   * UVPOOL_UNLIMITED; 0: refuse whenever no worker is free for them; less than
   * UVPOOL_UNLIMITED: UV_EINVAL. */
  int64_t max_waiting;
} uvpool_class_t;

/* Where the pool's memory comes from. Called outside of every lock, from any
 * thread; must not call this library. Leave both functions NULL for malloc and
 * free; setting only one is UV_EINVAL. */
typedef struct uvpool_allocator_s {
  void* (*alloc)(size_t size, void* context);
  void (*free)(void* memory, void* context);
  void* context;
} uvpool_allocator_t;

typedef struct uvpool_options_s {
  size_t size;    /* sizeof(uvpool_options_t), set by uvpool_options_init */
  uint32_t flags; /* UVPOOL_NO_PURGE | UVPOOL_PREALLOC | ...; default 0 */

  /* The most tasks that run at once, and the most threads. Default 4, as
   * libuv's own pool. <= 0: unlimited, that is up to UVPOOL_CAPACITY_MAX,
   * beyond which tasks wait. More than UVPOOL_CAPACITY_MAX: UV_EINVAL. */
  int64_t capacity;

  /* The most tasks that wait beyond the free workers. Default 65536. 0: refuse
   * whenever no worker is free. UVPOOL_UNLIMITED: never refuse. */
  int64_t max_waiting;

  /* The most callers that wait for room inside uvpool_submit_wait; one more is
   * refused with UV_EAGAIN. Default UVPOOL_UNLIMITED; 0: nobody waits. */
  int64_t max_blocked;

  /* Workers started by create and kept however idle. 0 to capacity; default
   * 0. */
  int64_t min_workers;

  /* How long a worker stays idle before it leaves, in milliseconds: never
   * less, and about half of it more at most while the loop runs. Default 1000;
   * 0 means the default; negative, or more than 366 days: UV_EINVAL, unless
   * UVPOOL_NO_PURGE is set. */
  int64_t expiry_ms;

  /* Stack of a worker in bytes, rounded up to a page and to the system's
   * minimum. Default 0: 8 MiB. At most 1 GiB. */
  int64_t stack_size;

  /* How long to poll instead of sleeping, in microseconds, 0 to 1000000: one
   * idle worker for work, and the loop, at the end of a turn and while tasks of
   * its own are in flight, for their completion. Default 0: not at all. It
   * trades processor time for latency, and pays only for round trips that are
   * shorter, on machines with a processor to spare. A worker or a loop that
   * polls in vain does so less and less. The loop's other business waits
   * meanwhile, for 1 ms or completion_budget_us at most. */
  int64_t spin_us;

  /* How many done callbacks run before the loop gets a turn. Default
   * UVPOOL_UNLIMITED; else at least 1.
   *
   * While many tasks are in flight and they take no more than 30 us, a worker
   * may wake the loop for a few of them together: for a sixteenth of what still
   * waits at most. If the next one takes long after all, the loop hears of them
   * within a millisecond. Not with spin_us. */
  int64_t completions_per_turn;

  /* How long done callbacks run before the loop gets a turn, in microseconds,
   * looked at now and then. Default 1000; UVPOOL_UNLIMITED; else 1 us to an
   * hour. */
  int64_t completion_budget_us;

  /* How much earlier a task must have come to be taken before one of the next
   * higher priority, in milliseconds, 0 to 366 days. Default 100; 0 means the
   * default. */
  int64_t ageing_ms;

  /* Caps, reservations and bounds by class. A finite capacity is needed to
   * reserve. */
  uvpool_class_t classes[UVPOOL_CLASSES];

  /* Prefix of the threads' names, "uvpool" by default; a number is appended.
   * Copied; what the system cannot show is cut off. */
  const char* name;

  uvpool_panic_cb on_panic; /* default: logged */
  uvpool_log_cb on_log;     /* default: a line on stderr */
  uvpool_drain_cb on_drain;
  uvpool_worker_start_cb on_worker_start;
  uvpool_worker_stop_cb on_worker_stop;
  uvpool_task_event_cb on_task;
  uvpool_allocator_t allocator;

  /* The caller's. Given to the worker callbacks, and the first value of
   * uvpool_get_data. */
  void* data;
} uvpool_options_t;

/* Sets every field to its default. A macro, so that the size that the caller
 * was compiled with is the one that is noted and the only one written to.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     nothing.
 * Returns:  nothing; NULL is ignored. */
#define uvpool_options_init(options)                                           \
  uvpool_options_init_sized((options), sizeof(uvpool_options_t))

/* What uvpool_options_init expands to; for bindings. */
UVPOOL_EXTERN void uvpool_options_init_sized(uvpool_options_t* options,
                                             size_t size);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_OPTIONS_H */
