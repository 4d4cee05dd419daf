/* Groups and serial queues under test: submitting jobs into them, and what
 * their callbacks have told. */
#ifndef UVPOOL_TEST_MEMBER_H
#define UVPOOL_TEST_MEMBER_H

#include <uvpool.h>

#include "job.h"
#include "recorder.h"

/* Submits by uvpool_submit_ex with a group; by uvpool_serial_submit. Thread:
 * any. */
int job_submit_grouped(uvpool_t* pool, job_t* job, uvpool_group_t* group);
int job_submit_serial(uvpool_serial_t* serial, job_t* job);

/* Submits all; asserts that each is accepted. Thread: test. */
void jobs_submit_grouped(uvpool_t* pool,
                         job_t* jobs,
                         int count,
                         uvpool_group_t* group);
void jobs_submit_serial(uvpool_serial_t* serial, job_t* jobs, int count);

/* What a group or a serial queue has told; its `data` must point at it. Loop
 * thread. */
typedef struct told_s told_t;

struct told_s {
  int id;
  recorder_t* recorder;           /* hears "empty", "close"; may be NULL */
  void (*in_empty)(told_t* told); /* runs at the end of on_empty; may be NULL */
  void (*in_close)(told_t* told); /* runs at the end of close_cb; may be NULL */
  void* arg;                      /* for these two */

  int empty;   /* on_empty callbacks so far */
  int closed;  /* close_cb callbacks so far */
  int strayed; /* one of them came inside a call made by this kit */
};

/* Makes one that tells `told`. Asserts success. Thread: test. */
void group_open(uvpool_t* pool, uvpool_group_t* group, told_t* told);
void serial_open(uvpool_t* pool, uvpool_serial_t* serial, told_t* told);

/* The callbacks. */
void group_on_empty(uvpool_group_t* group);
void group_on_close(uvpool_group_t* group);
void serial_on_close(uvpool_serial_t* serial);

/* Closes with these callbacks; nothing may be told inside the call. */
int group_close(uvpool_group_t* group);
int serial_close(uvpool_serial_t* serial);

/* Asserts so many on_empty and close_cb, none inside a call. Thread: test. */
void told_assert(const told_t* told, int empty, int closed);

/* Was close_cb called? `told` is a told_t*; for loop_run_until. */
int told_is_closed(void* told);

#endif /* UVPOOL_TEST_MEMBER_H */
