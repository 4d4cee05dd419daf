/* Submit: what the public calls have in common before admission decides. */
#include "submit.h"

#include "admission.h"
#include "handle.h"
#include "task.h"

int uvpool__submit_begin(uvpool_t* handle,
                         uvpool_task_t* task,
                         uvpool_work_cb work,
                         uvpool_done_cb done) {
  if (task == NULL || work == NULL || done == NULL) {
    return UV_EINVAL;
  }
  int err = uvpool__handle_check(handle);
  if (err != 0) {
    return err;
  }
  if (!uvpool__task_claim(task)) {
    return UV_EALREADY;
  }
  uvpool__task_prepare(task,
                       handle,
                       work,
                       done,
                       uvpool__on_loop(handle) ? UVPOOL__TASK_HOLDS_LOOP : 0);
  return 0;
}

int uvpool__submit_end(uvpool_task_t* task, int err) {
  if (err != 0) {
    uvpool__task_free(task);
  }
  return err;
}

int uvpool_submit(uvpool_t* handle,
                  uvpool_task_t* task,
                  uvpool_work_cb work,
                  uvpool_done_cb done) {
  int err = uvpool__submit_begin(handle, task, work, done);
  if (err != 0) {
    return err;
  }
  return uvpool__submit_end(task, uvpool__admit(handle, task));
}

int uvpool_submit_wait(uvpool_t* handle,
                       uvpool_task_t* task,
                       uvpool_work_cb work,
                       uvpool_done_cb done,
                       uint64_t timeout_ms) {
  int err = uvpool__submit_begin(handle, task, work, done);
  if (err != 0) {
    return err;
  }
  return uvpool__submit_end(task, uvpool__admit_wait(handle, task, timeout_ms));
}
