/* Submit with options: what they ask for is checked and noted in the task; from
 * there on admission, dispatch and delivery find it by the task's flags. */
#include <string.h>
#include <uvpool/pool.h>
#include <uvpool/task_options.h>

#include "admission.h"
#include "deadline.h"
#include "handle.h"
#include "pool.h"
#include "submit.h"
#include "task.h"

/* The first version's size; none is smaller. */
enum { OPTIONS_SIZE_V1 = sizeof(uvpool_task_options_t) };

static const uvpool_task_options_t defaults = {
    .size = sizeof(uvpool_task_options_t),
    .priority = UVPOOL_PRIORITY_NORMAL,
};

void uvpool_task_options_init_sized(uvpool_task_options_t* options,
                                    size_t size) {
  if (options == NULL) {
    return;
  }
  memset(options, 0, size);
  memcpy(options, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
  options->size = size;
}

static bool are_sane(const uvpool_t* handle,
                     const uvpool_task_options_t* options,
                     uint64_t now_ns) {
  return options->task_class >= 0 && options->task_class < UVPOOL_CLASSES &&
         options->priority >= UVPOOL_PRIORITY_NORMAL &&
         options->priority <= UVPOOL_PRIORITY_LOW &&
         (options->deadline_ns <= now_ns ||
          options->deadline_ns - now_ns <= UVPOOL__DEADLINE_MAX_NS) &&
         (options->group == NULL || options->group->member.handle == handle) &&
         (options->serial == NULL || options->serial->member.handle == handle);
}

static void note(uvpool_task_t* task,
                 const uvpool_task_options_t* options,
                 uint64_t now_ns) {
  unsigned flags = UVPOOL__TASK_OPTIONS;
  task->task_class = (uint8_t) options->task_class;
  task->priority = (uint8_t) options->priority;
  task->label = options->label;
  if (options->deadline_ns != 0) {
    flags |= UVPOOL__TASK_DEADLINE;
    task->deadline = uvpool__deadline_of_ns(options->deadline_ns, now_ns);
  }
  if (options->group != NULL) {
    flags |= UVPOOL__TASK_GROUPED;
    task->group.next = &options->group->tasks; /* see group.h */
  }
  if (options->serial != NULL) {
    flags |= UVPOOL__TASK_SERIAL;
    task->serial = options->serial;
  }
  uvpool__task_set(task, flags);
}

int uvpool_submit_ex(uvpool_t* handle,
                     uvpool_task_t* task,
                     uvpool_work_cb work,
                     uvpool_done_cb done,
                     const uvpool_task_options_t* options) {
  uvpool_task_options_t all = defaults;
  if (options == NULL) {
    return uvpool_submit(handle, task, work, done);
  }
  if (options->size < OPTIONS_SIZE_V1 || options->size > sizeof(all)) {
    return UV_EINVAL;
  }
  memcpy(&all, options, options->size);
  int err = uvpool__handle_check(handle);
  if (err != 0) {
    return err;
  }
  uint64_t now_ns = uvpool__monotonic_ns();
  if (!are_sane(handle, &all, now_ns)) {
    return UV_EINVAL;
  }
  err = uvpool__submit_begin(handle, task, work, done);
  if (err != 0) {
    return err;
  }
  note(task, &all, now_ns);
  return uvpool__submit_end(task, uvpool__admit(handle, task));
}
