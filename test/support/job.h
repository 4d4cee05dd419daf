/* The ordinary task of the tests: it keeps a record of all that happened to it.
 *
 * Set the fields of the first group after job_init and before job_submit. */
#ifndef UVPOOL_TEST_JOB_H
#define UVPOOL_TEST_JOB_H

#include <stdatomic.h>
#include <uv.h>
#include <uvpool.h>

#include "gate.h"
#include "recorder.h"

typedef struct job_s job_t;

struct job_s {
  uvpool_task_t task;

  /* Set by the test before the submit; read by the worker and the loop. */
  int id;
  int result;           /* what the work returns */
  gate_t* gate;         /* where the work stands; NULL: nowhere */
  gauge_t* gauge;       /* counts works that run at once; may be NULL */
  recorder_t* recorder; /* hears "work" and "done" with the id; may be NULL */
  void (*in_work)(job_t* job); /* runs inside the work, after the gate */
  void (*in_done)(job_t* job); /* runs at the end of the done callback */
  void* arg;                   /* for these two */

  /* Written by the worker; read after done, or atomically at any time. */
  atomic_int worked; /* how often the work began */
  int cancelled;     /* what uvpool_task_is_cancelled said after the gate */

  /* Loop thread. */
  uv_thread_t loop_thread; /* who called job_init: where done must run */
  int done;                /* how often done was called */
  int status;              /* its last status */
  int started;             /* what uvpool_task_started said in it */
  int strayed;             /* done ran on another thread or inside a call */
};

/* A job with nothing set. Its task's memory is filled with junk: the contract
 * says that any content will do. */
void job_init(job_t* job, int id);

/* `count` jobs with ids from 0, all with this gate (which may be NULL). */
job_t* jobs_new(int count, gate_t* gate);
void jobs_free(job_t* jobs);

/* Submits by uvpool_submit or uvpool_submit_wait. Thread: any. */
int job_submit(uvpool_t* pool, job_t* job);
int job_submit_wait(uvpool_t* pool, job_t* job, uint64_t timeout_ms);

/* Submits by uvpool_submit_ex: with these options; with a class; a priority; a
 * deadline. Thread: any. */
int job_submit_ex(uvpool_t* pool,
                  job_t* job,
                  const uvpool_task_options_t* options);
int job_submit_class(uvpool_t* pool, job_t* job, int32_t task_class);
int job_submit_priority(uvpool_t* pool, job_t* job, int32_t priority);
int job_submit_deadline(uvpool_t* pool, job_t* job, uint64_t deadline_ns);

/* Submits all as of one class; asserts that each is accepted. Thread: test. */
void jobs_submit_class(uvpool_t* pool,
                       job_t* jobs,
                       int count,
                       int32_t task_class);

/* Submits all; asserts that each is accepted. Thread: test. */
void jobs_submit(uvpool_t* pool, job_t* jobs, int count);

/* The callbacks, for tests that submit by hand. */
int job_work(uvpool_task_t* task);
void job_done(uvpool_task_t* task, int status);

/* For in_work: panics, "on purpose". */
void job_panic(job_t* job);

/* Asserts that the job ended exactly once: its work ran and done got its
 * result; or it never ran and done got `status`; or it panicked; or nothing was
 * called. */
void job_assert_ran(job_t* job);
void job_assert_dropped(job_t* job, int status);
void job_assert_panicked(job_t* job);
void job_assert_untouched(job_t* job);

/* The same of all. */
void jobs_assert_ran(job_t* jobs, int count);
void jobs_assert_dropped(job_t* jobs, int count, int status);

/* Has done been called? `job` is a job_t*; for loop_run_until. */
int job_is_done(void* job);

/* Marks the calling thread as being inside a call of the library, so that a
 * callback made from inside it is noticed. */
void job_enter_call(void);
void job_leave_call(void);
int job_is_in_call(void);

#endif /* UVPOOL_TEST_JOB_H */
