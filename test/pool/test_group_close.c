/* uvpool_group_close: waiting tasks end, running ones finish, and close_cb
 * comes after the last done, once, when the memory is the caller's again. */
#include <stdlib.h>

#include "kit.h"
#include "member.h"

static void empty_one(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  uvpool_group_t group;
  told_t told = {0};
  group_open(pool, &group, &told);
  assert_status(group_close(&group), 0);
  told_assert(&told, 0, 0);
  loop_run(*state); /* kept alive for it */
  told_assert(&told, 0, 1);
  pool_close(*state, pool);
}

/* close_cb NULL: it ends all the same, and the handle can close. */
static void without_a_callback(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  uvpool_group_t group;
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_group_init(pool, &group, NULL), 0);
  assert_status(job_submit_grouped(pool, &job, &group), 0);
  assert_status(uvpool_group_close(&group, NULL), 0);
  loop_run(*state);
  assert_int_equal(job.done, 1);
  assert_status(uvpool_group_close(&group, NULL), UV_EALREADY);
  pool_close(*state, pool);
}

/* One runs, two wait. Nothing is told as "empty", nobody may join. */
static void with_tasks(void** state) {
  static recorder_t recorder;
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 8);
  uvpool_group_t group;
  told_t told = {.recorder = &recorder};
  job_t* jobs = jobs_new(4, &gate);
  recorder_init(&recorder);
  group_open(pool, &group, &told);
  jobs_submit_grouped(pool, jobs, 3, &group);
  gate_await(&gate, 1);
  for (int i = 0; i < 4; i++) {
    jobs[i].recorder = &recorder;
  }
  assert_status(group_close(&group), 0);
  assert_status(group_close(&group), UV_EALREADY);
  assert_status(uvpool_group_is_active(&group), 1);
  assert_status(uvpool_group_cancel(&group), 0);
  assert_status(job_submit_grouped(pool, &jobs[3], &group), UV_ESHUTDOWN);
  assert_int_equal(uvpool_waiting(pool), 0);
  loop_run_until(*state, job_is_done, &jobs[2], "what waited to end");
  loop_turn(*state, 2);
  told_assert(&told, 0, 0);
  gate_open(&gate);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder), "done:1 done:2 done:0 close:0");
  job_assert_ran(&jobs[0]);
  assert_int_equal(jobs[0].cancelled, 1);
  jobs_assert_dropped(jobs + 1, 2, UV_ECANCELED);
  job_assert_untouched(&jobs[3]);
  told_assert(&told, 0, 1);
  assert_status(group_close(&group), UV_EALREADY);
  jobs_submit(pool, &jobs[3], 1); /* it was not taken */
  loop_run(*state);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- Memory -------------------------------------------------------------- */

static int freed;

static void free_task(uvpool_task_t* task, int status) {
  (void) status;
  freed++;
  free(task->data);
}

static void free_group(uvpool_group_t* group) {
  freed++;
  free(group);
}

/* Each task is freed in its done, the group in its close_cb: under the address
 * sanitizer nobody touches them later. */
