/* uvpool_stats: ages and whose they are, and histograms. Times are asserted
 * from below, or against times taken around them. */
#include <stdlib.h>
#include <string.h>

#include "kit.h"

#define MS UINT64_C(1000000)

/* What the header allows for. */
#define TOLERANCE (5 * MS)

static uvpool_t* open_with_flags(uv_loop_t* loop,
                                 int64_t capacity,
                                 uint32_t flags) {
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.flags = flags;
  options.on_panic = pool_ignore_panic;
  return pool_open_with(loop, &options);
}

static void submit_labelled(uvpool_t* pool,
                            job_t* job,
                            int32_t task_class,
                            const char* label) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.task_class = task_class;
  options.label = label;
  assert_status(job_submit_ex(pool, job, &options), 0);
}

static void sleep_ms(uint64_t ms) {
  uint64_t until = uv_hrtime() + ms * MS;
  while (uv_hrtime() < until) {
    uv_sleep(1);
  }
}

static uint64_t bucket_sum(const uvpool_histogram_t* h) {
  uint64_t sum = 0;
  for (int i = 0; i < UVPOOL_HISTOGRAM_BUCKETS; i++) {
    sum += h->buckets[i];
  }
  return sum;
}

static void assert_sane(const uvpool_histogram_t* h) {
  assert_true(bucket_sum(h) == h->count);
  assert_true(h->max_ns <= h->sum_ns || h->count == 0);
  assert_true(uvpool_histogram_quantile(h, 1.0) <= h->max_ns);
}

/* ---- Ages ---------------------------------------------------------------- */

/* Nobody waits and nobody runs: 0, and no labels. */
static void no_ages(void** state) {
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_stats_t s;
  memset(&s, 0xa5, sizeof(s));
  assert_status(uvpool_stats(pool, &s), 0);
  assert_int_equal(s.oldest_waiting_ns, 0);
  assert_int_equal(s.longest_running_ns, 0);
  assert_null(s.oldest_waiting_label);
  assert_null(s.longest_running_label);
  assert_int_equal(s.wait.count + s.run.count, 0);
  pool_close(*state, pool);
}

/* The longest run and the oldest that waits, with their names, between bounds
 * that were measured around them. */
