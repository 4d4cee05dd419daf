/* Groups and the life of their handle and pool: uvpool_close on the handle
 * closes its groups, release and drain end their tasks as all others, and a
 * group outlives a reboot. */
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "member.h"

static recorder_t recorder;

static void on_pool_closed(uvpool_t* pool) {
  (void) pool;
  recorder_note(&recorder, "pool", 0);
}

/* A handle with three groups: open with tasks, closing with tasks, open and
 * empty. All tasks end once; the close_cb that was asked for comes, before that
 * of the handle; nothing is told as "empty". */
static void handle_closes(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  uvpool_group_t groups[3];
  told_t told[3];
  job_t* jobs = jobs_new(6, &gate);
  recorder_init(&recorder);
  for (int i = 0; i < 3; i++) {
    told[i] = (told_t) {.id = i, .recorder = &recorder};
    group_open(pool, &groups[i], &told[i]);
  }
  jobs_submit_grouped(pool, jobs, 1, &groups[0]);
  jobs_submit_grouped(pool, jobs + 1, 1, &groups[1]);
  gate_await(&gate, 2);
  jobs_submit_grouped(pool, jobs + 2, 2, &groups[0]);
  jobs_submit_grouped(pool, jobs + 4, 1, &groups[1]);
  assert_status(group_close(&groups[1]), 0);
  assert_status(uvpool_close(pool, on_pool_closed), 0);
  assert_status(group_close(&groups[0]), UV_EALREADY);
  assert_status(job_submit_grouped(pool, &jobs[5], &groups[0]), UV_ESHUTDOWN);
  told_assert(&told[1], 0, 0);
  gate_open(&gate);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder), "close:1 pool:0");
  for (int i = 0; i < 3;
       i++) { /* closed is closed, though the handle is gone */
    assert_status(group_close(&groups[i]), UV_EALREADY);
  }
  jobs_assert_ran(jobs, 2);
  jobs_assert_dropped(jobs + 2, 3, UV_ECANCELED);
  job_assert_untouched(&jobs[5]);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A group that nobody closes is the caller's when the handle's close callback
 * has returned, and is not touched after. */
static void left_open_until_the_end(void** state) {
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0);
  uvpool_group_t* left_open = malloc(sizeof(*left_open));
  assert_non_null(left_open);
  recorder_init(&recorder);
  assert_status(uvpool_group_init(pool, left_open, NULL), 0);
  assert_status(job_submit_grouped(pool, &job, left_open), 0);
  assert_status(uvpool_close(pool, on_pool_closed), 0);
  while (recorder_count(&recorder, "pool") == 0) {
    (void) loop_run_mode(*state, UV_RUN_ONCE);
  }
  free(left_open);
  loop_run(*state);
  assert_int_equal(job.done, 1);
}

/* Many groups with many tasks each, half of them closing, all when the handle
 * goes: every task ends exactly once, every close_cb that is due comes. */
static void many_groups(void** state) {
  enum { GROUPS = 64, EACH = 16, COUNT = GROUPS * EACH };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  uvpool_group_t* groups = calloc(GROUPS, sizeof(*groups));
  told_t* told = calloc(GROUPS, sizeof(*told));
  job_t* jobs = jobs_new(COUNT, &gate);
  assert_non_null(groups);
  assert_non_null(told);
  for (int i = 0; i < GROUPS; i++) {
    group_open(pool, &groups[i], &told[i]);
    jobs_submit_grouped(pool, jobs + (ptrdiff_t) i * EACH, EACH, &groups[i]);
  }
  gate_await(&gate, 2);
  for (int i = 0; i < GROUPS; i += 2) {
    assert_status(group_close(&groups[i]), 0);
  }
  gate_open(&gate);
  pool_close(*state, pool);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(jobs[i].done, 1);
    assert_int_equal(jobs[i].strayed, 0);
  }
  for (int i = 0; i < GROUPS; i++) {
    told_assert(&told[i], 0, i % 2 == 0);
  }
  jobs_free(jobs);
  free(told);
  free(groups);
  gate_destroy(&gate);
}

