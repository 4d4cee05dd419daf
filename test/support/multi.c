#include "multi.h"

#include <string.h>

#include "kit.h"

uvpool_multi_t* multi_open(uv_loop_t* loop,
                           int64_t count,
                           uvpool_strategy_t strategy,
                           int64_t capacity,
                           int64_t max_waiting) {
  uvpool_options_t options = pool_options(capacity, max_waiting);
  uvpool_multi_t* multi = NULL;
  assert_status(uvpool_multi_create(loop, count, strategy, &options, &multi),
                0);
  assert_non_null(multi);
  return multi;
}

static int closed; /* close callbacks since multi_close began */

static void on_close(uvpool_multi_t* multi) {
  (void) multi;
  closed++;
}

void multi_close(uv_loop_t* loop, uvpool_multi_t* multi) {
  closed = 0;
  assert_status(uvpool_multi_close(multi, on_close), 0);
  assert_int_equal(closed, 0);
  loop_run(loop);
  assert_int_equal(closed, 1);
}

int multi_job_submit(uvpool_multi_t* multi, job_t* job) {
  job_enter_call();
  int err = uvpool_multi_submit(multi, &job->task, job_work, job_done);
  job_leave_call();
  return err;
}

void multi_occupy(uvpool_multi_t* multi, job_t* jobs, int count) {
  unsigned before = gate_arrived(jobs[0].gate);
  for (int i = 0; i < count; i++) {
    assert_status(multi_job_submit(multi, &jobs[i]), 0);
  }
  gate_await(jobs[0].gate, before + (unsigned) count);
}

int64_t multi_index_of(uvpool_multi_t* multi, const job_t* job) {
  int64_t count = uvpool_multi_count(multi);
  int64_t index = 0;
  while (index < count &&
         uvpool_multi_pool(multi, index) != uvpool_task_handle(&job->task)) {
    index++;
  }
  assert_true(index < count);
  return index;
}

void multi_on_release(uvpool_multi_t* multi,
                      int status,
                      const size_t* late,
                      size_t late_count) {
  multi_end_t* end = uvpool_multi_get_data(multi);
  end->count++;
  end->status = status;
  end->late_count = late_count;
  assert_true(late_count <= KIT_COUNT(end->late));
  if (late_count > 0) {
    memcpy(end->late, late, late_count * sizeof(late[0]));
  }
}

int multi_is_released(void* end) {
  return ((multi_end_t*) end)->count > 0;
}
