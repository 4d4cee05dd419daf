/* uvpool_default: one pool for the process, one handle on it per loop; and
 * uvpool_workers_all, which counts the workers of all pools. */
#include "child.h"
#include "kit.h"

/* Asked for twice it is the same; it works; it does not exist before. */
static void is_made_at_first_use(void** state) {
  uvpool_t* pool = NULL;
  uvpool_t* again = NULL;
  int handles = loop_handles(*state);
  assert_status(uvpool_release_default(), 0);
  assert_int_equal(loop_handles(*state), handles);
  assert_status(uvpool_default(*state, &pool), 0);
  assert_status(uvpool_default(*state, &again), 0);
  assert_ptr_equal(pool, again);
  assert_int_equal(uvpool_capacity(pool), 4);
  job_t* jobs = jobs_new(100, NULL);
  jobs_submit(pool, jobs, 100);
  loop_run(*state);
  jobs_assert_ran(jobs, 100);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* After its close the next call makes a new one, also while it still closes. */
static void is_made_again_after_close(void** state) {
  uvpool_t* pool = NULL;
  uvpool_t* next = NULL;
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_default(*state, &pool), 0);
  assert_status(uvpool_close(pool, NULL), 0);
  assert_status(uvpool_default(*state, &next), 0);
  assert_ptr_not_equal(pool, next);
  assert_status(job_submit(next, &job), 0);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, next);
}

/* Release, from any thread; the handle stays, and can be opened again. */
static void release_and_reboot(void** state) {
  uvpool_t* pool = NULL;
  uvpool_t* again = NULL;
  pool_end_t end = {0};
  job_t job;
  assert_status(uvpool_default(*state, &pool), 0);
  uvpool_set_data(pool, &end);
  job_init(&job, 0);
  assert_status(job_submit(pool, &job), 0);
  loop_run(*state);
  assert_status(uvpool_release_default(), 0);
  assert_status(uvpool_release_default(), 0);
  assert_int_equal(uvpool_is_closed(pool), 1);
  assert_status(job_submit(pool, &job), UV_ESHUTDOWN);
  assert_status(uvpool_default(*state, &again), 0);
  assert_ptr_equal(pool, again);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  loop_run(*state);
  assert_status(end.status, 0);
  assert_status(uvpool_reboot(pool), 0);
  job_init(&job, 0);
  assert_status(job_submit(pool, &job), 0);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, pool);
}

typedef struct other_loop_s {
  helper_t helper;
  const uvpool_t* first;
  int wrong;
} other_loop_t;

static void on_another_loop(void* arg) {
  other_loop_t* other = arg;
  uv_loop_t loop;
  uvpool_t* pool = NULL;
  job_t job;
  other->wrong += uv_loop_init(&loop) != 0;
  other->wrong += uvpool_default(&loop, &pool) != 0;
  other->wrong += pool == other->first;
  other->wrong += uvpool_get_loop(pool) != &loop;
  job_init(&job, 0);
  other->wrong += job_submit(pool, &job) != 0;
  uv_run(&loop, UV_RUN_DEFAULT);
  other->wrong += job.done != 1 || job.strayed != 0;
  other->wrong += uvpool_close(pool, NULL) != 0;
  uv_run(&loop, UV_RUN_DEFAULT);
  other->wrong += uv_loop_close(&loop) != 0;
}

/* Another loop gets another handle on the same pool. */
static void is_one_pool_for_all_loops(void** state) {
  uvpool_t* pool = NULL;
  assert_status(uvpool_default(*state, &pool), 0);
  other_loop_t other = {.first = pool};
  helper_start(&other.helper, on_another_loop, &other);
  helper_join(*state, &other.helper);
  assert_int_equal(other.wrong, 0);
  assert_int_equal(pool_stats(pool).accepted, 1);
  pool_close(*state, pool);
}

static int nobody_lives(void* arg) {
  (void) arg;
  return uvpool_workers_all() == 0;
}

/* The workers of all pools, whatever kind they are of. */
static void workers_all(void** state) {
  gate_t gate;
  gate_init(&gate);
  assert_int_equal(uvpool_workers_all(), 0);
  uvpool_t* pool = pool_open(*state, 3, 0);
  uvpool_multi_t* multi = multi_open(*state, 2, UVPOOL_ROUND_ROBIN, 1, 0);
  uvpool_t* by_default = NULL;
  assert_status(uvpool_default(*state, &by_default), 0);
  job_t* jobs = jobs_new(6, &gate);
  pool_occupy(pool, jobs, 3);
  multi_occupy(multi, jobs + 3, 2);
  pool_occupy(by_default, jobs + 5, 1);
  assert_int_equal(uvpool_workers_all(), 6);
  assert_int_equal(uvpool_workers_all(),
                   uvpool_workers(pool) + uvpool_multi_workers(multi) +
                       uvpool_workers(by_default));
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  multi_close(*state, multi);
  pool_close(*state, by_default);
  loop_run_until(*state, nobody_lives, NULL, "the last worker's end");
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void in_child(void* arg) {
  uvpool_t* parents = arg;
  uvpool_t* pool = NULL;
  uv_loop_t loop;
  CHILD_CHECK(uvpool_workers_all() == 0);
  CHILD_CHECK(uvpool_release_default() == 0);
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  CHILD_CHECK(uvpool_default(&loop, &pool) == 0);
  CHILD_CHECK(pool != parents);
  job_t job;
  job_init(&job, 0);
  CHILD_CHECK(job_submit(pool, &job) == 0);
  CHILD_CHECK(uvpool_workers_all() == 1);
  uv_run(&loop, UV_RUN_DEFAULT);
  CHILD_CHECK(job.done == 1 && job.status == 0);
  CHILD_CHECK(uvpool_close(pool, NULL) == 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  CHILD_CHECK(uv_loop_close(&loop) == 0);
}

/* A child does not inherit it, and makes its own. */
static void a_child_has_its_own(void** state) {
  uvpool_t* pool = NULL;
  job_t job;
  if (KIT_TSAN) {
    skip(); /* it does not let a child of a threaded process start threads */
  }
  job_init(&job, 0);
  assert_status(uvpool_default(*state, &pool), 0);
  assert_status(job_submit(pool, &job), 0);
  loop_run(*state);
  child_run(in_child, pool);
  pool_close(*state, pool);
}

static void einval(void** state) {
  uvpool_t* pool = NULL;
  assert_status(uvpool_default(NULL, &pool), UV_EINVAL);
  assert_status(uvpool_default(*state, NULL), UV_EINVAL);
  assert_null(pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(is_made_at_first_use),
      loop_test(is_made_again_after_close),
      loop_test(release_and_reboot),
      loop_test(is_one_pool_for_all_loops),
      loop_test(workers_all),
      loop_test(a_child_has_its_own),
      loop_test(einval),
  };
  return kit_run(argc, argv, tests);
}
