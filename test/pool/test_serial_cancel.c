/* Serial queues: a task may leave from any place, by cancel, deadline or panic,
 * and the next moves up; close ends what waits, and comes after the last
 * done. */
#include <stdlib.h>

#include "kit.h"
#include "member.h"

/* A pool of one worker or more, a serial queue, and jobs that stand at a gate
 * and note what happens. */
typedef struct scene_s {
  uv_loop_t* loop;
  uvpool_t* pool;
  uvpool_serial_t serial;
  told_t told;
  gate_t gate;
  recorder_t recorder;
  job_t* jobs;
} scene_t;

static scene_t scene;

static void scene_open_with(uv_loop_t* loop,
                            const uvpool_options_t* options,
                            int count) {
  scene.loop = loop;
  scene.told = (told_t) {.recorder = &scene.recorder};
  recorder_init(&scene.recorder);
  gate_init(&scene.gate);
  scene.pool = pool_open_with(loop, options);
  serial_open(scene.pool, &scene.serial, &scene.told);
  scene.jobs = jobs_new(count, &scene.gate);
  for (int i = 0; i < count; i++) {
    scene.jobs[i].recorder = &scene.recorder;
    scene.jobs[i].arg = &scene.serial;
  }
}

static void scene_open(uv_loop_t* loop, int workers, int count) {
  uvpool_options_t options = pool_options(workers, UVPOOL_UNLIMITED);
  options.on_panic = pool_ignore_panic;
  scene_open_with(loop, &options, count);
}

/* Runs the loop to its end, and asserts that so many works began. */
static void scene_close(unsigned works) {
  loop_run(scene.loop);
  assert_int_equal(recorder_count(&scene.recorder, "work"), works);
  pool_close(scene.loop, scene.pool);
  jobs_free(scene.jobs);
  gate_destroy(&scene.gate);
}

/* ---- Cancel -------------------------------------------------------------- */

/* The active one waits for a worker, as the only one stands elsewhere. */
static void the_active_one_that_waits(void** state) {
  scene_open(*state, 1, 4);
  pool_occupy(scene.pool, &scene.jobs[3], 1);
  jobs_submit_serial(&scene.serial, scene.jobs, 3);
  assert_status(uvpool_cancel(&scene.jobs[0].task), 0);
  assert_status(uvpool_cancel(&scene.jobs[0].task), 0);
  loop_run_until(*state, job_is_done, &scene.jobs[0], "the cancelled one");
  assert_int_equal(uvpool_waiting(scene.pool), 2);
  gate_open(&scene.gate);
  loop_run(*state);
  job_assert_dropped(&scene.jobs[0], UV_ECANCELED);
  jobs_assert_ran(scene.jobs + 1, 3);
  scene_close(3);
}

/* One in the middle, the last, and then the running one, too late. */
static void from_behind(void** state) {
  scene_open(*state, 2, 5);
  jobs_submit_serial(&scene.serial, scene.jobs, 4);
  gate_await(&scene.gate, 1);
  assert_status(uvpool_cancel(&scene.jobs[1].task), 0);
  assert_status(uvpool_cancel(&scene.jobs[3].task), 0);
  assert_status(uvpool_cancel(&scene.jobs[0].task), UV_EBUSY);
  assert_int_equal(uvpool_waiting(scene.pool), 1);
  jobs_submit_serial(&scene.serial, scene.jobs + 4, 1);
  loop_run_until(*state, job_is_done, &scene.jobs[3], "the cancelled ones");
  gate_open(&scene.gate);
  loop_run(*state);
  assert_int_equal(scene.jobs[0].cancelled, 1);
  assert_int_equal(scene.jobs[2].cancelled, 0);
  job_assert_dropped(&scene.jobs[1], UV_ECANCELED);
  job_assert_dropped(&scene.jobs[3], UV_ECANCELED);
  job_assert_ran(&scene.jobs[2]);
  job_assert_ran(&scene.jobs[4]);
  scene_close(3);
}

