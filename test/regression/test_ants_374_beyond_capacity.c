/* ants #374 (and #26, #70, #154, #336): the lock was given up between the
 * decision to start a worker and its start, so that several submitters took the
 * last place at once and more ran than the capacity allows.
 *
 * Here the place is taken under the lock, before the thread is started. */
#include "kit.h"

enum { SUBMITTERS = 8, PER_SUBMITTER = 20, CAPACITY = 2, ROUNDS = 60 };

typedef struct rush_s {
  uvpool_t* pool;
  atomic_int start;
  job_t* jobs; /* SUBMITTERS * PER_SUBMITTER */
} rush_t;

typedef struct submitter_s {
  helper_t helper;
  rush_t* rush;
  job_t* jobs;
  int refused;
} submitter_t;

static void rush_in(void* arg) {
  submitter_t* submitter = arg;
  while (!atomic_load(&submitter->rush->start)) {
    continue;
  }
  for (int i = 0; i < PER_SUBMITTER; i++) {
    submitter->refused +=
        job_submit(submitter->rush->pool, &submitter->jobs[i]) != 0;
  }
}

static int all_done(void* arg) {
  rush_t* rush = arg;
  for (int i = 0; i < SUBMITTERS * PER_SUBMITTER; i++) {
    if (rush->jobs[i].done == 0) {
      return 0;
    }
  }
  return 1;
}

static void yield_in_work(job_t* job) {
  (void) job;
  uv_sleep(0);
}

static void check_round(uv_loop_t* loop, gauge_t* gauge) {
  submitter_t submitters[SUBMITTERS];
  rush_t rush = {.pool = pool_open(loop, CAPACITY, UVPOOL_UNLIMITED),
                 .jobs = jobs_new(SUBMITTERS * PER_SUBMITTER, NULL)};
  for (int i = 0; i < SUBMITTERS * PER_SUBMITTER; i++) {
    rush.jobs[i].gauge = gauge;
    rush.jobs[i].in_work = yield_in_work;
  }
  for (int i = 0; i < SUBMITTERS; i++) {
    submitters[i].refused = 0;
    submitters[i].rush = &rush;
    submitters[i].jobs = &rush.jobs[i * PER_SUBMITTER];
    helper_start(&submitters[i].helper, rush_in, &submitters[i]);
  }
  atomic_store(&rush.start, 1);
  for (int i = 0; i < SUBMITTERS; i++) {
    helper_join(loop, &submitters[i].helper);
    assert_int_equal(submitters[i].refused, 0);
  }
  loop_run_until(loop, all_done, &rush, "all tasks");
  uvpool_stats_t stats = pool_stats(rush.pool);
  assert_true(stats.workers_max <= CAPACITY);
  assert_true(stats.busy_max <= CAPACITY);
  assert_true(stats.workers_started <= CAPACITY);
  pool_close(loop, rush.pool);
  jobs_free(rush.jobs);
}

/* Eight threads rush into an empty pool of two. */
static void a_rush_into_an_empty_pool(void** state) {
  gauge_t gauge;
  gauge_init(&gauge);
  for (int round = 0; round < ROUNDS; round++) {
    check_round(*state, &gauge);
  }
  assert_true(gauge_most(&gauge) <= CAPACITY);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(a_rush_into_an_empty_pool),
  };
  return kit_run(argc, argv, tests);
}
