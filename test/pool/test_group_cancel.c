/* uvpool_group_cancel: what waits ends with UV_ECANCELED, what runs can see the
 * wish, and nobody else is touched. */
#include "kit.h"
#include "member.h"
#include "scale.h"

/* One runs, three wait, one of them behind another in a serial queue, one with
 * a deadline far away; another task is no member. */
static void waiting_end_and_running_see_it(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  uvpool_serial_t serial;
  told_t told = {0};
  told_t serial_told = {0};
  job_t* jobs = jobs_new(6, &gate);
  uvpool_task_options_t options;
  group_open(pool, &group, &told);
  serial_open(pool, &serial, &serial_told);
  jobs_submit_grouped(pool, jobs, 1, &group);
  gate_await(&gate, 1);
  uvpool_task_options_init(&options);
  options.group = &group;
  options.serial = &serial;
  assert_status(job_submit_ex(pool, &jobs[1], &options), 0);
  assert_status(job_submit_ex(pool, &jobs[2], &options), 0);
  options.serial = NULL;
  options.deadline_ns = uv_hrtime() + UINT64_C(3600000000000);
  assert_status(job_submit_ex(pool, &jobs[3], &options), 0);
  jobs_submit_grouped(pool, jobs + 4, 1, NULL);
  assert_int_equal(uvpool_waiting(pool), 4);

  job_enter_call();
  assert_status(uvpool_group_cancel(&group), 0);
  job_leave_call();
  assert_int_equal(uvpool_waiting(pool), 1);
  jobs_submit_grouped(pool, jobs + 5, 1, &group); /* may join at once */
  loop_run_until(*state, job_is_done, &jobs[3], "the last waiting one to end");
  jobs_assert_dropped(jobs + 1, 3, UV_ECANCELED);
  assert_int_equal(jobs[0].done, 0);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  assert_int_equal(jobs[0].cancelled, 1);
  jobs_assert_ran(jobs + 4, 2);
  assert_int_equal(jobs[4].cancelled, 0);
  assert_int_equal(jobs[5].cancelled, 0);
  told_assert(&told, 1, 0);
  assert_int_equal(pool_stats(pool).cancelled, 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Nobody there; all cancelled already; all over but for their done. */
static void of_nobody(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {0};
  job_t* jobs = jobs_new(3, &gate);
  group_open(pool, &group, &told);
  assert_status(uvpool_group_cancel(&group), 0);
  loop_turn(*state, 2);
  told_assert(&told, 0, 0);
  jobs_submit_grouped(pool, jobs, 3, &group);
  gate_await(&gate, 1);
  assert_status(uvpool_group_cancel(&group), 0);
  gate_open(&gate);
  pool_wait_completed(pool, 1);
  assert_status(uvpool_group_cancel(&group), 0);
  assert_status(uvpool_group_is_active(&group), 1);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  jobs_assert_dropped(jobs + 1, 2, UV_ECANCELED);
  told_assert(&told, 1, 0);
  assert_int_equal(pool_stats(pool).cancelled, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void cancel_group(job_t* job) {
  job->result = uvpool_group_cancel(job->arg);
}

/* From done of one of its tasks, and from the work of one. */
static void from_a_member(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {0};
  job_t* jobs = jobs_new(6, &gate);
  group_open(pool, &group, &told);
  jobs[0].arg = jobs[4].arg = &group;
  jobs[0].in_work = cancel_group;
  jobs_submit_grouped(pool, jobs, 4, &group);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  jobs_assert_dropped(jobs + 1, 3, UV_ECANCELED);

  /* The second of these may have begun before the first is done. */
  jobs[4].in_done = cancel_group;
  jobs_submit_grouped(pool, jobs + 4, 2, &group);
  loop_run(*state);
  job_assert_ran(&jobs[4]);
  assert_int_equal(jobs[5].done, 1);
  told_assert(&told, 2, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- From another thread ------------------------------------------------- */

typedef struct canceller_s {
  helper_t helper;
  uvpool_group_t* group;
  atomic_int stop;
  long calls;  /* its thread, read after the join */
  long failed; /* likewise */
} canceller_t;

static void cancel_again_and_again(void* arg) {
  canceller_t* canceller = arg;
  while (!atomic_load(&canceller->stop)) {
    canceller->failed += uvpool_group_cancel(canceller->group) != 0;
    canceller->failed += uvpool_group_is_active(canceller->group) < 0;
    canceller->calls++;
  }
}

static int left_to_join;
static int refused;

static void join_again(job_t* job) {
  uvpool_t* pool = uvpool_task_handle(&job->task);
  if (left_to_join > 0) {
    left_to_join--;
    refused += job_submit_grouped(pool, job, uvpool_get_data(pool)) != 0;
  }
}

/* Tasks come and go while another thread cancels without end: each ends exactly
 * once for each time it was accepted. */
static void from_another_thread(void** state) {
  enum { JOBS = 32 };
  static canceller_t canceller;
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {0};
  int rounds = (int) scaled(400000, "tasks");
  job_t* jobs = jobs_new(JOBS, NULL);
  left_to_join = rounds;
  refused = 0;
  group_open(pool, &group, &told);
  uvpool_set_data(pool, &group);
  canceller = (canceller_t) {.group = &group};
  helper_start(&canceller.helper, cancel_again_and_again, &canceller);
  for (int i = 0; i < JOBS; i++) {
    jobs[i].in_done = join_again;
  }
  jobs_submit_grouped(pool, jobs, JOBS, &group);
  loop_run(*state);
  atomic_store(&canceller.stop, 1);
  helper_join(*state, &canceller.helper);
  long ends = 0;
  for (int i = 0; i < JOBS; i++) {
    assert_int_equal(jobs[i].strayed, 0);
    ends += jobs[i].done;
  }
  assert_int_equal(refused, 0);
  assert_int_equal(ends, rounds + JOBS);
  assert_int_equal(canceller.failed, 0);
  assert_true(canceller.calls > 0);
  uvpool_stats_t stats = pool_stats(pool);
  assert_int_equal(stats.completed + stats.cancelled, ends);
  assert_true(told.empty >= 1);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* ---- Many ---------------------------------------------------------------- */

/* A hundred thousand at once, with one call; only that it works. */
static void a_hundred_thousand(void** state) {
  enum { COUNT = 100000 };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {0};
  job_t* jobs = jobs_new(COUNT, &gate);
  group_open(pool, &group, &told);
  jobs_submit_grouped(pool, jobs, COUNT, &group);
  gate_await(&gate, 1);
  assert_status(uvpool_group_cancel(&group), 0);
  assert_int_equal(uvpool_waiting(pool), 0);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  jobs_assert_dropped(jobs + 1, COUNT - 1, UV_ECANCELED);
  told_assert(&told, 1, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(waiting_end_and_running_see_it),
      loop_test(of_nobody),
      loop_test(from_a_member),
      loop_test(from_another_thread),
      loop_test(a_hundred_thousand),
  };
  return kit_run(argc, argv, tests);
}
