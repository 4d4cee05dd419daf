/* Pools share nothing: two on one loop, and many on many loops. */
#include "kit.h"

#include <string.h>

/* One is full, the other works on: a flood in one does not starve the other. */
static void a_full_pool_does_not_starve_another(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* slow = pool_open(*state, 2, 4);
  uvpool_t* fast = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* held = jobs_new(7, &gate);
  job_t* jobs = jobs_new(50, NULL);
  jobs_submit(slow, held, 6);
  assert_status(job_submit(slow, &held[6]), UV_EAGAIN);
  jobs_submit(fast, jobs, 50);
  for (int i = 0; i < 50; i++) {
    loop_run_until(*state, job_is_done, &jobs[i], "the other pool's tasks");
  }
  jobs_assert_ran(jobs, 50);
  assert_int_equal(held[0].done, 0);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(held, 6);
  pool_close(*state, slow);
  pool_close(*state, fast);
  jobs_free(held);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Closing one leaves the other as it was. */
static void closing_one_leaves_the_other(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* first = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_t* second = pool_open(*state, 1, UVPOOL_UNLIMITED);
  job_t* a = jobs_new(2, NULL);
  job_t* b = jobs_new(3, &gate);
  pool_occupy(second, b, 1);
  jobs_submit(second, &b[1], 1);
  jobs_submit(first, a, 2);
  assert_status(uvpool_close(first, NULL), 0);
  loop_run_until(*state, job_is_done, &a[0], "the first pool's tasks");
  assert_int_equal(uvpool_busy(second), 1);
  assert_int_equal(uvpool_waiting(second), 1);
  jobs_submit(second, &b[2], 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(b, 3);
  pool_close(*state, second);
  jobs_free(a);
  jobs_free(b);
  gate_destroy(&gate);
}

static void pass_on(job_t* job) {
  uvpool_t* other = job->arg;
  if (job->done > 20) {
    return;
  }
  job->arg = uvpool_task_handle(&job->task);
  (void) job_submit(other, job);
}

/* Tasks that go to and fro between the two. */
static void tasks_travel_between_them(void** state) {
  uvpool_t* first = pool_open(*state, 2, UVPOOL_UNLIMITED);
  uvpool_t* second = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(10, NULL);
  for (int i = 0; i < 10; i++) {
    jobs[i].arg = second;
    jobs[i].in_done = pass_on;
  }
  jobs_submit(first, jobs, 10);
  loop_run(*state);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(jobs[i].done, 21);
  }
  assert_int_equal(pool_stats(first).completed, 110);
  assert_int_equal(pool_stats(second).completed, 100);
  pool_close(*state, first);
  pool_close(*state, second);
  jobs_free(jobs);
}

enum { LOOPS = 6, CHAINS = 4, LINKS = 50 };

/* A thread with a loop and a pool of its own; everything is its own. */
typedef struct island_s {
  helper_t helper;
  uv_loop_t loop;
  uvpool_t* pool;
  job_t jobs[CHAINS];
  int failures;
} island_t;

static void link_on(job_t* job) {
  if (job->done < LINKS) {
    (void) job_submit(uvpool_task_handle(&job->task), job);
  }
}

static void live_on_an_island(void* arg) {
  island_t* island = arg;
  island->failures += uvpool_create(&island->loop, NULL, &island->pool) != 0;
  for (int i = 0; i < CHAINS; i++) {
    job_init(&island->jobs[i], i);
    island->jobs[i].in_done = link_on;
    island->failures += job_submit(island->pool, &island->jobs[i]) != 0;
  }
  (void) uv_run(&island->loop, UV_RUN_DEFAULT);
  island->failures += uvpool_close(island->pool, NULL) != 0;
  (void) uv_run(&island->loop, UV_RUN_DEFAULT);
}

/* Many threads, each with its loop and pool: every done comes on its own
 * loop. */
static void many_loops(void** state) {
  static island_t islands[LOOPS];
  memset(islands, 0, sizeof(islands));
  for (int i = 0; i < LOOPS; i++) {
    assert_int_equal(uv_loop_init(&islands[i].loop), 0);
  }
  for (int i = 0; i < LOOPS; i++) {
    helper_start(&islands[i].helper, live_on_an_island, &islands[i]);
  }
  for (int i = 0; i < LOOPS; i++) {
    helper_join(*state, &islands[i].helper);
    assert_int_equal(islands[i].failures, 0);
    assert_status(uv_loop_close(&islands[i].loop), 0);
    for (int k = 0; k < CHAINS; k++) {
      assert_int_equal(islands[i].jobs[k].done, LINKS);
      assert_int_equal(islands[i].jobs[k].strayed, 0);
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(a_full_pool_does_not_starve_another),
      loop_test(closing_one_leaves_the_other),
      loop_test(tasks_travel_between_them),
      loop_test(many_loops),
  };
  return kit_run(argc, argv, tests);
}
