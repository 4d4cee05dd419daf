/* Groups and serial queues under test; see member.h. */
#include "kit.h"

#include "member.h"

/* ---- Submit -------------------------------------------------------------- */

int job_submit_grouped(uvpool_t* pool, job_t* job, uvpool_group_t* group) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.group = group;
  return job_submit_ex(pool, job, &options);
}

int job_submit_serial(uvpool_serial_t* serial, job_t* job) {
  job_enter_call();
  int rc = uvpool_serial_submit(serial, &job->task, job_work, job_done);
  job_leave_call();
  return rc;
}

void jobs_submit_grouped(uvpool_t* pool,
                         job_t* jobs,
                         int count,
                         uvpool_group_t* group) {
  for (int i = 0; i < count; i++) {
    assert_status(job_submit_grouped(pool, &jobs[i], group), 0);
  }
}

void jobs_submit_serial(uvpool_serial_t* serial, job_t* jobs, int count) {
  for (int i = 0; i < count; i++) {
    assert_status(job_submit_serial(serial, &jobs[i]), 0);
  }
}

/* ---- What they tell ------------------------------------------------------ */

static void note(told_t* told, int* count, const char* word) {
  (*count)++;
  told->strayed += job_is_in_call();
  if (told->recorder != NULL) {
    recorder_note(told->recorder, word, told->id);
  }
}

void group_on_empty(uvpool_group_t* group) {
  told_t* told = group->data;
  note(told, &told->empty, "empty");
  if (told->in_empty != NULL) {
    told->in_empty(told);
  }
}

static void note_close(told_t* told) {
  note(told, &told->closed, "close");
  if (told->in_close != NULL) {
    told->in_close(told);
  }
}

void group_on_close(uvpool_group_t* group) {
  note_close(group->data);
}

void serial_on_close(uvpool_serial_t* serial) {
  note_close(serial->data);
}

/* ---- Open and close ------------------------------------------------------ */

void group_open(uvpool_t* pool, uvpool_group_t* group, told_t* told) {
  group->data = told;
  assert_status(uvpool_group_init(pool, group, group_on_empty), 0);
  assert_ptr_equal(group->data, told);
}

void serial_open(uvpool_t* pool, uvpool_serial_t* serial, told_t* told) {
  serial->data = told;
  assert_status(uvpool_serial_init(pool, serial), 0);
  assert_ptr_equal(serial->data, told);
}

int group_close(uvpool_group_t* group) {
  job_enter_call();
  int rc = uvpool_group_close(group, group_on_close);
  job_leave_call();
  return rc;
}

int serial_close(uvpool_serial_t* serial) {
  job_enter_call();
  int rc = uvpool_serial_close(serial, serial_on_close);
  job_leave_call();
  return rc;
}

void told_assert(const told_t* told, int empty, int closed) {
  assert_int_equal(told->empty, empty);
  assert_int_equal(told->closed, closed);
  assert_int_equal(told->strayed, 0);
}

int told_is_closed(void* told) {
  return ((told_t*) told)->closed > 0;
}
