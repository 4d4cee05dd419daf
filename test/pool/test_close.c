/* uvpool_close: from anywhere on the loop, in any state, and close_cb once,
 * last and never inside the call. */
#include "kit.h"

#include <stdio.h>
#include <string.h>

static recorder_t recorder;

static void on_close(uvpool_t* pool) {
  (void) pool;
  recorder_note(&recorder, "close", 0);
}

/* A pool whose only worker is held by jobs[0]; the others wait. */
typedef struct busy_s {
  gate_t gate;
  uvpool_t* pool;
  pool_end_t end;
  job_t* jobs;
} busy_t;

static void busy_open(busy_t* b, uv_loop_t* loop, int count) {
  recorder_init(&recorder);
  gate_init(&b->gate);
  b->end = (pool_end_t) {.recorder = &recorder};
  b->pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  uvpool_set_data(b->pool, &b->end);
  b->jobs = jobs_new(count, &b->gate);
  for (int i = 0; i < count; i++) {
    b->jobs[i].recorder = &recorder;
  }
  pool_occupy(b->pool, b->jobs, 1);
  if (count > 1) {
    jobs_submit(b->pool, &b->jobs[1], count - 1);
  }
}

static void busy_free(busy_t* b) {
  jobs_free(b->jobs);
  gate_destroy(&b->gate);
}

/* Nothing was ever done. */
static void of_an_unused_pool(void** state) {
  recorder_init(&recorder);
  uvpool_t* pool = pool_open(*state, 4, 0);
  assert_status(uvpool_close(pool, on_close), 0);
  assert_string_equal(recorder_text(&recorder), "");
  assert_int_not_equal(uv_loop_alive(*state), 0);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder), "close:0");
}

/* close_cb may be NULL. */
static void without_a_callback(void** state) {
  busy_t b;
  busy_open(&b, *state, 2);
  assert_status(uvpool_close(b.pool, NULL), 0);
  gate_open(&b.gate);
  loop_run(*state);
  job_assert_ran(&b.jobs[0]);
  job_assert_dropped(&b.jobs[1], UV_ECANCELED);
  busy_free(&b);
}

/* A task runs and others wait: those are cancelled and told at once, that one
 * finishes, and close_cb comes after the last done. */
static void with_waiting_and_running(void** state) {
  busy_t b;
  busy_open(&b, *state, 3);
  job_enter_call();
  assert_status(uvpool_close(b.pool, on_close), 0);
  job_leave_call();
  assert_string_equal(recorder_text(&recorder), "work:0");
  loop_run_until(*state, job_is_done, &b.jobs[2], "the cancelled tasks");
  loop_turn(*state, 3);
  assert_string_equal(recorder_text(&recorder), "work:0 done:1 done:2");
  gate_open(&b.gate);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder),
                      "work:0 done:1 done:2 done:0 close:0");
  job_assert_ran(&b.jobs[0]);
  jobs_assert_dropped(&b.jobs[1], 2, UV_ECANCELED);
  busy_free(&b);
}

/* A pending release hears UV_ECANCELED before the dones that are due. */
static void cancels_a_pending_release(void** state) {
  busy_t b;
  busy_open(&b, *state, 1);
  assert_status(uvpool_release_timeout(b.pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_close(b.pool, on_close), 0);
  assert_int_equal(b.end.count, 0);
  loop_run_until(*state, pool_is_released, &b.end, "the release callback");
  assert_status(b.end.status, UV_ECANCELED);
  gate_open(&b.gate);
  loop_run(*state);
  assert_int_equal(b.end.count, 1);
  assert_int_equal(recorder_count(&recorder, "close"), 1);
  job_assert_ran(&b.jobs[0]);
  busy_free(&b);
}

/* A pending drain likewise, and what still waits is cancelled. */
static void cancels_a_pending_drain(void** state) {
  char expected[64];
  busy_t b;
  busy_open(&b, *state, 3);
  assert_status(uvpool_drain(b.pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_close(b.pool, on_close), 0);
  loop_run_until(*state, job_is_done, &b.jobs[2], "the cancelled tasks");
  gate_open(&b.gate);
  loop_run(*state);
  snprintf(expected,
           sizeof(expected),
           "work:0 release:%d done:1 done:2 done:0 close:0",
           UV_ECANCELED);
  assert_string_equal(recorder_text(&recorder), expected);
  jobs_assert_dropped(&b.jobs[1], 2, UV_ECANCELED);
  busy_free(&b);
}

/* A pending release that has everything behind it, but has not said so yet, is
 * cancelled all the same: its callback comes once. */
static void cancels_a_release_that_is_over(void** state) {
  recorder_init(&recorder);
  uvpool_t* pool = pool_open(*state, 1, 0);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_close(pool, on_close), 0);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, UV_ECANCELED);
  assert_string_equal(recorder_text(&recorder), "close:0");
}

