/* Order: with one worker, tasks run in the order of submission and their dones
 * come in that order too. */
#include "kit.h"

enum { COUNT = 300 };

typedef struct order_s {
  int next;  /* the id whose done is due */
  int wrong; /* dones that came out of turn */
} order_t;

static void note_order(job_t* job) {
  order_t* order = job->arg;
  order->wrong += job->id != order->next;
  order->next = job->id + 1;
}

static atomic_int next_work;
static atomic_int wrong_works;

static void note_work(job_t* job) {
  if (atomic_fetch_add(&next_work, 1) != job->id) {
    atomic_fetch_add(&wrong_works, 1);
  }
}

static job_t* ordered_jobs(order_t* order) {
  job_t* jobs = jobs_new(COUNT, NULL);
  *order = (order_t) {0, 0};
  atomic_store(&next_work, 0);
  atomic_store(&wrong_works, 0);
  for (int i = 0; i < COUNT; i++) {
    jobs[i].arg = order;
    jobs[i].in_done = note_order;
    jobs[i].in_work = note_work;
  }
  return jobs;
}

static void check_order(uv_loop_t* loop, uvpool_options_t* options) {
  order_t order;
  uvpool_t* pool = pool_open_with(loop, options);
  job_t* jobs = ordered_jobs(&order);
  jobs_submit(pool, jobs, COUNT);
  loop_run(loop);
  jobs_assert_ran(jobs, COUNT);
  assert_int_equal(atomic_load(&wrong_works), 0);
  assert_int_equal(order.wrong, 0);
  pool_close(loop, pool);
  jobs_free(jobs);
}

/* The loop runs meanwhile. */
static void one_worker(void** state) {
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  check_order(*state, &options);
}

/* A small budget keeps the order from batch to batch. */
static void one_worker_small_batches(void** state) {
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.completions_per_turn = 7;
  check_order(*state, &options);
}

/* Everything was over before the loop ran. */
static void delivered_late(void** state) {
  order_t order;
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* jobs = ordered_jobs(&order);
  jobs_submit(pool, jobs, COUNT);
  pool_wait_completed(pool, COUNT);
  loop_run(*state);
  assert_int_equal(order.wrong, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* What a release or close cancels is told in the order of submission. */
static void cancelled_in_order(void** state) {
  for (int close = 0; close < 2; close++) {
    gate_t gate;
    gate_init(&gate);
    order_t order;
    uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
    job_t* jobs = ordered_jobs(&order);
    job_t held;
    job_init(&held, -1);
    held.gate = &gate;
    pool_occupy(pool, &held, 1);
    jobs_submit(pool, jobs, COUNT);
    assert_status(close ? uvpool_close(pool, NULL) : uvpool_release(pool), 0);
    gate_open(&gate);
    loop_run(*state);
    jobs_assert_dropped(jobs, COUNT, UV_ECANCELED);
    assert_int_equal(order.wrong, 0);
    if (!close) {
      pool_close(*state, pool);
    }
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(one_worker),
      loop_test(one_worker_small_batches),
      loop_test(delivered_late),
      loop_test(cancelled_in_order),
  };
  return kit_run(argc, argv, tests);
}