/* All behind, one after the other: the queue is as good as new. */
static void all_behind(void** state) {
  scene_open(*state, 1, 4);
  jobs_submit_serial(&scene.serial, scene.jobs, 3);
  gate_await(&scene.gate, 1);
  assert_status(uvpool_cancel(&scene.jobs[2].task), 0);
  assert_status(uvpool_cancel(&scene.jobs[1].task), 0);
  assert_int_equal(uvpool_waiting(scene.pool), 0);
  loop_run_until(*state, job_is_done, &scene.jobs[1], "the cancelled ones");
  gate_open(&scene.gate);
  loop_run(*state);
  jobs_submit_serial(&scene.serial, scene.jobs + 3, 1);
  loop_run(*state);
  assert_string_equal(recorder_text(&scene.recorder),
                      "work:0 done:2 done:1 done:0 work:3 done:3");
  scene_close(2);
}

typedef int (*way_of_ending)(job_t* job);

static int cancel_one(job_t* job) {
  return uvpool_cancel(&job->task);
}

static int wait_for_deadline(job_t* job) {
  (void) job;
  return 0;
}

static uvpool_group_t group;

static int cancel_its_group(job_t* job) {
  (void) job;
  return uvpool_group_cancel(&group);
}

/* The active one is kept back by the cap of its class while a worker is idle:
 * when it ends, in whichever way, that worker has to hear of the next. */
static void the_next_finds_an_idle_worker(void** state) {
  static const way_of_ending ways[] = {
      cancel_one, wait_for_deadline, cancel_its_group};
  for (size_t way = 0; way < KIT_COUNT(ways); way++) {
    uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
    told_t told = {0};
    uvpool_task_options_t capped;
    options.classes[1].cap = 1;
    scene_open_with(*state, &options, 3);
    group_open(scene.pool, &group, &told);
    pool_warm(*state, scene.pool, 2);
    uvpool_task_options_init(&capped);
    capped.task_class = 1;
    assert_status(job_submit_ex(scene.pool, &scene.jobs[2], &capped), 0);
    gate_await(&scene.gate, 1);
    capped.serial = &scene.serial;
    capped.group = &group;
    if (ways[way] == wait_for_deadline) {
      capped.deadline_ns = uv_hrtime() + 5 * UINT64_C(1000000);
    }
    assert_status(job_submit_ex(scene.pool, &scene.jobs[0], &capped), 0);
    jobs_submit_serial(&scene.serial, scene.jobs + 1, 1);
    loop_turn(*state, 2);
    assert_int_equal(gate_arrived(&scene.gate), 1);
    assert_status(ways[way](&scene.jobs[0]), 0);
    loop_run_until(*state, job_is_done, &scene.jobs[0], "the active one");
    gate_await(&scene.gate, 2); /* the next has a worker */
    gate_open(&scene.gate);
    loop_run(*state);
    jobs_assert_ran(scene.jobs + 1, 2);
    scene_close(2);
  }
}

/* ---- Deadline and panic -------------------------------------------------- */

/* One behind passes its deadline while its predecessor runs: it ends then, and
 * is passed over. */
static void a_deadline_behind(void** state) {
  scene_open(*state, 2, 3);
  uvpool_task_options_t options;
  jobs_submit_serial(&scene.serial, scene.jobs, 1);
  gate_await(&scene.gate, 1);
  uvpool_task_options_init(&options);
  options.serial = &scene.serial;
  options.deadline_ns = uv_hrtime() + 5 * UINT64_C(1000000);
  assert_status(job_submit_ex(scene.pool, &scene.jobs[1], &options), 0);
  jobs_submit_serial(&scene.serial, scene.jobs + 2, 1);
  loop_run_until(*state, job_is_done, &scene.jobs[1], "the deadline");
  job_assert_dropped(&scene.jobs[1], UV_ETIMEDOUT);
  assert_int_equal(scene.jobs[0].done, 0);
  assert_int_equal(uvpool_waiting(scene.pool), 1);
  assert_int_equal(pool_stats(scene.pool).expired, 1);
  gate_open(&scene.gate);
  loop_run(*state);
  job_assert_ran(&scene.jobs[0]);
  job_assert_ran(&scene.jobs[2]);
  scene_close(2);
}

