/* Serial queues and the pool: what waits in one counts as waiting, and is
 * released, drained and closed like all else. And what is refused. */
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "kit.h"
#include "member.h"

/* ---- Room and figures ---------------------------------------------------- */

/* One worker, room for two: one runs, two are behind, the next is refused, and
 * so is a plain one. A cancel from behind makes room at once. */
static void max_waiting_counts_those_behind(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 2);
  uvpool_serial_t serial;
  told_t told = {0};
  job_t* jobs = jobs_new(5, &gate);
  serial_open(pool, &serial, &told);
  jobs_submit_serial(&serial, jobs, 1);
  gate_await(&gate, 1);
  jobs_submit_serial(&serial, jobs + 1, 2);
  assert_status(job_submit_serial(&serial, &jobs[3]), UV_EAGAIN);
  assert_status(job_submit(pool, &jobs[4]), UV_EAGAIN);
  assert_int_equal(uvpool_waiting(pool), 2);
  uvpool_stats_t stats = pool_stats(pool);
  assert_int_equal(stats.waiting, 2);
  assert_int_equal(stats.waiting_max, 2);
  assert_int_equal(stats.busy, 1);
  assert_int_equal(stats.refused, 2);
  assert_int_equal(stats.oldest_waiting_ns, 0); /* for a worker, nobody does */
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  jobs_submit_serial(&serial, jobs + 3, 1);
  assert_status(job_submit(pool, &jobs[4]), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&jobs[0]);
  job_assert_dropped(&jobs[1], UV_ECANCELED);
  jobs_assert_ran(jobs + 2, 2);
  job_assert_untouched(&jobs[4]);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Free workers count as room for those behind too, though they are of no use to
 * them: three more than max_waiting 0 with three of four free. */
static void free_workers_are_room(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 4, 0);
  uvpool_serial_t serial;
  told_t told = {0};
  job_t* jobs = jobs_new(5, &gate);
  serial_open(pool, &serial, &told);
  jobs_submit_serial(&serial, jobs, 1);
  gate_await(&gate, 1);
  jobs_submit_serial(&serial, jobs + 1, 3);
  assert_status(job_submit_serial(&serial, &jobs[4]), UV_EAGAIN);
  assert_int_equal(uvpool_busy(pool), 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 4);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* A caller that waits for room gets it when a task moves up from behind. */