static void ages_and_whose_they_are(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(5, &gate);
  uint64_t before_run_ns = uv_hrtime();
  submit_labelled(pool, &jobs[0], 0, "first");
  gate_await(&gate, 1);
  uint64_t first_runs_ns = uv_hrtime();
  sleep_ms(10);
  submit_labelled(pool, &jobs[1], 3, "second");
  gate_await(&gate, 2);
  uint64_t before_wait_ns = uv_hrtime();
  submit_labelled(pool, &jobs[2], 5, "third");
  uint64_t third_waits_ns = uv_hrtime();
  sleep_ms(10);
  submit_labelled(pool, &jobs[3], 1, "fourth");
  jobs_submit(pool, &jobs[4], 1);
  uint64_t before_ns = uv_hrtime();
  uvpool_stats_t s = pool_stats(pool);
  uint64_t after_ns = uv_hrtime();
  assert_string_equal(s.longest_running_label, "first");
  assert_true(s.longest_running_ns + TOLERANCE >= before_ns - first_runs_ns);
  assert_true(s.longest_running_ns <= after_ns - before_run_ns + TOLERANCE);
  assert_string_equal(s.oldest_waiting_label, "third");
  assert_true(s.oldest_waiting_ns + TOLERANCE >= before_ns - third_waits_ns);
  assert_true(s.oldest_waiting_ns <= after_ns - before_wait_ns + TOLERANCE);
  gate_open(&gate);
  loop_run(*state);
  s = pool_stats(pool);
  assert_null(s.oldest_waiting_label);
  assert_null(s.longest_running_label);
  assert_int_equal(s.oldest_waiting_ns + s.longest_running_ns, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Of a plain task there is an age, but no label, though another has one. */
static void plain_ones_have_no_label(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(4, &gate);
  pool_occupy(pool, jobs, 1);
  sleep_ms(10);
  submit_labelled(pool, &jobs[1], 0, "later");
  gate_await(&gate, 2);
  jobs_submit(pool, &jobs[2], 1);
  sleep_ms(10);
  submit_labelled(pool, &jobs[3], 0, "later still");
  uvpool_stats_t s = pool_stats(pool);
  assert_true(s.longest_running_ns > 0);
  assert_null(s.longest_running_label);
  assert_true(s.oldest_waiting_ns > 0);
  assert_null(s.oldest_waiting_label);
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* The oldest is the oldest, not the one that will be taken next. */
static void the_oldest_whatever_its_priority(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(3, &gate);
  pool_occupy(pool, jobs, 1);
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.label = "low";
  options.priority = UVPOOL_PRIORITY_LOW;
  assert_status(job_submit_ex(pool, &jobs[1], &options), 0);
  sleep_ms(1);
  options.label = "high";
  options.priority = UVPOOL_PRIORITY_HIGH;
  assert_status(job_submit_ex(pool, &jobs[2], &options), 0);
  assert_string_equal(pool_stats(pool).oldest_waiting_label, "low");
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  assert_string_equal(pool_stats(pool).oldest_waiting_label, "high");
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- The longest run among short ones ------------------------------------ */

static atomic_uint_least64_t previous_end_ns;

static void nothing(void* arg) {
  (void) arg;
}

/* Works that take their time, after many that took none, while others come. */
static void take_time(job_t* job) {
  sleep_ms(10);
  atomic_store(&previous_end_ns, uv_hrtime());
  (void) uvpool_go(uvpool_task_handle(&job->task), nothing, NULL);
}

/* A worker whose tasks were short meets long ones: as long as others come, none
 * of them is said to run since before the one before it. */
static void long_ones_after_short_ones(void** state) {
  enum { SHORT = 1000, LONG = 4, ROUNDS = 20 };
  for (int round = 0; round < ROUNDS; round++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
    job_t* jobs = jobs_new(SHORT + LONG + 2, NULL);
    jobs[0].gate = &gate;
    jobs[SHORT + LONG + 1].gate = &gate;
    for (int i = SHORT + 1; i <= SHORT + LONG; i++) {
      jobs[i].in_work = take_time;
    }
    jobs_submit(pool, jobs, SHORT + LONG + 2);
    gate_admit(&gate, 1);
    gate_await(&gate, 2); /* the last one stands, with all others behind it */
    uint64_t ended_ns = atomic_load(&previous_end_ns);
    uvpool_stats_t s = pool_stats(pool);
    assert_true(s.longest_running_ns <= uv_hrtime() - ended_ns + TOLERANCE);
    gate_open(&gate);
    loop_run(*state);
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

/* ---- Histograms ---------------------------------------------------------- */

static void take_5_ms(job_t* job) {
  (void) job;
  sleep_ms(5);
}

/* With exact times every task that was taken is in, once. */
static void exact_times_hold_every_task(void** state) {
  enum { COUNT = 500 };
  uvpool_t* pool = open_with_flags(*state, 3, UVPOOL_EXACT_TIMES);
  job_t* jobs = jobs_new(3 * COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs_submit(pool, &jobs[3 * i], 1);
    submit_labelled(pool, &jobs[3 * i + 1], i % UVPOOL_CLASSES, NULL);
    assert_status(job_submit_deadline(pool, &jobs[3 * i + 2], 1), 0);
  }
  loop_run(*state);
  uvpool_stats_t s = pool_stats(pool);
  assert_int_equal(s.expired, COUNT);
  assert_int_equal(s.started, 2 * COUNT);
  assert_int_equal(s.wait.count, s.started);
  assert_int_equal(s.run.count, s.completed);
  assert_sane(&s.wait);
  assert_sane(&s.run);
  pool_close(*state, pool);
  jobs_free(jobs);
}

static void resubmit(job_t* job) {
  if (job->id-- > 0) {
    job->done = 0;
    (void) job_submit(uvpool_task_handle(&job->task), job);
  }
}

/* Also of those that come from done callbacks, by the dozen. */
static void exact_times_of_held_submits(void** state) {
  enum { TASKS = 50, ROUNDS = 20 };
  uvpool_t* pool = open_with_flags(*state, 2, UVPOOL_EXACT_TIMES);
  job_t* jobs = jobs_new(TASKS, NULL);
  for (int i = 0; i < TASKS; i++) {
    jobs[i].id = ROUNDS;
    jobs[i].in_done = resubmit;
  }
  jobs_submit(pool, jobs, TASKS);
  loop_run(*state);
  uvpool_stats_t s = pool_stats(pool);
  assert_int_equal(s.completed, TASKS * (ROUNDS + 1));
  assert_int_equal(s.wait.count, s.started);
  assert_int_equal(s.run.count, s.completed);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* Works that sleep are seen to, and so is the wait for them. */
static void sums_hold_what_was_slept(void** state) {
  enum { COUNT = 8 };
  const uint32_t flags[] = {0, UVPOOL_EXACT_TIMES};
  for (size_t f = 0; f < KIT_COUNT(flags); f++) {
    uvpool_t* pool = open_with_flags(*state, 1, flags[f]);
    job_t* jobs = jobs_new(COUNT, NULL);
    for (int i = 0; i < COUNT; i++) {
      jobs[i].in_work = take_5_ms;
      submit_labelled(pool, &jobs[i], 0, NULL);
    }
    loop_run(*state);
    uvpool_stats_t s = pool_stats(pool);
    assert_int_equal(s.run.count, COUNT);
    assert_int_equal(s.wait.count, COUNT);
    assert_true(s.run.sum_ns >= COUNT * 5 * MS);
    assert_true(s.run.max_ns >= 5 * MS);
    /* The i-th waits for i others. */
    assert_true(s.wait.sum_ns >= COUNT * (COUNT - 1) / 2 * 5 * MS - COUNT * MS);
    assert_true(uvpool_histogram_quantile(&s.run, 0.0) >= 4 * MS);
    assert_true(uvpool_histogram_quantile(&s.wait, 1.0) == s.wait.max_ns);
    pool_close(*state, pool);
    jobs_free(jobs);
  }
}

/* Sampled, the counts stay behind by what came since the last samples, and
 * never run ahead. */
static void sampled_counts_add_up(void** state) {
  enum { COUNT = 50000, WORKERS = 2 };
  uvpool_t* pool = open_with_flags(*state, WORKERS, 0);
  job_t* jobs = jobs_new(COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    jobs_submit(pool, &jobs[i], 1);
    if (i % 5000 == 0) {
      uvpool_stats_t s = pool_stats(pool);
      assert_true(s.run.count <= s.completed + s.panicked);
      assert_true(s.wait.count <= s.started);
      assert_sane(&s.run);
      assert_sane(&s.wait);
    }
  }
  loop_run(*state);
  uvpool_stats_t s = pool_stats(pool);
  assert_true(s.run.count <= COUNT && s.run.count + 64 * WORKERS >= COUNT);
  assert_true(s.wait.count <= COUNT && s.wait.count + 64 * WORKERS >= COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* How long a spun work took by its own clock; one worker writes. */
static uint64_t spun_ns;

static void spin_shortly(job_t* job) {
  (void) job;
  uint64_t began_ns = uv_hrtime();
  while (uv_hrtime() < began_ns + 500) {
  }
  spun_ns += uv_hrtime() - began_ns;
}

/* What samples say of short works is about what the works took: not what those
 * took that were passed over, many times. */
static void samples_stand_for_their_like(void** state) {
  enum { COUNT = 100000 };
  uvpool_t* pool = open_with_flags(*state, 1, 0);
  job_t* jobs = jobs_new(COUNT, NULL);
  spun_ns = 0;
  for (int i = 0; i < COUNT; i++) {
    jobs[i].in_work = spin_shortly;
  }
  jobs_submit(pool, jobs, COUNT);
  loop_run(*state);
  uvpool_stats_t s = pool_stats(pool);
  /* The middle one by buckets: a factor of two, and as much for the rest of the
   * work. No sample of one task has the length of ten. */
  assert_true(uvpool_histogram_quantile(&s.run, 0.5) <=
              10 * (spun_ns / COUNT) + 1000);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* A work that panics has not returned: not in `run`, but it was taken. */
static void panics_have_not_returned(void** state) {
  uvpool_t* pool = open_with_flags(*state, 1, UVPOOL_EXACT_TIMES);
  job_t* jobs = jobs_new(10, NULL);
  for (int i = 0; i < 5; i++) {
    jobs[2 * i].in_work = job_panic;
  }
  jobs_submit(pool, jobs, 10);
  loop_run(*state);
  uvpool_stats_t s = pool_stats(pool);
  assert_int_equal(s.panicked, 5);
  assert_int_equal(s.wait.count, 10);
  assert_int_equal(s.run.count, s.completed);
  pool_close(*state, pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(no_ages),
      loop_test(ages_and_whose_they_are),
      loop_test(plain_ones_have_no_label),
      loop_test(the_oldest_whatever_its_priority),
      loop_test(long_ones_after_short_ones),
      loop_test(exact_times_hold_every_task),
      loop_test(exact_times_of_held_submits),
      loop_test(sums_hold_what_was_slept),
      loop_test(sampled_counts_add_up),
      loop_test(samples_stand_for_their_like),
      loop_test(panics_have_not_returned),
  };
  return kit_run(argc, argv, tests);
}
