/* Groups: when a group is empty, and that it is told. Cancel is in
 * test_group_cancel.c, the end in test_group_close.c. */
#include "child.h"
#include "kit.h"
#include "member.h"

/* A pool whose only worker stands at a gate, and a group. */
typedef struct scene_s {
  uv_loop_t* loop;
  uvpool_t* pool;
  uvpool_group_t group;
  told_t told;
  gate_t gate;
  recorder_t recorder;
} scene_t;

static scene_t scene;

static void scene_open(uv_loop_t* loop) {
  scene.loop = loop;
  scene.told = (told_t) {.recorder = &scene.recorder};
  recorder_init(&scene.recorder);
  gate_init(&scene.gate);
  scene.pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  group_open(scene.pool, &scene.group, &scene.told);
}

static job_t* scene_jobs(int count) {
  job_t* jobs = jobs_new(count, &scene.gate);
  for (int i = 0; i < count; i++) {
    jobs[i].recorder = &scene.recorder;
    jobs[i].arg = &jobs[i];
  }
  return jobs;
}

/* Expects so many on_empty until then, and one close_cb for the close here. */
static void scene_close(int empty) {
  told_assert(&scene.told, empty, 0);
  assert_status(group_close(&scene.group), 0);
  told_assert(&scene.told, empty, 0);
  loop_run(scene.loop);
  told_assert(&scene.told, empty, 1);
  pool_close(scene.loop, scene.pool);
  told_assert(&scene.told, empty, 1);
  gate_destroy(&scene.gate);
}

/* ---- on_empty ------------------------------------------------------------ */

/* Not before the last task's done, whatever else still runs. */
static void told_after_the_last_done(void** state) {
  scene_open(*state);
  job_t* jobs = scene_jobs(4);
  jobs_submit_grouped(scene.pool, jobs, 3, &scene.group);
  jobs_submit(scene.pool, jobs + 3, 1); /* not of the group */
  gate_open(&scene.gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 4);
  assert_int_equal(recorder_count(&scene.recorder, "empty"), 1);
  jobs_submit_grouped(scene.pool, jobs, 1, &scene.group);
  loop_run(*state);
  scene_close(2);
  jobs_free(jobs);
}

/* "done" of the last one comes first: one worker, so the order is known. */
static void order_of_done_and_empty(void** state) {
  scene_open(*state);
  job_t* jobs = scene_jobs(2);
  jobs[0].recorder = jobs[1].recorder = NULL;
  jobs_submit_grouped(scene.pool, jobs, 2, &scene.group);
  gate_await(&scene.gate, 1);
  jobs[0].recorder = jobs[1].recorder = &scene.recorder;
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  assert_status(uvpool_group_is_active(&scene.group), 1);
  loop_run_until(*state, job_is_done, &jobs[1], "the cancelled task");
  assert_string_equal(recorder_text(&scene.recorder), "done:1");
  gate_open(&scene.gate);
  loop_run(*state);
  assert_string_equal(recorder_text(&scene.recorder), "done:1 done:0 empty:0");
  scene_close(1);
  jobs_free(jobs);
}

/* Each time anew. */
static void told_each_time(void** state) {
  enum { TIMES = 50 };
  scene_open(*state);
  job_t* jobs = scene_jobs(1);
  jobs->recorder = NULL;
  gate_open(&scene.gate);
  for (int i = 0; i < TIMES; i++) {
    jobs_submit_grouped(scene.pool, jobs, 1, &scene.group);
    loop_run(*state);
    told_assert(&scene.told, i + 1, 0);
  }
  scene_close(TIMES);
  jobs_free(jobs);
}

static void join_again(job_t* job) {
  if (job->done == 1) {
    (void) job_submit_grouped(scene.pool, job, &scene.group);
  }
}

/* A done that submits into the group keeps it from being empty. */
static void not_told_when_done_joins_again(void** state) {
  scene_open(*state);
  job_t* job = scene_jobs(1);
  job->in_done = join_again;
  gate_open(&scene.gate);
  jobs_submit_grouped(scene.pool, job, 1, &scene.group);
  loop_run(*state);
  assert_string_equal(recorder_text(&scene.recorder),
                      "work:0 done:0 work:0 done:0 empty:0");
  scene_close(1);
  jobs_free(job);
}

