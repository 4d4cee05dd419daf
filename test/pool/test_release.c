/* uvpool_release: no new work; what waits is cancelled, what runs finishes,
 * idle workers leave. It does not wait and may be repeated. */
#include "kit.h"

/* Waiting tasks end with UV_ECANCELED, running ones with their result. */
static void cancels_what_waits_and_lets_run(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(7, &gate);
  jobs[0].result = 5;
  pool_occupy(pool, jobs, 2);
  jobs_submit(pool, &jobs[2], 5);
  job_enter_call();
  assert_status(uvpool_release(pool), 0);
  job_leave_call();
  assert_int_equal(uvpool_waiting(pool), 0);
  assert_int_equal(uvpool_is_closed(pool), 1);
  for (int i = 0; i < 7; i++) {
    assert_int_equal(jobs[i].done, 0);
  }
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  jobs_assert_dropped(&jobs[2], 5, UV_ECANCELED);
  pool_await_workers(*state, pool, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* The cancelled are told while the others still run. */
static void tells_the_cancelled_at_once(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 2);
  assert_status(uvpool_release(pool), 0);
  loop_run_until(*state, job_is_done, &jobs[2], "the cancelled tasks");
  jobs_assert_dropped(&jobs[1], 2, UV_ECANCELED);
  assert_int_equal(jobs[0].done, 0);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Idle workers leave, also without purge. */
static void retires_idle_workers(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.flags = UVPOOL_NO_PURGE;
  options.min_workers = 4;
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_status(uvpool_release(pool), 0);
  pool_await_workers(*state, pool, 0);
  pool_close(*state, pool);
}

/* Afterwards every submit is refused, and nothing is called for it. */
static void refuses_submits(void** state) {
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_release(pool), 0);
  for (int i = 0; i < 3; i++) {
    assert_status(job_submit(pool, &job), UV_ESHUTDOWN);
  }
  loop_run(*state);
  job_assert_untouched(&job);
  assert_int_equal(pool_stats(pool).refused, 0);
  pool_close(*state, pool);
}

/* Again and again it returns 0 and does nothing more. */
static void is_idempotent(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 1);
  for (int i = 0; i < 3; i++) {
    assert_status(uvpool_release(pool), 0);
  }
  gate_open(&gate);
  loop_run(*state);
  assert_status(uvpool_release(pool), 0);
  job_assert_ran(&jobs[0]);
  job_assert_dropped(&jobs[1], UV_ECANCELED);
  assert_int_equal(pool_stats(pool).cancelled, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void release(job_t* job) {
  *(int*) job->arg = uvpool_release(uvpool_task_handle(&job->task));
}

/* From inside a work: that work too finishes and is told so. */
static void from_work(void** state) {
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(2, NULL);
  gate_t gate;
  int result = 1;
  gate_init(&gate);
  jobs[0].gate = &gate;
  jobs[0].in_work = release;
  jobs[0].arg = &result;
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 1);
  gate_open(&gate);
  loop_run(*state);
  assert_status(result, 0);
  job_assert_ran(&jobs[0]);
  job_assert_dropped(&jobs[1], UV_ECANCELED);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* From inside a done, with others still waiting. */
static void from_done(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(4, &gate);
  int result = 1;
  jobs[0].in_done = release;
  jobs[0].arg = &result;
  jobs_submit(pool, jobs, 4);
  gate_admit(&gate, 1);
  gate_await(&gate, 2);
  loop_run_until(*state, job_is_done, &jobs[0], "the first task");
  gate_open(&gate);
  loop_run(*state);
  assert_status(result, 0);
  jobs_assert_ran(jobs, 2);
  jobs_assert_dropped(&jobs[2], 2, UV_ECANCELED);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

typedef struct releaser_s {
  helper_t helper;
  uvpool_t* pool;
  atomic_int* start;
  int result;
} releaser_t;

static void release_elsewhere(void* arg) {
  releaser_t* r = arg;
  while (!atomic_load(r->start)) {
    continue;
  }
  r->result = uvpool_release(r->pool);
}

/* From four threads at the same moment: all succeed, each task ends once. */
static void from_many_threads_at_once(void** state) {
  enum { RELEASERS = 4, JOBS = 50 };
  for (int round = 0; round < 20; round++) {
    releaser_t releasers[RELEASERS];
    atomic_int start;
    atomic_init(&start, 0);
    uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
    job_t* jobs = jobs_new(JOBS, NULL);
    for (int i = 0; i < RELEASERS; i++) {
      releasers[i] = (releaser_t) {.pool = pool, .start = &start, .result = 1};
      helper_start(&releasers[i].helper, release_elsewhere, &releasers[i]);
    }
    jobs_submit(pool, jobs, JOBS);
    atomic_store(&start, 1);
    for (int i = 0; i < RELEASERS; i++) {
      helper_join(*state, &releasers[i].helper);
      assert_status(releasers[i].result, 0);
    }
    loop_run(*state);
    for (int i = 0; i < JOBS; i++) {
      if (jobs[i].status == 0) {
        job_assert_ran(&jobs[i]);
      } else {
        job_assert_dropped(&jobs[i], UV_ECANCELED);
      }
    }
    pool_close(*state, pool);
    jobs_free(jobs);
  }
}

typedef struct submitter_s {
  helper_t helper;
  uvpool_t* pool;
  job_t* jobs;
  int count;
  int accepted; /* the first so many */
  int result;   /* of the first refused */
} submitter_t;

static void submit_until_refused(void* arg) {
  submitter_t* s = arg;
  s->result = 0;
  while (s->accepted < s->count && s->result == 0) {
    s->result = job_submit(s->pool, &s->jobs[s->accepted]);
    s->accepted += s->result == 0;
  }
}

static int all_accepted_done(void* arg) {
  submitter_t* s = arg;
  for (int i = 0; i < s->accepted; i++) {
    if (s->jobs[i].done == 0) {
      return 0;
    }
  }
  return 1;
}

/* Racing with a submitter: what was accepted ends once, what was not never
 * begins. */
static void races_with_submit(void** state) {
  enum { JOBS = 2000 };
  for (int round = 0; round < 20; round++) {
    uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
    submitter_t s = {.pool = pool, .jobs = jobs_new(JOBS, NULL), .count = JOBS};
    helper_start(&s.helper, submit_until_refused, &s);
    while (pool_stats(pool).accepted < 10 && !helper_finished(&s.helper)) {
      continue;
    }
    assert_status(uvpool_release(pool), 0);
    helper_join(*state, &s.helper);
    assert_true(s.result == 0 || s.result == UV_ESHUTDOWN);
    loop_run_until(*state, all_accepted_done, &s, "the accepted tasks");
    for (int i = 0; i < JOBS; i++) {
      assert_int_equal(s.jobs[i].done, i < s.accepted);
    }
    assert_int_equal(pool_stats(pool).accepted, s.accepted);
    pool_close(*state, pool);
    jobs_free(s.jobs);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(cancels_what_waits_and_lets_run),
      loop_test(tells_the_cancelled_at_once),
      loop_test(retires_idle_workers),
      loop_test(refuses_submits),
      loop_test(is_idempotent),
      loop_test(from_work),
      loop_test(from_done),
      loop_test(from_many_threads_at_once),
      loop_test(races_with_submit),
  };
  return kit_run(argc, argv, tests);
}
