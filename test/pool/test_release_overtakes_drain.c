/* A release while a drain is pending: what still waits is cancelled, and the
 * drain's callback hears of the end. */
#include "kit.h"

enum { COUNT = 5 };

typedef struct overtaken_s {
  gate_t gate;
  recorder_t recorder;
  pool_end_t end;
  uvpool_t* pool;
  job_t* jobs;
} overtaken_t;

static void overtaken_open(overtaken_t* o, uv_loop_t* loop) {
  gate_init(&o->gate);
  recorder_init(&o->recorder);
  o->end = (pool_end_t) {.recorder = &o->recorder};
  o->pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  uvpool_set_data(o->pool, &o->end);
  o->jobs = jobs_new(COUNT, &o->gate);
  for (int i = 0; i < COUNT; i++) {
    o->jobs[i].recorder = &o->recorder;
  }
  pool_occupy(o->pool, o->jobs, 1);
  jobs_submit(o->pool, &o->jobs[1], COUNT - 1);
  assert_status(uvpool_drain(o->pool, UINT64_MAX, pool_on_release), 0);
}

static void overtaken_close(overtaken_t* o, uv_loop_t* loop) {
  pool_close(loop, o->pool);
  jobs_free(o->jobs);
  gate_destroy(&o->gate);
}

/* Overtaken before anything more has run. */
static void at_once(void** state) {
  overtaken_t o;
  overtaken_open(&o, *state);
  assert_status(uvpool_release(o.pool), 0);
  assert_int_equal(uvpool_waiting(o.pool), 0);
  loop_run_until(*state, job_is_done, &o.jobs[COUNT - 1], "the cancelled");
  gate_open(&o.gate);
  loop_run(*state);
  assert_string_equal(recorder_text(&o.recorder),
                      "work:0 done:1 done:2 done:3 done:4 done:0 release:0");
  job_assert_ran(&o.jobs[0]);
  jobs_assert_dropped(&o.jobs[1], COUNT - 1, UV_ECANCELED);
  assert_int_equal(o.end.count, 1);
  overtaken_close(&o, *state);
}

/* Overtaken in the middle of draining. */
static void in_the_middle(void** state) {
  overtaken_t o;
  overtaken_open(&o, *state);
  gate_admit(&o.gate, 2);
  gate_await(&o.gate, 3);
  assert_status(uvpool_release(o.pool), 0);
  gate_open(&o.gate);
  loop_run(*state);
  jobs_assert_ran(o.jobs, 3);
  jobs_assert_dropped(&o.jobs[3], 2, UV_ECANCELED);
  assert_int_equal(o.end.count, 1);
  assert_status(o.end.status, 0);
  overtaken_close(&o, *state);
}

static void release(void* pool) {
  (void) uvpool_release(pool);
}

/* From another thread, as a signal handler's helper might. */
static void from_another_thread(void** state) {
  overtaken_t o;
  overtaken_open(&o, *state);
  helper_t helper;
  helper_start(&helper, release, o.pool);
  helper_join(*state, &helper);
  gate_open(&o.gate);
  loop_run(*state);
  job_assert_ran(&o.jobs[0]);
  jobs_assert_dropped(&o.jobs[1], COUNT - 1, UV_ECANCELED);
  assert_int_equal(o.end.count, 1);
  assert_status(o.end.status, 0);
  overtaken_close(&o, *state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(at_once),
      loop_test(in_the_middle),
      loop_test(from_another_thread),
  };
  return kit_run(argc, argv, tests);
}
