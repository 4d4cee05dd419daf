/* A submit with more to say: class, priority, deadline, group, serial queue,
 * label.
 *
 *     uvpool_task_options_t options;
 *     uvpool_task_options_init(&options);
 *     options.deadline_ns = uv_hrtime() + 200 * 1000000ull;
 *     options.group = &connection->group;
 *     err = uvpool_submit_ex(pool, &request->task, query, answer, &options);
 *
 * What is left alone is as uvpool_submit has it. */
#ifndef UVPOOL_TASK_OPTIONS_H
#define UVPOOL_TASK_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <uvpool/group.h>
#include <uvpool/options.h>
#include <uvpool/serial.h>
#include <uvpool/task.h>
#include <uvpool/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which of the waiting tasks is taken first. A task counts as having come
 * uvpool_options_t.ageing_ms later than it did if its priority is normal, and
 * twice that if it is low; the one that came first is taken. So a high one goes
 * before all normal ones that came less than ageing_ms before it, and however
 * many high ones come, nothing waits behind those that came later than that. */
enum {
  UVPOOL_PRIORITY_NORMAL = 0, /* plain submits */
  UVPOOL_PRIORITY_HIGH = 1,
  UVPOOL_PRIORITY_LOW = 2
};

/* Allocated by the caller, read by uvpool_submit_ex, not kept; `group`,
 * `serial` and `label` are kept by reference until done is entered. */
typedef struct uvpool_task_options_s {
  size_t size; /* sizeof, set by uvpool_task_options_init */

  /* 0 to UVPOOL_CLASSES - 1. What a class may have is set for the pool, by
   * uvpool_options_t.classes. */
  int32_t task_class;
  int32_t priority; /* UVPOOL_PRIORITY_* */

  /* When the task must have begun, in nanoseconds of uv_hrtime(); 0: no
   * deadline. It is looked at in milliseconds, rounded up. If the task still
   * waits then, it ends with UV_ETIMEDOUT, also if every worker is stuck, as
   * soon as its loop gets to it; it is never begun later. One in the past is
   * accepted, and ends so at once. */
  uint64_t deadline_ns;

  uvpool_group_t* group;   /* of the same handle; NULL: none */
  uvpool_serial_t* serial; /* of the same handle; NULL: none */

  /* What the task is, for people: named by uvpool_stats if it is stuck, and
   * there for on_task. A text that outlives the task. NULL: none. */
  const char* label;
} uvpool_task_options_t;

/* Sets every field to what a plain submit means.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns:     nothing.
 * Returns:  nothing; NULL is ignored. */
#define uvpool_task_options_init(options)                                      \
  uvpool_task_options_init_sized((options), sizeof(uvpool_task_options_t))

/* What uvpool_task_options_init expands to; for bindings. */
UVPOOL_EXTERN void uvpool_task_options_init_sized(
    uvpool_task_options_t* options,
    size_t size);

/* As uvpool_submit, with options.
 *
 * Admitted like a plain task. Where there are caps and reservations, that
 * means: if with it no more than max_waiting tasks wait beyond those that could
 * begin at once. The class may have a bound of its own on what waits, too.
 * Callers of uvpool_submit_wait, who are of class 0, come before it only if it
 * is of class 0 too. O(1), with a deadline O(log n) in those that wait; nothing
 * is allocated.
 *
 * Thread:   any.
 * Blocks:   never.
 * Owns, Callback: as uvpool_submit.
 * Returns:  as uvpool_submit, and
 *           UV_EINVAL     a class or a priority that does not exist, a group or
 *                         serial queue of another handle, a deadline more than
 *                         20 days away, or a size that is not known,
 *           UV_ESHUTDOWN  the group or the serial queue is closing.
 *
 * options NULL: uvpool_submit. */
UVPOOL_EXTERN int uvpool_submit_ex(uvpool_t* handle,
                                   uvpool_task_t* task,
                                   uvpool_work_cb work,
                                   uvpool_done_cb done,
                                   const uvpool_task_options_t* options);

#ifdef __cplusplus
}
#endif

#endif /* UVPOOL_TASK_OPTIONS_H */
