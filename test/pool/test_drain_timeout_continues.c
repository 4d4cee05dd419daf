/* A drain that timed out goes on draining; it may be asked again. */
#include "kit.h"

enum { COUNT = 4 };

/* Runs the loop until the pending drain or release ends, and says how. */
static int await_end(uv_loop_t* loop, pool_end_t* end) {
  loop_run_until(loop, pool_is_released, end, "the end of the drain");
  end->count = 0;
  return end->status;
}

/* A pool that has begun to drain and whose only worker is held. */
static uvpool_t* open_draining(uv_loop_t* loop,
                               gate_t* gate,
                               job_t* jobs,
                               pool_end_t* end,
                               uint64_t timeout_ms) {
  uvpool_t* pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  uvpool_set_data(pool, end);
  pool_occupy(pool, jobs, 1);
  assert_int_equal(gate_arrived(gate), 1);
  jobs_submit(pool, &jobs[1], COUNT - 1);
  assert_status(uvpool_drain(pool, timeout_ms, pool_on_release), 0);
  return pool;
}

/* After the timeout what waits is run all the same, and nothing is
 * cancelled. */
static void runs_the_rest_after_the_timeout(void** state) {
  gate_t gate;
  gate_init(&gate);
  pool_end_t end = {0};
  job_t* jobs = jobs_new(COUNT, &gate);
  uvpool_t* pool = open_draining(*state, &gate, jobs, &end, 5);
  assert_status(await_end(*state, &end), UV_ETIMEDOUT);
  assert_int_equal(uvpool_waiting(pool), COUNT - 1);
  job_t late;
  job_init(&late, COUNT);
  assert_status(job_submit(pool, &late), UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  pool_await_workers(*state, pool, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Asked again it reports the end. */
static void may_be_asked_again(void** state) {
  gate_t gate;
  gate_init(&gate);
  pool_end_t end = {0};
  job_t* jobs = jobs_new(COUNT, &gate);
  uvpool_t* pool = open_draining(*state, &gate, jobs, &end, 0);
  assert_status(await_end(*state, &end), UV_ETIMEDOUT);
  assert_status(uvpool_drain(pool, 1, pool_on_release), 0);
  assert_status(await_end(*state, &end), UV_ETIMEDOUT);
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  gate_open(&gate);
  assert_status(await_end(*state, &end), 0);
  jobs_assert_ran(jobs, COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A release_timeout after the timeout cancels what is left. */
static void may_be_followed_by_a_release(void** state) {
  gate_t gate;
  gate_init(&gate);
  pool_end_t end = {0};
  job_t* jobs = jobs_new(COUNT, &gate);
  uvpool_t* pool = open_draining(*state, &gate, jobs, &end, 0);
  assert_status(await_end(*state, &end), UV_ETIMEDOUT);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_int_equal(uvpool_waiting(pool), 0);
  gate_open(&gate);
  assert_status(await_end(*state, &end), 0);
  job_assert_ran(&jobs[0]);
  jobs_assert_dropped(&jobs[1], COUNT - 1, UV_ECANCELED);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A reboot is refused until the drain is really over. */
static void reboot_waits_for_the_end(void** state) {
  gate_t gate;
  gate_init(&gate);
  pool_end_t end = {0};
  job_t* jobs = jobs_new(COUNT, &gate);
  uvpool_t* pool = open_draining(*state, &gate, jobs, &end, 0);
  assert_status(await_end(*state, &end), UV_ETIMEDOUT);
  assert_status(uvpool_reboot(pool), UV_EBUSY);
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  gate_open(&gate);
  assert_status(await_end(*state, &end), 0);
  jobs_assert_ran(jobs, COUNT);
  assert_status(uvpool_reboot(pool), 0);
  jobs[0].done = 0;
  jobs_submit(pool, jobs, 1);
  loop_run(*state);
  assert_int_equal(jobs[0].done, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(runs_the_rest_after_the_timeout),
      loop_test(may_be_asked_again),
      loop_test(may_be_followed_by_a_release),
      loop_test(reboot_waits_for_the_end),
  };
  return kit_run(argc, argv, tests);
}
