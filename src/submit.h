/* Submit: the two ends that uvpool_submit and its relatives share.
 *
 *   begin: arguments checked, task claimed and prepared
 *   ... admission.h, or multi_submit.c ...
 *   end:   on an error the task is the caller's again */
#ifndef UVPOOL_SRC_SUBMIT_H
#define UVPOOL_SRC_SUBMIT_H

#include <uvpool/pool.h>

/* 0, UV_EINVAL, UV_EPERM or UV_EALREADY. */
int uvpool__submit_begin(uvpool_t* handle,
                         uvpool_task_t* task,
                         uvpool_work_cb work,
                         uvpool_done_cb done);

/* Returns err. */
int uvpool__submit_end(uvpool_task_t* task, int err);

#endif /* UVPOOL_SRC_SUBMIT_H */