/* The second call is refused, at once and until close_cb. */
static void twice(void** state) {
  busy_t b;
  busy_open(&b, *state, 1);
  assert_status(uvpool_close(b.pool, on_close), 0);
  assert_status(uvpool_close(b.pool, on_close), UV_EALREADY);
  loop_turn(*state, 3);
  assert_status(uvpool_close(b.pool, NULL), UV_EALREADY);
  gate_open(&b.gate);
  loop_run(*state);
  assert_int_equal(recorder_count(&recorder, "close"), 1);
  job_assert_ran(&b.jobs[0]);
  busy_free(&b);
}

/* A closing handle takes no more work and answers so. */
static void refuses_submits(void** state) {
  busy_t b;
  busy_open(&b, *state, 1);
  job_t job;
  job_init(&job, 9);
  assert_status(uvpool_close(b.pool, on_close), 0);
  assert_int_equal(uvpool_is_closed(b.pool), 1);
  assert_status(job_submit(b.pool, &job), UV_ESHUTDOWN);
  assert_status(uvpool_tune(b.pool, 2), UV_ESHUTDOWN);
  assert_status(uvpool_release(b.pool), 0);
  gate_open(&b.gate);
  loop_run(*state);
  job_assert_untouched(&job);
  busy_free(&b);
}

/* After a release that was waited for. */
static void after_release(void** state) {
  busy_t b;
  busy_open(&b, *state, 2);
  assert_status(uvpool_release_timeout(b.pool, UINT64_MAX, pool_on_release), 0);
  gate_open(&b.gate);
  loop_run(*state);
  assert_status(b.end.status, 0);
  assert_status(uvpool_close(b.pool, on_close), 0);
  loop_run(*state);
  assert_int_equal(recorder_count(&recorder, "close"), 1);
  busy_free(&b);
}

/* After a plain release, while it is still under way. */
static void during_release(void** state) {
  busy_t b;
  busy_open(&b, *state, 3);
  assert_status(uvpool_release(b.pool), 0);
  assert_status(uvpool_close(b.pool, on_close), 0);
  gate_open(&b.gate);
  loop_run(*state);
  job_assert_ran(&b.jobs[0]);
  jobs_assert_dropped(&b.jobs[1], 2, UV_ECANCELED);
  assert_int_equal(recorder_count(&recorder, "close"), 1);
  busy_free(&b);
}

static void close_in_done(job_t* job) {
  *(int*) job->arg = uvpool_close(uvpool_task_handle(&job->task), on_close);
}

/* From inside a done, with other tasks waiting and others done and not told. */
static void from_done(void** state) {
  busy_t b;
  int result = 1;
  busy_open(&b, *state, 4);
  b.jobs[0].in_done = close_in_done;
  b.jobs[0].arg = &result;
  gate_admit(&b.gate, 2);
  gate_await(&b.gate, 3);
  loop_run_until(*state, job_is_done, &b.jobs[0], "the first task");
  assert_status(result, 0);
  gate_open(&b.gate);
  loop_run(*state);
  jobs_assert_ran(b.jobs, 3);
  job_assert_dropped(&b.jobs[3], UV_ECANCELED);
  const char* text = recorder_text(&recorder);
  assert_string_equal(text + strlen(text) - 7, "close:0");
  busy_free(&b);
}

/* From inside the last done of all. */
static void from_the_last_done(void** state) {
  busy_t b;
  int result = 1;
  busy_open(&b, *state, 1);
  b.jobs[0].in_done = close_in_done;
  b.jobs[0].arg = &result;
  gate_open(&b.gate);
  loop_run(*state);
  assert_status(result, 0);
  assert_string_equal(recorder_text(&recorder), "work:0 done:0 close:0");
  busy_free(&b);
}

static void close_in_timer(uv_timer_t* timer) {
  busy_t* b = timer->data;
  assert_status(uvpool_close(b->pool, on_close), 0);
  gate_open(&b->gate);
  uv_close((uv_handle_t*) timer, NULL);
}

/* From a timer of the program. */
static void from_a_timer(void** state) {
  busy_t b;
  uv_timer_t timer;
  busy_open(&b, *state, 3);
  assert_int_equal(uv_timer_init(*state, &timer), 0);
  timer.data = &b;
  assert_int_equal(uv_timer_start(&timer, close_in_timer, 0, 0), 0);
  loop_run(*state);
  job_assert_ran(&b.jobs[0]);
  jobs_assert_dropped(&b.jobs[1], 2, UV_ECANCELED);
  assert_int_equal(recorder_count(&recorder, "close"), 1);
  busy_free(&b);
}