/* The active one passes it while it waits for a worker, and so does the one
 * after it; the third moves up. */
static void deadlines_at_the_front(void** state) {
  scene_open(*state, 1, 4);
  uvpool_task_options_t options;
  pool_occupy(scene.pool, &scene.jobs[3], 1);
  uvpool_task_options_init(&options);
  options.serial = &scene.serial;
  options.deadline_ns = 1;
  assert_status(job_submit_ex(scene.pool, &scene.jobs[0], &options), 0);
  assert_status(job_submit_ex(scene.pool, &scene.jobs[1], &options), 0);
  jobs_submit_serial(&scene.serial, scene.jobs + 2, 1);
  loop_run_until(*state, job_is_done, &scene.jobs[1], "the second deadline");
  jobs_assert_dropped(scene.jobs, 2, UV_ETIMEDOUT);
  gate_open(&scene.gate);
  loop_run(*state);
  jobs_assert_ran(scene.jobs + 2, 2);
  scene_close(2);
}

/* A task ends its worker; the next is taken by another, also if there was only
 * this one. */
static void a_panic_passes_on(void** state) {
  scene_open(*state, 1, 4);
  scene.jobs[0].in_work = scene.jobs[2].in_work = job_panic;
  gate_open(&scene.gate);
  jobs_submit_serial(&scene.serial, scene.jobs, 4);
  loop_run(*state);
  job_assert_panicked(&scene.jobs[0]);
  job_assert_ran(&scene.jobs[1]);
  job_assert_panicked(&scene.jobs[2]);
  job_assert_ran(&scene.jobs[3]);
  assert_int_equal(pool_stats(scene.pool).panicked, 2);
  scene_close(4);
}

/* ---- Close --------------------------------------------------------------- */

static void close_an_empty_one(void** state) {
  scene_open(*state, 1, 1);
  assert_status(serial_close(&scene.serial), 0);
  assert_status(serial_close(&scene.serial), UV_EALREADY);
  told_assert(&scene.told, 0, 0);
  loop_run(*state); /* kept alive for it */
  told_assert(&scene.told, 0, 1);
  assert_status(serial_close(&scene.serial), UV_EALREADY);
  scene_close(0);
}

static void close_with_some_behind(void** state) {
  scene_open(*state, 2, 4);
  jobs_submit_serial(&scene.serial, scene.jobs, 3);
  gate_await(&scene.gate, 1);
  assert_status(serial_close(&scene.serial), 0);
  assert_status(serial_close(&scene.serial), UV_EALREADY);
  assert_status(job_submit_serial(&scene.serial, &scene.jobs[3]), UV_ESHUTDOWN);
  assert_int_equal(uvpool_waiting(scene.pool), 0);
  loop_run_until(*state, job_is_done, &scene.jobs[2], "what was behind");
  jobs_assert_dropped(scene.jobs + 1, 2, UV_ECANCELED);
  loop_turn(*state, 2);
  told_assert(&scene.told, 0, 0);
  gate_open(&scene.gate);
  loop_run(*state);
  job_assert_ran(&scene.jobs[0]);
  assert_int_equal(scene.jobs[0].cancelled, 0); /* "cancels what waits" */
  job_assert_untouched(&scene.jobs[3]);
  told_assert(&scene.told, 0, 1);
  assert_string_equal(recorder_text(&scene.recorder),
                      "work:0 done:1 done:2 done:0 close:0");
  scene_close(1);
}