static void note_active(job_t* job) {
  job->result = uvpool_group_is_active(&scene.group);
}

/* A task has left when its done is entered, and another has not. */
static void leaves_before_its_done(void** state) {
  scene_open(*state);
  job_t* jobs = scene_jobs(2);
  assert_status(uvpool_group_is_active(&scene.group), 0);
  jobs[0].in_done = jobs[1].in_done = note_active;
  jobs_submit_grouped(scene.pool, jobs, 2, &scene.group);
  assert_status(uvpool_group_is_active(&scene.group), 1);
  gate_open(&scene.gate);
  pool_wait_completed(scene.pool, 2);
  assert_status(uvpool_group_is_active(&scene.group), 1);
  loop_run(*state);
  assert_int_equal(jobs[0].result, 1);
  assert_int_equal(jobs[1].result, 0);
  assert_status(uvpool_group_is_active(&scene.group), 0);
  scene_close(1);
  jobs_free(jobs);
}

static void submit_more(told_t* told) {
  if (told->empty < 3) {
    (void) job_submit_grouped(scene.pool, told->arg, &scene.group);
  }
}

/* From inside on_empty tasks may join, by which it is told again. */
static void may_be_refilled_in_on_empty(void** state) {
  scene_open(*state);
  job_t* job = scene_jobs(1);
  scene.told.in_empty = submit_more;
  scene.told.arg = job;
  gate_open(&scene.gate);
  jobs_submit_grouped(scene.pool, job, 1, &scene.group);
  loop_run(*state);
  assert_int_equal(job->done, 3);
  scene_close(3);
  jobs_free(job);
}

/* ---- Who ends how -------------------------------------------------------- */

/* However a task ends, it leaves: here by panic, by its deadline, by cancel. */
static void every_end_leaves(void** state) {
  scene_open(*state);
  pool_close(*state, scene.pool); /* with the group, which hears nothing */
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.on_panic = pool_ignore_panic;
  scene.pool = pool_open_with(*state, &options);
  group_open(scene.pool, &scene.group, &scene.told);
  job_t* jobs = scene_jobs(3);
  jobs[0].in_work = job_panic;
  uvpool_task_options_t late;
  uvpool_task_options_init(&late);
  late.group = &scene.group;
  late.deadline_ns = 1;
  jobs_submit_grouped(scene.pool, jobs, 1, &scene.group);
  gate_await(&scene.gate, 1);
  assert_status(job_submit_ex(scene.pool, &jobs[1], &late), 0);
  jobs_submit_grouped(scene.pool, jobs + 2, 1, &scene.group);
  assert_status(uvpool_cancel(&jobs[2].task), 0);
  gate_open(&scene.gate);
  loop_run(*state);
  job_assert_panicked(&jobs[0]);
  job_assert_dropped(&jobs[1], UV_ETIMEDOUT);
  job_assert_dropped(&jobs[2], UV_ECANCELED);
  scene_close(1);
  jobs_free(jobs);
}

/* on_empty NULL: nothing is told, and nothing is wrong. */
static void on_empty_may_be_null(void** state) {
  scene_open(*state);
  uvpool_group_t silent;
  told_t told = {0};
  job_t* job = scene_jobs(1);
  silent.data = &told;
  assert_status(uvpool_group_init(scene.pool, &silent, NULL), 0);
  gate_open(&scene.gate);
  jobs_submit_grouped(scene.pool, job, 1, &silent);
  loop_run(*state);
  assert_status(group_close(&silent), 0);
  loop_run(*state);
  told_assert(&told, 0, 1);
  assert_ptr_equal(silent.data, &told);
  scene_close(0);
  jobs_free(job);
}

/* ---- Errors -------------------------------------------------------------- */