static void close_in_release(uvpool_t* pool, int status) {
  pool_on_release(pool, status);
  assert_status(uvpool_close(pool, on_close), 0);
}

/* From inside the release callback, the usual way to end. */
static void from_the_release_callback(void** state) {
  busy_t b;
  busy_open(&b, *state, 2);
  assert_status(uvpool_release_timeout(b.pool, UINT64_MAX, close_in_release),
                0);
  gate_open(&b.gate);
  loop_run(*state);
  assert_int_equal(b.end.count, 1);
  assert_int_equal(recorder_count(&recorder, "close"), 1);
  busy_free(&b);
}

/* From inside it after a timeout, with a work still running. */
static void from_the_release_timeout(void** state) {
  busy_t b;
  busy_open(&b, *state, 1);
  assert_status(uvpool_release_timeout(b.pool, 0, close_in_release), 0);
  loop_run_until(*state, pool_is_released, &b.end, "the timeout");
  assert_status(b.end.status, UV_ETIMEDOUT);
  gate_open(&b.gate);
  loop_run(*state);
  assert_int_equal(b.end.count, 1);
  assert_int_equal(recorder_count(&recorder, "close"), 1);
  job_assert_ran(&b.jobs[0]);
  busy_free(&b);
}

static uvpool_t* second_pool;

static void close_and_open_another(uvpool_t* pool) {
  uv_loop_t* loop = uvpool_get_loop(pool);
  on_close(pool);
  second_pool = pool_open(loop, 1, 0);
}

/* In close_cb the handle is still there, and another pool may be opened. */
static void another_may_be_opened_in_close_cb(void** state) {
  recorder_init(&recorder);
  uvpool_t* pool = pool_open(*state, 1, 0);
  second_pool = NULL;
  assert_status(uvpool_close(pool, close_and_open_another), 0);
  loop_run(*state);
  assert_non_null(second_pool);
  pool_close(*state, second_pool);
}

typedef struct elsewhere_s {
  uvpool_t* pool;
  int result;
} elsewhere_t;

static void close_elsewhere(void* arg) {
  elsewhere_t* e = arg;
  e->result = uvpool_close(e->pool, on_close);
}

/* Not on another thread, and not in a work. */
static void eperm_on_another_thread(void** state) {
  recorder_init(&recorder);
  elsewhere_t e = {pool_open(*state, 1, 0), 0};
  helper_t helper;
  helper_start(&helper, close_elsewhere, &e);
  helper_join(*state, &helper);
  assert_status(e.result, UV_EPERM);
  job_t job;
  int result = 0;
  job_init(&job, 0);
  job.in_work = close_in_done;
  job.arg = &result;
  jobs_submit(e.pool, &job, 1);
  loop_run(*state);
  assert_status(result, UV_EPERM);
  job_assert_ran(&job);
  assert_int_equal(recorder_count(&recorder, "close"), 0);
  pool_close(*state, e.pool);
}

/* Closing right after a burst of submits: each ends once, one way or other. */
static void right_after_a_burst(void** state) {
  enum { COUNT = 100 };
  for (int round = 0; round < 50; round++) {
    uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
    job_t* jobs = jobs_new(COUNT, NULL);
    jobs_submit(pool, jobs, COUNT);
    pool_close(*state, pool);
    for (int i = 0; i < COUNT; i++) {
      if (jobs[i].status == 0) {
        job_assert_ran(&jobs[i]);
      } else {
        job_assert_dropped(&jobs[i], UV_ECANCELED);
      }
    }
    jobs_free(jobs);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(of_an_unused_pool),
      loop_test(without_a_callback),
      loop_test(with_waiting_and_running),
      loop_test(cancels_a_pending_release),
      loop_test(cancels_a_pending_drain),
      loop_test(cancels_a_release_that_is_over),
      loop_test(twice),
      loop_test(refuses_submits),
      loop_test(after_release),
      loop_test(during_release),
      loop_test(from_done),
      loop_test(from_the_last_done),
      loop_test(from_a_timer),
      loop_test(from_the_release_callback),
      loop_test(from_the_release_timeout),
      loop_test(another_may_be_opened_in_close_cb),
      loop_test(eperm_on_another_thread),
      loop_test(right_after_a_burst),
  };
  return kit_run(argc, argv, tests);
}