/* None of them has a worker yet. */
static void close_before_anything_runs(void** state) {
  scene_open(*state, 1, 4);
  pool_occupy(scene.pool, &scene.jobs[3], 1);
  jobs_submit_serial(&scene.serial, scene.jobs, 3);
  assert_status(serial_close(&scene.serial), 0);
  loop_run_until(*state, told_is_closed, &scene.told, "the queue to close");
  jobs_assert_dropped(scene.jobs, 3, UV_ECANCELED);
  assert_int_equal(scene.jobs[3].done, 0);
  gate_open(&scene.gate);
  loop_run(*state);
  told_assert(&scene.told, 0, 1);
  scene_close(1);
}

static void close_in_done(job_t* job) {
  job->result = serial_close(job->arg);
}

/* In the done of the first of three, and of the last. */
static void close_inside_done(void** state) {
  for (int closer = 0; closer < 3; closer += 2) {
    scene_open(*state, 1, 3);
    scene.jobs[closer].in_done = close_in_done;
    gate_open(&scene.gate);
    jobs_submit_serial(&scene.serial, scene.jobs, 3);
    pool_wait_completed(scene.pool, 3);
    loop_run(*state);
    assert_string_equal(recorder_text(&scene.recorder),
                        "work:0 work:1 work:2 done:0 done:1 done:2 close:0");
    told_assert(&scene.told, 0, 1);
    scene_close(3);
  }
}

static int freed;

static void free_task(uvpool_task_t* task, int status) {
  (void) status;
  freed++;
  free(task->data);
}

static void free_serial(uvpool_serial_t* serial) {
  freed++;
  free(serial);
}

/* Tasks are freed in their done, the queue in its close_cb: under the address
 * sanitizer nobody touches them later. */
static void frees_what_is_its_own(void** state) {
  enum { COUNT = 50 };
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  for (int round = 0; round < 20; round++) {
    uvpool_serial_t* serial = malloc(sizeof(*serial));
    assert_non_null(serial);
    freed = 0;
    assert_status(uvpool_serial_init(pool, serial), 0);
    for (int i = 0; i < COUNT; i++) {
      job_t* job = malloc(sizeof(*job));
      assert_non_null(job);
      job_init(job, i);
      assert_status(
          uvpool_serial_submit(serial, &job->task, job_work, free_task), 0);
    }
    loop_turn(*state, round % 3);
    assert_status(uvpool_serial_close(serial, free_serial), 0);
    loop_run(*state);
    assert_int_equal(freed, COUNT + 1);
  }
  pool_close(*state, pool);
}

/* close_cb NULL, and one that is left for the handle to close. */
static void without_a_callback(void** state) {
  scene_open(*state, 1, 2);
  uvpool_serial_t left;
  told_t told = {0};
  serial_open(scene.pool, &left, &told);
  gate_open(&scene.gate);
  jobs_submit_serial(&scene.serial, scene.jobs, 1);
  jobs_submit_serial(&left, scene.jobs + 1, 1);
  assert_status(uvpool_serial_close(&scene.serial, NULL), 0);
  pool_close(*state, scene.pool);
  assert_int_equal(scene.jobs[0].done, 1);
  assert_int_equal(scene.jobs[1].done, 1);
  told_assert(&told, 0, 0);
  jobs_free(scene.jobs);
  gate_destroy(&scene.gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_active_one_that_waits),
      loop_test(from_behind),
      loop_test(all_behind),
      loop_test(the_next_finds_an_idle_worker),
      loop_test(a_deadline_behind),
      loop_test(deadlines_at_the_front),
      loop_test(a_panic_passes_on),
      loop_test(close_an_empty_one),
      loop_test(close_with_some_behind),
      loop_test(close_before_anything_runs),
      loop_test(close_inside_done),
      loop_test(frees_what_is_its_own),
      loop_test(without_a_callback),
  };
  return kit_run(argc, argv, tests);
}
