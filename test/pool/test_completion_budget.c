/* completions_per_turn and completion_budget_us: a flood of completions does
 * not keep the loop from its other work. */
#include "kit.h"

enum { COUNT = 1000 };

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
  if (turns->done > turns->most) {
    turns->most = turns->done;
  }
}

static void count_slow_done(job_t* job) {
  uint64_t until = uv_hrtime() + 20000;
  count_done(job);
  while (uv_hrtime() < until) {
    continue;
  }
}

static void turns_open(turns_t* turns, uv_loop_t* loop) {
  *turns = (turns_t) {.turns = 0};
  assert_int_equal(uv_check_init(loop, &turns->check), 0);
  turns->check.data = turns;
  assert_int_equal(uv_check_start(&turns->check, on_check), 0);
  uv_unref((uv_handle_t*) &turns->check);
}

/* Has COUNT works completed before the loop runs for the first time, then runs
 * it to its end. */
static void flood(uv_loop_t* loop,
                  turns_t* turns,
                  uvpool_options_t* options,
                  void (*in_done)(job_t* job)) {
  turns_open(turns, loop);
  uvpool_t* pool = pool_open_with(loop, options);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].in_done = in_done;
    jobs[i].arg = turns;
  }
  jobs_submit(pool, jobs, COUNT);
  pool_wait_completed(pool, COUNT);
  loop_run(loop);
  jobs_assert_ran(jobs, COUNT);
  loop_close_handle(loop, (uv_handle_t*) &turns->check);
  pool_close(loop, pool);
  jobs_free(jobs);
}

/* One done a turn: as many turns as tasks. */
static void one_per_turn(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completions_per_turn = 1;
  options.completion_budget_us = UVPOOL_UNLIMITED;
  flood(*state, &turns, &options, count_done);
  assert_int_equal(turns.most, 1);
  assert_true(turns.turns >= COUNT);
}

/* Any other number. */
static void so_many_per_turn(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completions_per_turn = 64;
  options.completion_budget_us = UVPOOL_UNLIMITED;
  flood(*state, &turns, &options, count_done);
  assert_true(turns.most <= 64);
  assert_true(turns.turns >= COUNT / 64);
}

/* Without either budget, what is due is delivered in one turn. */
static void unlimited(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completions_per_turn = UVPOOL_UNLIMITED;
  options.completion_budget_us = UVPOOL_UNLIMITED;
  flood(*state, &turns, &options, count_done);
  assert_int_equal(turns.most, COUNT);
}

/* The time budget: slow dones do not all run in one turn. */
static void so_long_per_turn(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completion_budget_us = 1;
  flood(*state, &turns, &options, count_slow_done);
  assert_true(turns.most < COUNT);
  assert_true(turns.turns > 1);
}

/* The defaults have a time budget: 20 ms of dones take several turns. */
static void the_default_is_a_budget(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  flood(*state, &turns, &options, count_slow_done);
  assert_true(turns.most < COUNT);
}

static void on_timer(uv_timer_t* timer) {
  (*(int*) timer->data)++;
}

static void note_timer(job_t* job) {
  int* fired = job->arg;
  if (*fired > 0) {
    job->id = -1;
  }
}

/* A timer that is due runs between two batches of a flood. */
static void timers_run_in_between(void** state) {
  int fired = 0;
  uv_timer_t timer;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completions_per_turn = 10;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].in_done = note_timer;
    jobs[i].arg = &fired;
  }
  jobs_submit(pool, jobs, COUNT);
  pool_wait_completed(pool, COUNT);
  assert_int_equal(uv_timer_init(*state, &timer), 0);
  timer.data = &fired;
  assert_int_equal(uv_timer_start(&timer, on_timer, 0, 0), 0);
  loop_run(*state);
  int after_timer = 0;
  for (int i = 0; i < COUNT; i++) {
    after_timer += jobs[i].id == -1;
  }
  assert_int_equal(fired, 1);
  assert_true(after_timer >= COUNT - 10);
  loop_close_handle(*state, (uv_handle_t*) &timer);
  pool_close(*state, pool);
  jobs_free(jobs);
}

static void submit_again(job_t* job) {
  count_done(job);
  if (job->done < 100) {
    (void) job_submit(uvpool_task_handle(&job->task), job);
  }
}

/* Tasks resubmitted from their done do not keep the loop in one turn for ever:
 * with a budget of one, every done has its own turn. */
static void a_chain_of_resubmits_yields(void** state) {
  turns_t turns;
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completions_per_turn = 1;
  turns_open(&turns, *state);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(8, NULL);
  for (int i = 0; i < 8; i++) {
    jobs[i].in_done = submit_again;
    jobs[i].arg = &turns;
  }
  jobs_submit(pool, jobs, 8);
  loop_run(*state);
  for (int i = 0; i < 8; i++) {
    assert_int_equal(jobs[i].done, 100);
  }
  assert_int_equal(turns.most, 1);
  loop_close_handle(*state, (uv_handle_t*) &turns.check);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* A close with a backlog delivers all of it, budget or not, before close_cb. */
static void close_delivers_the_backlog(void** state) {
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.completions_per_turn = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(50, NULL);
  jobs_submit(pool, jobs, 50);
  pool_wait_completed(pool, 50);
  pool_close(*state, pool);
  jobs_assert_ran(jobs, 50);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(one_per_turn),
      loop_test(so_many_per_turn),
      loop_test(unlimited),
      loop_test(so_long_per_turn),
      loop_test(the_default_is_a_budget),
      loop_test(timers_run_in_between),
      loop_test(a_chain_of_resubmits_yields),
      loop_test(close_delivers_the_backlog),
  };
  return kit_run(argc, argv, tests);
}
