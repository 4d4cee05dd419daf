/* A task belongs to the caller again as soon as its done is entered: it may be
 * submitted again from there, at once and for ever. */
#include "kit.h"

typedef struct chain_s {
  uvpool_t* pool;
  int left;       /* resubmits to go */
  int result;     /* of the last submit */
  intptr_t stack; /* where the first done stood on the stack */
  intptr_t depth; /* how far the others stood from it at most */
} chain_t;

static void resubmit(job_t* job) {
  chain_t* chain = job->arg;
  char here = 0;
  if (chain->stack == 0) {
    chain->stack = (intptr_t) &here;
  }
  intptr_t apart = (intptr_t) &here - chain->stack;
  if (apart < 0) {
    apart = -apart;
  }
  if (apart > chain->depth) {
    chain->depth = apart;
  }
  if (chain->left-- > 0) {
    chain->result = job_submit(chain->pool, job);
  }
}

/* The same task many times over, with no room but its own, and without
 * the stack growing. */
static void repeats_with_no_room_but_its_own(void** state) {
  enum { TIMES = 20000 };
  chain_t chain = {.pool = pool_open(*state, 1, 0), .left = TIMES};
  job_t job;
  job_init(&job, 0);
  job.arg = &chain;
  job.in_done = resubmit;
  jobs_submit(chain.pool, &job, 1);
  loop_run(*state);
  assert_status(chain.result, 0);
  assert_int_equal(job.done, TIMES + 1);
  assert_int_equal(atomic_load(&job.worked), TIMES + 1);
  assert_int_equal(job.strayed, 0);
  assert_true(chain.depth < 64 * 1024);
  pool_close(*state, chain.pool);
}

/* A cancelled task may be submitted again from its done; the wish to cancel
 * does not stick to it. */
static void repeats_after_cancel(void** state) {
  gate_t gate;
  gate_init(&gate);
  chain_t chain = {.pool = pool_open(*state, 1, 1), .left = 1};
  job_t* jobs = jobs_new(2, &gate);
  jobs[1].arg = &chain;
  jobs[1].in_done = resubmit;
  pool_occupy(chain.pool, jobs, 1);
  jobs_submit(chain.pool, &jobs[1], 1);
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  loop_run_until(*state, job_is_done, &jobs[1], "the cancelled task");
  assert_status(jobs[1].status, UV_ECANCELED);
  assert_int_equal(jobs[1].started, 0);
  assert_status(chain.result, 0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(jobs[1].done, 2);
  assert_status(jobs[1].status, 0);
  assert_int_equal(jobs[1].started, 1);
  assert_int_equal(jobs[1].cancelled, 0);
  pool_close(*state, chain.pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void cancel_self(job_t* job) {
  if (atomic_load(&job->worked) == 1) {
    (void) uvpool_cancel(&job->task);
  }
}

/* A wish that came while the work ran is gone in the next flight. */
static void forgets_the_wish_to_cancel(void** state) {
  chain_t chain = {.pool = pool_open(*state, 1, 0), .left = 1};
  job_t job;
  job_init(&job, 0);
  job.arg = &chain;
  job.in_work = cancel_self;
  job.in_done = resubmit;
  jobs_submit(chain.pool, &job, 1);
  loop_run(*state);
  assert_int_equal(job.done, 2);
  assert_int_equal(job.cancelled, 0);
  pool_close(*state, chain.pool);
}

static void submit_elsewhere(job_t* job) {
  job->in_done = NULL;
  (void) job_submit(job->arg, job);
}

/* From its done a task may go to another pool. */
static void moves_to_another_pool(void** state) {
  uvpool_t* first = pool_open(*state, 1, 0);
  uvpool_t* second = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.arg = second;
  job.in_done = submit_elsewhere;
  jobs_submit(first, &job, 1);
  loop_run(*state);
  assert_int_equal(job.done, 2);
  assert_int_equal(pool_stats(second).completed, 1);
  pool_close(*state, first);
  pool_close(*state, second);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(repeats_with_no_room_but_its_own),
      loop_test(repeats_after_cancel),
      loop_test(forgets_the_wish_to_cancel),
      loop_test(moves_to_another_pool),
  };
  return kit_run(argc, argv, tests);
}
