/* The task: one piece of blocking work and the callback that hears of its end.
 *
 * A uvpool_task_t is allocated by the caller, usually as a member of the
 * caller's own request structure, and is never copied by the pool. No call
 * below allocates. From a successful submit until its done callback is entered
 * it belongs to the pool; inside its own done callback it may be freed or
 * submitted again. */
#ifndef UVPOOL_TASK_H
#define UVPOOL_TASK_H

#include <stdint.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A loop-bound handle on a pool; see <uvpool/pool.h>. Allocated by
 * uvpool_create, freed by the library when its close callback has returned. */
typedef struct uvpool_s uvpool_t;

/* See below. Allocated and freed by the caller. */
typedef struct uvpool_task_s uvpool_task_t;

/* The work: runs once, on a worker thread, with errno 0, every asynchronous
 * signal blocked and no lock held. It may block. What it returns becomes the
 * `status` of the done callback; by custom 0 or a negative UV_E* code. It may
 * call any function whose contract says "Thread: any". */
typedef int (*uvpool_work_cb)(uvpool_task_t* task);

/* The end of a task: runs exactly once for each accepted submit, on the loop
 * thread of the handle that the task was submitted with, never inside a call
 * of this library. `status` is what the work returned, or
 *   UV_ECANCELED   cancelled, released or closed before the work began,
 *   UV_ETIMEDOUT   its deadline came before a worker did,
 *   UVPOOL_EPANIC  the work ended its thread.
 * uvpool_task_started tells a work's own result from the library's. */
typedef void (*uvpool_done_cb)(uvpool_task_t* task, int status);

/* Private: a place in a ring. Part of tasks and of groups. */
struct uvpool_link_s {
  struct uvpool_link_s* next;
  struct uvpool_link_s* prev;
};

/* Private: tasks that wait, oldest first. Part of serial queues. */
struct uvpool_task_queue_s {
  uvpool_task_t* head;
  uvpool_task_t* tail;
  uint64_t len;
};

/* One request. Memory of any content will do: submit sets what it needs and
 * leaves `data` alone. 128 bytes where pointers have 8. */
struct uvpool_task_s {
  /* Public: the caller's, never touched by the library. */
  void* data;

  /* Private. `mark` says whether the task is in flight; it is read and written
   * atomically. The rest is guarded by the pool's lock while the task waits,
   * belongs to its worker while it runs, and to the loop thread after. The
   * first 64 bytes are all that a plain submit works with. */
  uint64_t mark;
  uvpool_work_cb work;
  uvpool_done_cb done;
  uvpool_t* handle;
  uvpool_task_t* next;
  union {
    uvpool_task_t* prev; /* while it waits */
    void* worker;        /* from the moment a worker takes it */
  } link;
  union {
    uint32_t since_low; /* while it waits: when that began, in microseconds */
    int32_t status;     /* from the moment its end is known */
  } end;
  uint16_t since_high;
  uint16_t flags;

  uint8_t wish; /* a cancel came too late: 1; atomic */
  uint8_t task_class;
  uint8_t priority;
  uint8_t reserved;

  /* For submits with options. */
  uint32_t deadline; /* in milliseconds, of the handle's clock of deadlines */
  struct {
    uvpool_task_t* parent;
    uvpool_task_t* left;
    uvpool_task_t* right;
  } heap; /* of its handle's deadlines, while it waits */
  struct uvpool_link_s group;
  struct uvpool_serial_s* serial;
  const char* label;
};

/* Makes a task certainly known as "not in flight".
 *
 * Optional. For a task initialised so, a second submit while it is in flight
 * is certainly refused with UV_EALREADY, and a fresh one certainly is not; for
 * other memory both hold with a probability of about 1 - 2^-64.
 *
 * Thread:   any, while the task is not in flight.
 * Blocks:   never.
 * Owns:     nothing; `data` is left alone. */
UVPOOL_EXTERN void uvpool_task_init(uvpool_task_t* task);

/* The handle that a task was submitted with.
 *
 * Thread:   any, from inside work or done of this task.
 * Blocks:   never.
 * Returns:  the handle; NULL for NULL. */
UVPOOL_EXTERN uvpool_t* uvpool_task_handle(const uvpool_task_t* task);

/* Did the work of this task begin? If so, `status` is the work's own result or
 * UVPOOL_EPANIC; if not, it is the library's.
 *
 * Thread:   loop, inside done; or the worker, inside work.
 * Blocks:   never.
 * Returns:  1 or 0; 0 for NULL. */
UVPOOL_EXTERN int uvpool_task_started(const uvpool_task_t* task);

/* The label that a task was submitted with; see <uvpool/task_options.h>.
 *
 * Thread:   any, from inside work, done or on_task of this task.
 * Blocks:   never.
 * Returns:  the label; NULL if it has none, and for NULL. */
UVPOOL_EXTERN const char* uvpool_task_label(const uvpool_task_t* task);

/* Has uvpool_cancel or uvpool_group_cancel been called for this task since its
 * work began? Long work looks here from time to time and returns early, say
 * with UV_ECANCELED.
 *
 * Thread:   the worker, inside work of this task only.
 * Blocks:   never.
 * Returns:  1 or 0; 0 for NULL. */
UVPOOL_EXTERN int uvpool_task_is_cancelled(const uvpool_task_t* task);

/* Cancels a task that still waits; asks one that runs to end early.
 *
 * O(1). A waiting task leaves the queue at once and its room is free on return.
 *
 * Thread:   the task's loop thread; or any thread that itself makes sure that
 *           done of this task has not been entered before the call returns.
 * Blocks:   never.
 * Callback: done(task, UV_ECANCELED) later on its loop, never inside the call.
 * Returns:  0          it will not run, now or since an earlier call,
 *           UV_EBUSY   it runs or has run; see uvpool_task_is_cancelled,
 *           UV_EINVAL  NULL, or not in flight,
 *           UV_EPERM   in a forked child, of a pool made by the parent.
 *
 * libuv's uv_cancel answers UV_EBUSY also for a request that is over. */
UVPOOL_EXTERN int uvpool_cancel(uvpool_task_t* task);

/* Ends the calling work and its worker thread, with a reason.
 *
 * The thread's cleanup handlers and thread-local destructors run. Then, on the
 * loop, on_panic hears of it and done gets UVPOOL_EPANIC. A new worker is
 * started when one is needed. Outside of a work callback the call does nothing
 * and returns. C++: the stack is unwound as by pthread_exit.
 *
 * Thread:   a worker, inside work.
 * Blocks:   never.
 * Owns:     the text is copied, up to 255 bytes.
 * Callback: on_panic, then done, both on the task's loop.
 *
 * The counterpart of a panic in ants; pthread_exit in a work is treated alike,
 * with a reason that says so. */
UVPOOL_EXTERN void uvpool_panic(const char* format, ...)
    UVPOOL_PRINTF_LIKE(1, 2);

/* The data that on_worker_start left for this worker, say a connection.
 *
 * Thread:   a worker, inside work, on_worker_start or on_worker_stop.
 * Blocks:   never.
 * Returns:  the pointer; NULL on any other thread. */
UVPOOL_EXTERN void* uvpool_worker_data(void);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_TASK_H */
