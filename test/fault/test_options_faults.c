/* Tasks with options without memory: nothing that a class, a priority, a
 * deadline or a label needs is allocated, and nothing of it is lost where
 * threads or memory are. */
#include "sweep.h"

#define MS UINT64_C(1000000)

enum { COUNT = 64 };

static int submit_any(uvpool_t* pool, job_t* job) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.task_class = job->id % UVPOOL_CLASSES;
  options.priority = job->id % 3;
  options.label = "any";
  if (job->id % 2 == 0) {
    options.deadline_ns = uv_hrtime() + 5 * MS;
  }
  return job_submit_ex(pool, job, &options);
}

static uvpool_options_t with_classes(void) {
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE | UVPOOL_EXACT_TIMES;
  options.classes[1].cap = 1;
  options.classes[2].reserved = 1;
  return options;
}

/* The workers are there; from then on there is no memory at all, and everything
 * ends as it should: some run, some expire, some are cancelled. */
static void submits_need_no_memory(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = with_classes();
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* blockers = jobs_new(2, &gate);
  job_t* jobs = jobs_new(COUNT, NULL);
  jobs_submit(pool, &blockers[0], 1);
  jobs_submit_class(pool, &blockers[1], 1, 2); /* its own worker */
  gate_await(&gate, 2);
  wrap_census_t before = wrap_census();
  wrap_starve();
  for (int i = 0; i < COUNT; i++) {
    jobs[i].id = i;
    assert_status(submit_any(pool, &jobs[i]), 0);
  }
  for (int i = 3; i < COUNT; i += 8) {
    assert_status(uvpool_cancel(&jobs[i].task), 0);
  }
  for (int i = 0; i < COUNT; i += 2) {
    while (!job_is_done(&jobs[i])) {
      (void) uv_run(*state, UV_RUN_ONCE);
    }
  }
  long failures = wrap_disarm();
  assert_int_equal(failures, 0);
  assert_int_equal(wrap_census().blocks, before.blocks);
  gate_open(&gate);
  loop_run(*state);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(jobs[i].done, 1);
  }
  pool_close(*state, pool);
  jobs_free(jobs);
  jobs_free(blockers);
  gate_destroy(&gate);
}

/* Whatever call fails under submits with options: each is refused or ends once,
 * and with all in order again the pool works. */
static void use(run_t* run) {
  uvpool_t* pool = pool_open_with(run->loop, &run->options);
  job_t jobs[8];
  int accepted[8];
  wrap_arm(run->nth, run->for_ever);
  wrap_trust_timers();
  for (int i = 0; i < 8; i++) {
    job_init(&jobs[i], i);
    int rc = submit_any(pool, &jobs[i]);
    assert_0_or(rc, UV_EAGAIN);
    accepted[i] = rc == 0;
  }
  loop_turn(run->loop, 3);
  run->failures = wrap_disarm();
  loop_run(run->loop);
  for (int i = 0; i < 8; i++) {
    assert_int_equal(jobs[i].done, accepted[i]);
  }
  pool_close(run->loop, pool);
}

static void submits_survive_every_failure(void** state) {
  (void) state;
  uvpool_options_t options = with_classes();
  sweep("submit_ex", use, &options);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(submits_need_no_memory),
      cmocka_unit_test(submits_survive_every_failure),
  };
  return kit_run(argc, argv, tests);
}
