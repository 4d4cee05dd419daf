/* Panics; see panic.h. */
#include "panic.h"

#include <stdarg.h>
#include <stdio.h>
#if defined(__GLIBC__)
#include <unwind.h>
#endif

#include "handle.h"
#include "log.h"
#include "spawn.h"
#include "task.h"
#include "util.h"

#if defined(__GLIBC__)
/* glibc loads libgcc_s at the first pthread_exit, and aborts the process when
 * it cannot, say because the descriptor table is full. To refer to it here
 * makes the linker record it, and it is there from the start. */
extern _Unwind_Ptr (*const uvpool__keep_unwinder)(struct _Unwind_Context*);
_Unwind_Ptr (*const uvpool__keep_unwinder)(struct _Unwind_Context*) =
    _Unwind_GetIP;
#endif

void uvpool_panic(const char* format, ...) {
  struct uvpool__worker* worker = uvpool__worker_current();
  if (worker == NULL || worker->task == NULL) {
    return;
  }
  va_list args;
  va_start(args, format);
  vsnprintf(worker->reason, sizeof(worker->reason), format, args);
  va_end(args);
  pthread_exit(NULL);
}

void uvpool__panic_mark_locked(struct uvpool__worker* worker,
                               uvpool_task_t* task) {
  if (worker->reason[0] == '\0') {
    snprintf(
        worker->reason, sizeof(worker->reason), "the work called pthread_exit");
  }
  worker->reason_held = true;
  task->link.worker = worker;
  uvpool__task_set(task, UVPOOL__TASK_PANICKED);
}

void uvpool__panic_report(uvpool_t* handle, uvpool_task_t* task) {
  struct uvpool__pool* pool = handle->pool;
  struct uvpool__worker* worker = task->link.worker;
  if (pool->settings.on_panic != NULL) {
    pool->settings.on_panic(handle, task, worker->reason);
  } else {
    uvpool__log(handle, "a task panicked: %s", worker->reason);
  }
  uvpool__lock_acquire(&pool->lock);
  worker->reason_held = false;
  uvpool__spawn_recycle_locked(worker);
  uvpool__lock_release(&pool->lock);
}