static void frees_what_is_its_own(void** state) {
  enum { COUNT = 20 };
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_group_t* group = malloc(sizeof(*group));
  uvpool_task_options_t options;
  assert_non_null(group);
  freed = 0;
  assert_status(uvpool_group_init(pool, group, NULL), 0);
  uvpool_task_options_init(&options);
  options.group = group;
  for (int i = 0; i < COUNT; i++) {
    job_t* job = malloc(sizeof(*job));
    assert_non_null(job);
    job_init(job, i);
    job->gate = &gate;
    assert_status(
        uvpool_submit_ex(pool, &job->task, job_work, free_task, &options), 0);
  }
  gate_await(&gate, 1);
  assert_status(uvpool_group_close(group, free_group), 0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(freed, COUNT + 1);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* Inside close_cb the same memory may become another group. */
static uvpool_t* reborn_pool;

static void open_again(told_t* told) {
  if (told->closed < 3) {
    uvpool_group_t* group = told->arg;
    (void) uvpool_group_init(reborn_pool, group, group_on_empty);
    (void) uvpool_group_close(group, group_on_close);
  }
}

static void may_be_opened_again_in_close_cb(void** state) {
  uvpool_group_t group;
  told_t told = {.in_close = open_again, .arg = &group};
  reborn_pool = pool_open(*state, 1, 8);
  group_open(reborn_pool, &group, &told);
  assert_status(group_close(&group), 0);
  loop_run(*state);
  told_assert(&told, 0, 3);
  pool_close(*state, reborn_pool);
}

/* ---- From callbacks ------------------------------------------------------ */

static void close_in_done(job_t* job) {
  job->result = group_close(job->arg);
}

/* In the done of its last task, of one that is not the last, and of a stranger:
 * never inside the call, never before the done has returned. */
static void in_done(void** state) {
  static recorder_t recorder;
  for (int closer = 0; closer < 3; closer++) {
    uvpool_t* pool = pool_open(*state, 1, 8);
    uvpool_group_t group;
    told_t told = {.recorder = &recorder};
    job_t* jobs = jobs_new(3, NULL);
    recorder_init(&recorder);
    group_open(pool, &group, &told);
    jobs[closer].arg = &group;
    jobs[closer].in_done = close_in_done;
    for (int i = 0; i < 3; i++) {
      jobs[i].recorder = &recorder;
    }
    jobs_submit_grouped(pool, jobs, 2, &group);
    jobs_submit(pool, jobs + 2, 1);
    pool_wait_completed(pool, 3);
    loop_run(*state);
    assert_status(jobs[closer].result, 0);
    int empty = closer == 2; /* it had been emptied before */
    told_assert(&told, empty, 1);
    assert_string_equal(recorder_text(&recorder),
                        empty ? "work:0 work:1 work:2 done:0 done:1 empty:0 "
                                "done:2 close:0"
                              : "work:0 work:1 work:2 done:0 done:1 done:2 "
                                "close:0");
    pool_close(*state, pool);
    jobs_free(jobs);
  }
}

static void close_other(told_t* told) {
  (void) group_close(told->arg);
}

/* In its own on_empty; in another group's on_empty and close_cb. */
static void in_callbacks_of_groups(void** state) {
  static recorder_t recorder;
  uvpool_t* pool = pool_open(*state, 1, 8);
  uvpool_group_t groups[3];
  told_t told[3];
  job_t job;
  recorder_init(&recorder);
  job_init(&job, 0);
  for (int i = 0; i < 3; i++) {
    told[i] = (told_t) {.id = i, .recorder = &recorder};
    group_open(pool, &groups[i], &told[i]);
  }
  told[0].in_empty = close_other;
  told[0].arg = &groups[0];
  assert_status(job_submit_grouped(pool, &job, &groups[0]), 0);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder), "empty:0 close:0");

  told[1].in_empty = close_other;
  told[1].arg = &groups[2];
  assert_status(job_submit_grouped(pool, &job, &groups[1]), 0);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder),
                      "empty:0 close:0 empty:1 close:2");

  group_open(pool, &groups[2], &told[2]);
  told[1].in_close = close_other;
  assert_status(group_close(&groups[1]), 0);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder),
                      "empty:0 close:0 empty:1 close:2 close:1 close:2");
  told_assert(&told[0], 1, 1);
  told_assert(&told[1], 1, 1);
  told_assert(&told[2], 0, 2);
  pool_close(*state, pool);
}

static uvpool_group_t panic_group;

static void close_in_panic(uvpool_t* pool,
                           uvpool_task_t* task,
                           const char* reason) {
  (void) pool;
  (void) task;
  (void) reason;
  (void) group_close(&panic_group);
}

/* In on_panic of its own task, which is in flight until after that. */
static void in_on_panic(void** state) {
  static recorder_t recorder;
  uvpool_options_t options = pool_options(1, 8);
  options.on_panic = close_in_panic;
  uvpool_t* pool = pool_open_with(*state, &options);
  told_t told = {.recorder = &recorder};
  job_t job;
  recorder_init(&recorder);
  job_init(&job, 0);
  job.recorder = &recorder;
  job.in_work = job_panic;
  group_open(pool, &panic_group, &told);
  assert_status(job_submit_grouped(pool, &job, &panic_group), 0);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_string_equal(recorder_text(&recorder), "work:0 done:0 close:0");
  told_assert(&told, 0, 1);
  pool_close(*state, pool);
}

static void close_pool(told_t* told) {
  (void) uvpool_close(told->arg, NULL);
}

/* In close_cb the handle may be closed. */
static void close_cb_closes_the_handle(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  uvpool_group_t group;
  told_t told = {.in_close = close_pool, .arg = pool};
  group_open(pool, &group, &told);
  assert_status(group_close(&group), 0);
  loop_run(*state); /* the fixture sees what is left */
  told_assert(&told, 0, 1);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(empty_one),
      loop_test(without_a_callback),
      loop_test(with_tasks),
      loop_test(frees_what_is_its_own),
      loop_test(may_be_opened_again_in_close_cb),
      loop_test(in_done),
      loop_test(in_callbacks_of_groups),
      loop_test(in_on_panic),
      loop_test(close_cb_closes_the_handle),
  };
  return kit_run(argc, argv, tests);
}
