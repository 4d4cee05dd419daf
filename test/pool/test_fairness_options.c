/* Fairness on the loop with tasks of all kinds: the limits of a turn hold for
 * those with options, and for those that expire, as for plain ones; of one
 * worker, done comes in the order of the ends. */
#include "kit.h"

enum { COUNT = 600 };

/* Counts how many dones run between two checks of the loop. */
typedef struct turns_s {
  uv_check_t check;
  int turns; /* checks so far */
  int done;  /* since the last check */
  int most;  /* at most so */
} turns_t;

static void on_check(uv_check_t* check) {
  turns_t* turns = check->data;
  turns->turns++;
  turns->done = 0;
}

static void count_done(job_t* job) {
  turns_t* turns = job->arg;
  turns->done++;
  turns->most = turns->done > turns->most ? turns->done : turns->most;
}

static void count_slow_done(job_t* job) {
  uint64_t until = uv_hrtime() + 20000;
  count_done(job);
  while (uv_hrtime() < until) {
    continue;
  }
}

/* Plain, of each class, of each priority, with deadlines to come and with one
 * that is over. */
static int submit_any(uvpool_t* pool, job_t* job) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.task_class = job->id % UVPOOL_CLASSES;
  options.priority = job->id % 3;
  options.deadline_ns = job->id % 4 == 0 ? 1
                        : job->id % 4 == 1
                            ? uv_hrtime() + UINT64_C(3600000000000)
                            : 0;
  return job->id % 5 == 0 ? job_submit(pool, job)
                          : job_submit_ex(pool, job, &options);
}

static int all_are_over(void* pool) {
  uvpool_stats_t s = pool_stats(pool);
  return s.completed + s.expired == COUNT;
}

/* Has all of them ended before the loop runs for the first time. */
static void flood(uv_loop_t* loop,
                  turns_t* turns,
                  uvpool_options_t* options,
                  void (*in_done)(job_t* job)) {
  *turns = (turns_t) {.turns = 0};
  assert_int_equal(uv_check_init(loop, &turns->check), 0);
  turns->check.data = turns;
  assert_int_equal(uv_check_start(&turns->check, on_check), 0);
  uv_unref((uv_handle_t*) &turns->check);
  uvpool_t* pool = pool_open_with(loop, options);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].in_done = in_done;
    jobs[i].arg = turns;
    assert_status(submit_any(pool, &jobs[i]), 0);
  }
  kit_wait_until(all_are_over, pool, "all tasks to end");
  loop_run(loop);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(jobs[i].done, 1);
    assert_int_equal(jobs[i].strayed, 0);
  }
  loop_close_handle(loop, (uv_handle_t*) &turns->check);
  pool_close(loop, pool);
  jobs_free(jobs);
}

/* So many dones a turn and no more. */
static void so_many_per_turn(void** state) {
  const int limits[] = {1, 16};
  for (size_t i = 0; i < KIT_COUNT(limits); i++) {
    turns_t turns;
    uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
    options.completions_per_turn = limits[i];
    options.completion_budget_us = UVPOOL_UNLIMITED;
    flood(*state, &turns, &options, count_done);
    assert_true(turns.most <= limits[i]);
    assert_true(turns.turns >= COUNT / limits[i]);
  }
}

/* Slow dones do not all run in one turn. */
static void so_long_per_turn(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completion_budget_us = 1;
  flood(*state, &turns, &options, count_slow_done);
  assert_true(turns.most < COUNT);
  assert_true(turns.turns > 1);
}

/* Without limits all of them in one. */
static void unlimited(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completions_per_turn = UVPOOL_UNLIMITED;
  options.completion_budget_us = UVPOOL_UNLIMITED;
  flood(*state, &turns, &options, count_done);
  assert_int_equal(turns.most, COUNT);
}

/* One worker: done comes in the order in which the works ran, whatever their
 * classes and priorities. */
static void done_in_the_order_of_the_ends(void** state) {
  enum { TASKS = RECORDER_MAX / 2 };
  static recorder_t recorder;
  recorder_init(&recorder);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(TASKS, NULL);
  for (int i = 0; i < TASKS; i++) {
    uvpool_task_options_t options;
    uvpool_task_options_init(&options);
    options.task_class = i % UVPOOL_CLASSES;
    options.priority = i % 3;
    jobs[i].recorder = &recorder;
    assert_status(job_submit_ex(pool, &jobs[i], &options), 0);
  }
  loop_run(*state);
  unsigned next_work = 0;
  for (unsigned i = 0; i < 2 * TASKS; i++) {
    if (*recorder.words[i] == 'd') {
      while (*recorder.words[next_work] != 'w') {
        next_work++;
      }
      assert_int_equal(recorder.numbers[i], recorder.numbers[next_work++]);
    }
  }
  assert_int_equal(recorder_count(&recorder, "done"), TASKS);
  pool_close(*state, pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(so_many_per_turn),
      loop_test(so_long_per_turn),
      loop_test(unlimited),
      loop_test(done_in_the_order_of_the_ends),
  };
  return kit_run(argc, argv, tests);
}