/* Only the closing handle's groups are closed. */
static void another_handle_is_not_concerned(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_t* second = NULL;
  uvpool_group_t groups[2];
  told_t told[2] = {{.id = 0}, {.id = 1}};
  job_t* jobs = jobs_new(3, &gate);
  assert_status(uvpool_attach(pool, *state, &second), 0);
  group_open(pool, &groups[0], &told[0]);
  group_open(second, &groups[1], &told[1]);
  jobs_submit_grouped(pool, jobs, 1, &groups[0]);
  gate_await(&gate, 1);
  jobs_submit_grouped(second, jobs + 1, 1, &groups[1]);
  jobs_submit_grouped(pool, jobs + 2, 1, &groups[0]);
  assert_status(uvpool_close(pool, NULL), 0);
  assert_status(uvpool_group_is_active(&groups[1]), 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  job_assert_dropped(&jobs[2], UV_ECANCELED);
  told_assert(&told[0], 0, 0);
  told_assert(&told[1], 1, 0);
  pool_close(*state, second);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- Release, drain, reboot ---------------------------------------------- */

/* Release cancels what waits; the group is told, lives on, and is used again
 * after a reboot. */
static void released_and_rebooted(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {0};
  pool_end_t end = {0};
  job_t* jobs = jobs_new(4, &gate);
  uvpool_set_data(pool, &end);
  group_open(pool, &group, &told);
  jobs_submit_grouped(pool, jobs, 3, &group);
  gate_await(&gate, 1);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_status(job_submit_grouped(pool, &jobs[3], &group), UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(*state);
  assert_status(end.status, 0);
  job_assert_ran(&jobs[0]);
  assert_int_equal(jobs[0].cancelled, 0); /* a release is no cancel of it */
  jobs_assert_dropped(jobs + 1, 2, UV_ECANCELED);
  told_assert(&told, 1, 0);

  assert_status(uvpool_reboot(pool), 0);
  jobs_submit_grouped(pool, jobs + 3, 1, &group);
  loop_run(*state);
  job_assert_ran(&jobs[3]);
  told_assert(&told, 2, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A group of a released pool can be made and closed. */
static void on_a_released_pool(void** state) {
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {0};
  assert_status(uvpool_release(pool), 0);
  group_open(pool, &group, &told);
  assert_status(uvpool_group_cancel(&group), 0);
  assert_status(group_close(&group), 0);
  loop_run(*state);
  told_assert(&told, 0, 1);
  pool_close(*state, pool);
}

/* Drain runs them; a cancel of the last that waits ends the drain. */
static void drained(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {0};
  pool_end_t end = {0};
  job_t* jobs = jobs_new(6, &gate);
  uvpool_set_data(pool, &end);
  group_open(pool, &group, &told);
  jobs_submit_grouped(pool, jobs, 3, &group);
  gate_await(&gate, 1);
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  gate_admit(&gate, 3);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  jobs_assert_ran(jobs, 3);
  told_assert(&told, 1, 0);

  assert_status(uvpool_reboot(pool), 0);
  jobs_submit_grouped(pool, jobs + 3, 3, &group);
  gate_await(&gate, 4);
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_group_cancel(&group), 0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(end.count, 2);
  assert_status(end.status, 0);
  job_assert_ran(&jobs[3]);
  jobs_assert_dropped(jobs + 4, 2, UV_ECANCELED);
  told_assert(&told, 2, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A release callback that is pending comes first, then the groups', then the
 * handle's own. */
static void order_of_the_ends(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {.recorder = &recorder};
  pool_end_t end = {.recorder = &recorder};
  job_t job;
  recorder_init(&recorder);
  job_init(&job, 0);
  job.gate = &gate;
  uvpool_set_data(pool, &end);
  group_open(pool, &group, &told);
  assert_status(job_submit_grouped(pool, &job, &group), 0);
  gate_await(&gate, 1);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_status(group_close(&group), 0);
  assert_status(uvpool_close(pool, on_pool_closed), 0);
  loop_run_until(*state, pool_is_released, &end, "the release's answer");
  assert_status(end.status, UV_ECANCELED);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(recorder_count(&recorder, "release"), 1);
  assert_int_equal(atomic_load(&recorder.count), 3);
  assert_non_null(strstr(recorder_text(&recorder), "close:0 pool:0"));
  gate_destroy(&gate);
}

static int has_no_worker(void* pool) {
  return uvpool_workers(pool) == 0;
}

/* ---- A multi-pool -------------------------------------------------------- */

/* A pool of a multi-pool has groups like any other, and its close closes
 * them. */
static void of_a_multi_pool(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_multi_t* multi = multi_open(*state, 2, UVPOOL_ROUND_ROBIN, 1, 8);
  uvpool_t* pools[2] = {uvpool_multi_pool(multi, 0),
                        uvpool_multi_pool(multi, 1)};
  uvpool_group_t groups[2];
  told_t told[2] = {{.id = 0}, {.id = 1}};
  job_t* jobs = jobs_new(4, &gate);
  for (int i = 0; i < 2; i++) {
    group_open(pools[i], &groups[i], &told[i]);
    jobs_submit_grouped(pools[i], jobs + (ptrdiff_t) 2 * i, 2, &groups[i]);
  }
  gate_await(&gate, 2);
  assert_status(job_submit_grouped(pools[0], &jobs[0], &groups[1]), UV_EINVAL);
  assert_status(uvpool_group_cancel(&groups[1]), 0);
  assert_status(group_close(&groups[0]), 0);
  gate_open(&gate);
  multi_close(*state, multi);
  told_assert(&told[0], 0, 1);
  told_assert(&told[1], 0, 0);
  job_assert_ran(&jobs[0]);
  job_assert_dropped(&jobs[1], UV_ECANCELED);
  job_assert_ran(&jobs[2]);
  job_assert_dropped(&jobs[3], UV_ECANCELED);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Of two pools on one loop the first has nothing left but a group to end, when
 * the loop breaks off its turn because of the other's tasks: it must not go
 * before that is told. */
static void no_handle_goes_before_its_groups(void** state) {
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.completions_per_turn = 1;
  uvpool_multi_t* multi = NULL;
  assert_status(
      uvpool_multi_create(*state, 2, UVPOOL_ROUND_ROBIN, &options, &multi), 0);
  uvpool_t* pools[2] = {uvpool_multi_pool(multi, 0),
                        uvpool_multi_pool(multi, 1)};
  uvpool_group_t group;
  told_t told = {0};
  job_t* jobs = jobs_new(9, NULL);
  group_open(pools[0], &group, &told);
  jobs_submit(pools[1], jobs, 4);
  pool_wait_completed(pools[1], 4);
  jobs_submit_grouped(pools[0], jobs + 4, 1, &group);
  pool_wait_completed(pools[0], 1);
  jobs_submit(pools[1], jobs + 5, 4);
  pool_wait_completed(pools[1], 8);
  assert_status(uvpool_multi_release(multi), 0);
  assert_status(group_close(&group), 0);
  kit_wait_until(has_no_worker, pools[0], "the first pool's worker to leave");
  multi_close(*state, multi);
  jobs_assert_ran(jobs, 9);
  told_assert(&told, 0, 1);
  jobs_free(jobs);
}

/* ---- The user's own walk ------------------------------------------------- */

/* A program closes every libuv handle of its loop, ours too, while a group is
 * closing: uvpool_close after that still brings all to its end. */
static void after_a_walk(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t group;
  told_t told = {.recorder = &recorder};
  job_t* jobs = jobs_new(2, &gate);
  recorder_init(&recorder);
  group_open(pool, &group, &told);
  jobs_submit_grouped(pool, jobs, 2, &group);
  gate_await(&gate, 1);
  assert_status(group_close(&group), 0);
  loop_close_all(*state);
  assert_status(uvpool_close(pool, on_pool_closed), 0);
  gate_open(&gate);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder), "close:0 pool:0");
  job_assert_ran(&jobs[0]);
  job_assert_dropped(&jobs[1], UV_ECANCELED);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(handle_closes),
      loop_test(left_open_until_the_end),
      loop_test(many_groups),
      loop_test(another_handle_is_not_concerned),
      loop_test(released_and_rebooted),
      loop_test(on_a_released_pool),
      loop_test(drained),
      loop_test(order_of_the_ends),
      loop_test(of_a_multi_pool),
      loop_test(no_handle_goes_before_its_groups),
      loop_test(after_a_walk),
  };
  return kit_run(argc, argv, tests);
}