static void moving_up_makes_room_for_callers(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  uvpool_serial_t serial;
  told_t told = {0};
  caller_t caller;
  job_t* jobs = jobs_new(3, &gate);
  serial_open(pool, &serial, &told);
  jobs_submit_serial(&serial, jobs, 1);
  gate_await(&gate, 1);
  jobs_submit_serial(&serial, jobs + 1, 1);
  caller_start_blocked(*state, &caller, pool, &jobs[2], 1);
  gate_admit(&gate, 1);
  assert_status(caller_join(*state, &caller), 0);
  gate_open(&gate);
  assert_status(uvpool_ref(pool), 0);
  loop_run_until(*state, job_is_done, &jobs[2], "the caller's task");
  assert_status(uvpool_unref(pool), 0);
  loop_run(*state);
  jobs_assert_ran(jobs, 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- The pool's states --------------------------------------------------- */

/* A pool with one or more workers, and one queue with 5 tasks, of which the
 * first stands at the gate. */
typedef struct backlog_s {
  uvpool_t* pool;
  uvpool_serial_t serial;
  told_t told;
  gate_t gate;
  pool_end_t end;
  recorder_t recorder;
  job_t* jobs;
} backlog_t;

enum { BACKLOG = 5 };

static backlog_t backlog;

static void backlog_open(uv_loop_t* loop, int64_t workers) {
  backlog.told = (told_t) {.recorder = &backlog.recorder};
  backlog.end = (pool_end_t) {.recorder = &backlog.recorder};
  recorder_init(&backlog.recorder);
  gate_init(&backlog.gate);
  uvpool_options_t options = pool_options(workers, UVPOOL_UNLIMITED);
  options.on_panic = pool_ignore_panic;
  backlog.pool = pool_open_with(loop, &options);
  uvpool_set_data(backlog.pool, &backlog.end);
  serial_open(backlog.pool, &backlog.serial, &backlog.told);
  backlog.jobs = jobs_new(BACKLOG, &backlog.gate);
  jobs_submit_serial(&backlog.serial, backlog.jobs, BACKLOG);
  gate_await(&backlog.gate, 1);
  for (int i = 0; i < BACKLOG; i++) {
    backlog.jobs[i].recorder = &backlog.recorder;
  }
}

static void backlog_free(void) {
  jobs_free(backlog.jobs);
  gate_destroy(&backlog.gate);
}

static void release_cancels_those_behind(void** state) {
  backlog_open(*state, 2);
  job_t late;
  job_init(&late, 0);
  assert_status(
      uvpool_release_timeout(backlog.pool, UINT64_MAX, pool_on_release), 0);
  assert_status(job_submit_serial(&backlog.serial, &late), UV_ESHUTDOWN);
  assert_int_equal(uvpool_waiting(backlog.pool), 0);
  gate_open(&backlog.gate);
  loop_run(*state);
  assert_status(backlog.end.status, 0);
  job_assert_ran(&backlog.jobs[0]);
  jobs_assert_dropped(backlog.jobs + 1, BACKLOG - 1, UV_ECANCELED);
  assert_status(uvpool_reboot(backlog.pool), 0);
  assert_status(job_submit_serial(&backlog.serial, &late), 0);
  loop_run(*state);
  job_assert_ran(&late);
  pool_close(*state, backlog.pool);
  backlog_free();
}

/* All of them run, in order, with as many workers as there may be. */
static void drain_runs_those_behind(void** state) {
  for (int64_t workers = 1; workers <= 3; workers++) {
    backlog_open(*state, workers);
    assert_status(uvpool_drain(backlog.pool, UINT64_MAX, pool_on_release), 0);
    gate_open(&backlog.gate);
    loop_run(*state);
    assert_int_equal(backlog.end.count, 1);
    assert_status(backlog.end.status, 0);
    jobs_assert_ran(backlog.jobs, BACKLOG);
    const char* order = recorder_text(&backlog.recorder);
    for (int i = 1; i < BACKLOG; i++) {
      char next[16];
      snprintf(next, sizeof(next), "work:%d", i);
      order = strstr(order, next);
      assert_non_null(order);
    }
    assert_non_null(strstr(order, "release:0"));
    pool_close(*state, backlog.pool);
    backlog_free();
  }
}

/* A task of it panics while draining: the rest is run all the same. */
static void drain_goes_on_after_a_panic(void** state) {
  backlog_open(*state, 1);
  backlog.jobs[2].in_work = job_panic;
  assert_status(uvpool_drain(backlog.pool, UINT64_MAX, pool_on_release), 0);
  gate_open(&backlog.gate);
  loop_run(*state);
  assert_status(backlog.end.status, 0);
  job_assert_panicked(&backlog.jobs[2]);
  jobs_assert_ran(backlog.jobs, 2);
  jobs_assert_ran(backlog.jobs + 3, BACKLOG - 3);
  pool_close(*state, backlog.pool);
  backlog_free();
}

/* To close the queue ends the drain, as nothing waits any more. */
static void close_of_the_queue_ends_the_drain(void** state) {
  backlog_open(*state, 1);
  assert_status(uvpool_drain(backlog.pool, UINT64_MAX, pool_on_release), 0);
  assert_status(serial_close(&backlog.serial), 0);
  gate_open(&backlog.gate);
  loop_run(*state);
  assert_int_equal(backlog.end.count, 1);
  assert_status(backlog.end.status, 0);
  told_assert(&backlog.told, 0, 1);
  jobs_assert_dropped(backlog.jobs + 1, BACKLOG - 1, UV_ECANCELED);
  pool_close(*state, backlog.pool);
  backlog_free();
}

static void on_pool_closed(uvpool_t* pool) {
  (void) pool;
  recorder_note(&backlog.recorder, "pool", 0);
}

/* uvpool_close on the handle: what waits ends, and the close_cb that was asked
 * for comes before the handle's. */
static void handle_closes(void** state) {
  backlog_open(*state, 2);
  uvpool_serial_t late;
  assert_status(serial_close(&backlog.serial), 0);
  assert_status(uvpool_close(backlog.pool, on_pool_closed), 0);
  assert_status(uvpool_serial_init(backlog.pool, &late), UV_ESHUTDOWN);
  gate_open(&backlog.gate);
  loop_run(*state);
  job_assert_ran(&backlog.jobs[0]);
  jobs_assert_dropped(backlog.jobs + 1, BACKLOG - 1, UV_ECANCELED);
  told_assert(&backlog.told, 0, 1);
  assert_non_null(
      strstr(recorder_text(&backlog.recorder), "done:0 close:0 pool:0"));
  backlog_free();
}

/* Of an open queue too; on a pool that another handle keeps working, whose own
 * queue goes on. */
static void another_handle_goes_on(void** state) {
  backlog_open(*state, 1);
  uvpool_t* second = NULL;
  uvpool_serial_t serial;
  told_t told = {0};
  job_t* jobs = jobs_new(3, NULL);
  assert_status(uvpool_attach(backlog.pool, *state, &second), 0);
  serial_open(second, &serial, &told);
  jobs_submit_serial(&serial, jobs, 3);
  assert_status(uvpool_close(backlog.pool, on_pool_closed), 0);
  assert_int_equal(uvpool_waiting(second), 3);
  gate_open(&backlog.gate);
  loop_run(*state);
  job_assert_ran(&backlog.jobs[0]);
  jobs_assert_dropped(backlog.jobs + 1, BACKLOG - 1, UV_ECANCELED);
  jobs_assert_ran(jobs, 3);
  pool_close(*state, second);
  jobs_free(jobs);
  backlog_free();
}

/* ---- Errors -------------------------------------------------------------- */

static void einval(void** state) {
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_t* second = NULL;
  uvpool_serial_t serial;
  told_t told = {0};
  uvpool_task_options_t options;
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_serial_init(NULL, &serial), UV_EINVAL);
  assert_status(uvpool_serial_init(pool, NULL), UV_EINVAL);
  assert_status(uvpool_serial_close(NULL, NULL), UV_EINVAL);
  assert_status(job_submit_serial(NULL, &job), UV_EINVAL);
  serial_open(pool, &serial, &told);
  assert_status(uvpool_serial_submit(&serial, NULL, job_work, job_done),
                UV_EINVAL);
  assert_status(uvpool_serial_submit(&serial, &job.task, NULL, job_done),
                UV_EINVAL);
  assert_status(uvpool_serial_submit(&serial, &job.task, job_work, NULL),
                UV_EINVAL);
  assert_status(uvpool_attach(pool, *state, &second), 0);
  uvpool_task_options_init(&options);
  options.serial = &serial;
  assert_status(job_submit_ex(second, &job, &options), UV_EINVAL);
  loop_turn(*state, 2);
  job_assert_untouched(&job);
  assert_status(job_submit_ex(pool, &job, &options), 0);
  assert_status(job_submit_serial(&serial, &job), UV_EALREADY);
  loop_run(*state);
  job_assert_ran(&job);
  pool_close(*state, second);
  pool_close(*state, pool);
}

typedef struct stranger_s {
  helper_t helper;
  uvpool_t* pool;
  uvpool_serial_t* serial;
  uvpool_serial_t fresh;
  int init;
  int close;
} stranger_t;

static void call_from_outside(void* arg) {
  stranger_t* stranger = arg;
  stranger->init = uvpool_serial_init(stranger->pool, &stranger->fresh);
  stranger->close = uvpool_serial_close(stranger->serial, serial_on_close);
}

static void check_eperm(void* arg) {
  stranger_t* stranger = arg;
  job_t job;
  job_init(&job, 0);
  call_from_outside(stranger);
  CHILD_CHECK(stranger->init == UV_EPERM);
  CHILD_CHECK(stranger->close == UV_EPERM);
  CHILD_CHECK(job_submit_serial(stranger->serial, &job) == UV_EPERM);
}

/* Init and close are the loop thread's; in a forked child, nothing is. */
static void eperm(void** state) {
  static stranger_t stranger;
  uvpool_serial_t serial;
  told_t told = {0};
  stranger.pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  stranger.serial = &serial;
  serial_open(stranger.pool, &serial, &told);
  helper_start(&stranger.helper, call_from_outside, &stranger);
  helper_join(*state, &stranger.helper);
  assert_status(stranger.init, UV_EPERM);
  assert_status(stranger.close, UV_EPERM);
  child_run(check_eperm, &stranger);
  assert_status(serial_close(&serial), 0); /* it was not closed by that */
  loop_run(*state);
  told_assert(&told, 0, 1);
  pool_close(*state, stranger.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(max_waiting_counts_those_behind),
      loop_test(free_workers_are_room),
      loop_test(moving_up_makes_room_for_callers),
      loop_test(release_cancels_those_behind),
      loop_test(drain_runs_those_behind),
      loop_test(drain_goes_on_after_a_panic),
      loop_test(close_of_the_queue_ends_the_drain),
      loop_test(handle_closes),
      loop_test(another_handle_goes_on),
      loop_test(einval),
      loop_test(eperm),
  };
  return kit_run(argc, argv, tests);
}
