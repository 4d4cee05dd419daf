/* uvpool_attach: several loops on several threads, one pool. A completion comes
 * back on the loop of the handle that its task was submitted with; each handle
 * closes on its own while the others go on. */
#include "kit.h"

/* A thread with a loop of its own, its handle and its jobs. */
typedef struct side_s {
  helper_t helper;
  uvpool_t* first; /* to attach to */
  int count;
  atomic_int attached;
  atomic_int* go; /* not before this is set */
  job_t* jobs;
  int wrong; /* what the thread found not to be so */
} side_t;

static void side_check(side_t* side, int right) {
  side->wrong += right == 0;
}

static void side_submit_all(side_t* side, uvpool_t* pool) {
  for (int i = 0; i < side->count; i++) {
    job_init(&side->jobs[i], i);
    side->jobs[i].result = i;
    side_check(side, job_submit(pool, &side->jobs[i]) == 0);
  }
}

static void side_run(void* arg) {
  side_t* side = arg;
  uv_loop_t loop;
  uvpool_t* pool = NULL;
  side_check(side, uv_loop_init(&loop) == 0);
  side_check(side, uvpool_attach(side->first, &loop, &pool) == 0);
  side_check(side, uvpool_get_loop(pool) == &loop);
  atomic_store(&side->attached, 1);
  while (atomic_load(side->go) == 0) {
    uv_sleep(1);
  }
  side_submit_all(side, pool);
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < side->count; i++) {
    job_t* job = &side->jobs[i];
    side_check(side, job->done == 1 && job->status == i && job->strayed == 0);
  }
  side_check(side, uvpool_close(pool, NULL) == 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  side_check(side, uv_loop_close(&loop) == 0);
}

static int is_attached(void* side) {
  return atomic_load(&((side_t*) side)->attached);
}

enum { SIDES = 7 };

static side_t sides[SIDES];
static atomic_int go;

static void sides_start(uv_loop_t* loop, uvpool_t* pool, int count) {
  atomic_store(&go, 0);
  for (int i = 0; i < SIDES; i++) {
    sides[i] = (side_t) {.first = pool, .count = count, .go = &go};
    sides[i].jobs = jobs_new(count, NULL);
    helper_start(&sides[i].helper, side_run, &sides[i]);
    loop_run_until(loop, is_attached, &sides[i], "a loop to attach");
  }
}

static void sides_join(uv_loop_t* loop) {
  for (int i = 0; i < SIDES; i++) {
    helper_join(loop, &sides[i].helper);
    assert_int_equal(sides[i].wrong, 0);
    jobs_free(sides[i].jobs);
  }
}

/* Eight loops share two workers; each hears of its own tasks alone. */
static void eight_loops(void** state) {
  enum { COUNT = 4000 };
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  sides_start(*state, pool, COUNT);
  job_t* jobs = jobs_new(COUNT, NULL);
  atomic_store(&go, 1);
  jobs_submit(pool, jobs, COUNT);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  sides_join(*state);
  assert_int_equal(pool_stats(pool).accepted, COUNT * (SIDES + 1));
  assert_true(pool_stats(pool).busy_max <= 2);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* The handle that was first, and keeps the timers, closes first: the others go
 * on, and their workers still expire. */
static void the_first_may_close_first(void** state) {
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.expiry_ms = 20;
  uvpool_t* pool = pool_open_with(*state, &options);
  uvpool_t* second = NULL;
  job_t* jobs = jobs_new(8, NULL);
  assert_status(uvpool_attach(pool, *state, &second), 0);
  jobs_submit(pool, jobs, 4);
  loop_run(*state);
  pool_close(*state, pool);
  jobs_submit(second, jobs + 4, 4);
  loop_run(*state);
  jobs_assert_ran(jobs, 8);
  pool_await_workers(*state, second, 0);
  assert_int_equal(loop_active_timers(*state), 0);
  pool_close(*state, second);
  jobs_free(jobs);
}

/* A close ends what waits with that handle, and nothing else. */
static void close_is_for_one_handle(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_t* second = NULL;
  assert_status(uvpool_attach(pool, *state, &second), 0);
  job_t* jobs = jobs_new(5, &gate);
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, jobs + 1, 2);
  jobs_submit(second, jobs + 3, 2);
  assert_status(uvpool_close(second, NULL), 0);
  assert_status(uvpool_attach(second, *state, &second), UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  jobs_assert_dropped(jobs + 3, 2, UV_ECANCELED);
  assert_int_equal(uvpool_is_closed(pool), 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Release is for the pool: every handle hears of it, also one that comes
 * later. */
static void release_is_for_the_pool(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  uvpool_t* second = NULL;
  uvpool_t* third = NULL;
  pool_end_t end = {0};
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_attach(pool, *state, &second), 0);
  assert_status(uvpool_release(second), 0);
  assert_status(uvpool_attach(pool, *state, &third), 0);
  assert_int_equal(uvpool_is_closed(third), 1);
  uvpool_set_data(third, &end);
  assert_status(uvpool_release_timeout(third, UINT64_MAX, pool_on_release), 0);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  assert_status(uvpool_reboot(second), 0);
  assert_status(job_submit(pool, &job), 0);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, second);
  pool_close(*state, pool);
  pool_close(*state, third);
}

/* What is wrong is said so. */
static void einval(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  uvpool_t* second = NULL;
  assert_status(uvpool_attach(NULL, *state, &second), UV_EINVAL);
  assert_status(uvpool_attach(pool, NULL, &second), UV_EINVAL);
  assert_status(uvpool_attach(pool, *state, NULL), UV_EINVAL);
  uvpool_multi_t* multi = multi_open(*state, 2, UVPOOL_ROUND_ROBIN, 1, 0);
  assert_status(uvpool_attach(uvpool_multi_pool(multi, 0), *state, &second),
                UV_EINVAL);
  assert_null(second);
  multi_close(*state, multi);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(eight_loops),
      loop_test(the_first_may_close_first),
      loop_test(close_is_for_one_handle),
      loop_test(release_is_for_the_pool),
      loop_test(einval),
  };
  return kit_run(argc, argv, tests);
}