static void einval(void** state) {
  scene_open(*state);
  uvpool_t* second = NULL;
  uvpool_group_t foreign;
  told_t told = {0};
  job_t* job = scene_jobs(1);
  assert_status(uvpool_group_init(NULL, &foreign, NULL), UV_EINVAL);
  assert_status(uvpool_group_init(scene.pool, NULL, NULL), UV_EINVAL);
  assert_status(uvpool_group_cancel(NULL), UV_EINVAL);
  assert_status(uvpool_group_is_active(NULL), UV_EINVAL);
  assert_status(uvpool_group_close(NULL, NULL), UV_EINVAL);
  /* Of another handle, though of the same pool. */
  assert_status(uvpool_attach(scene.pool, *state, &second), 0);
  group_open(second, &foreign, &told);
  assert_status(job_submit_grouped(scene.pool, job, &foreign), UV_EINVAL);
  assert_status(job_submit_grouped(second, job, &scene.group), UV_EINVAL);
  gate_open(&scene.gate);
  jobs_submit_grouped(second, job, 1, &foreign); /* it was not taken */
  loop_run(*state);
  told_assert(&told, 1, 0);
  pool_close(*state, second);
  told_assert(&told, 1, 0);
  scene_close(0);
  jobs_free(job);
}

typedef struct stranger_s {
  helper_t helper;
  uvpool_group_t fresh;
  int init;
  int close;
  int active;
} stranger_t;

static void call_from_outside(void* arg) {
  stranger_t* stranger = arg;
  stranger->init = uvpool_group_init(scene.pool, &stranger->fresh, NULL);
  stranger->close = uvpool_group_close(&scene.group, group_on_close);
  stranger->active = uvpool_group_is_active(&scene.group);
}

/* Init and close are the loop thread's. */
static void eperm_on_another_thread(void** state) {
  static stranger_t stranger;
  scene_open(*state);
  helper_start(&stranger.helper, call_from_outside, &stranger);
  helper_join(*state, &stranger.helper);
  assert_status(stranger.init, UV_EPERM);
  assert_status(stranger.close, UV_EPERM);
  assert_status(stranger.active, 0);
  scene_close(0); /* it was not closed by that */
}

static void check_eperm(void* arg) {
  uvpool_group_t fresh;
  job_t* job = arg;
  CHILD_CHECK(uvpool_group_init(scene.pool, &fresh, NULL) == UV_EPERM);
  CHILD_CHECK(uvpool_group_cancel(&scene.group) == UV_EPERM);
  CHILD_CHECK(uvpool_group_is_active(&scene.group) == UV_EPERM);
  CHILD_CHECK(uvpool_group_close(&scene.group, NULL) == UV_EPERM);
  CHILD_CHECK(job_submit_grouped(scene.pool, job, &scene.group) == UV_EPERM);
}

static void eperm_in_a_child(void** state) {
  scene_open(*state);
  job_t* jobs = scene_jobs(2);
  jobs_submit_grouped(scene.pool, jobs, 1, &scene.group);
  child_run(check_eperm, &jobs[1]);
  gate_open(&scene.gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 1);
  scene_close(1);
  jobs_free(jobs);
}

static void eshutdown_on_a_closing_handle(void** state) {
  scene_open(*state);
  uvpool_group_t late;
  assert_status(group_close(&scene.group), 0);
  assert_status(uvpool_close(scene.pool, NULL), 0);
  assert_status(uvpool_group_init(scene.pool, &late, NULL), UV_ESHUTDOWN);
  loop_run(*state);
  told_assert(&scene.told, 0, 1);
  gate_destroy(&scene.gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(told_after_the_last_done),
      loop_test(order_of_done_and_empty),
      loop_test(told_each_time),
      loop_test(not_told_when_done_joins_again),
      loop_test(leaves_before_its_done),
      loop_test(may_be_refilled_in_on_empty),
      loop_test(every_end_leaves),
      loop_test(on_empty_may_be_null),
      loop_test(einval),
      loop_test(eperm_on_another_thread),
      loop_test(eperm_in_a_child),
      loop_test(eshutdown_on_a_closing_handle),
  };
  return kit_run(argc, argv, tests);
}
