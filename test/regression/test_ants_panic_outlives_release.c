/* ants, up to 2.11: the panic handler ran outside of all accounts, so that a
 * release could report its end while a handler was still at work.
 *
 * Here on_panic and done of every task come before the end of the release. */
#include "kit.h"

enum { COUNT = 8 };

static recorder_t recorder;

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* why) {
  (void) pool;
  (void) task;
  (void) why;
  recorder_note(&recorder, "panic", 0);
}

static void on_end(uvpool_t* pool, int status) {
  recorder_note(&recorder, "end", recorder_count(&recorder, "panic"));
  pool_on_release(pool, status);
}

/* Works panic while the pool is being released. */
static void panics_during_release(void** state) {
  for (int round = 0; round < 50; round++) {
    recorder_init(&recorder);
    gate_t gate;
    gate_init(&gate);
    uvpool_options_t options = pool_options(COUNT, 0);
    options.on_panic = on_panic;
    uvpool_t* pool = pool_open_with(*state, &options);
    pool_end_t end = {0};
    uvpool_set_data(pool, &end);
    job_t* jobs = jobs_new(COUNT, &gate);
    for (int i = 0; i < COUNT; i++) {
      jobs[i].in_work = job_panic;
    }
    pool_occupy(pool, jobs, COUNT);
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, on_end), 0);
    gate_open(&gate);
    loop_run(*state);
    assert_string_equal(recorder_text(&recorder),
                        "panic:0 panic:0 panic:0 panic:0 panic:0 panic:0 "
                        "panic:0 panic:0 end:8");
    for (int i = 0; i < COUNT; i++) {
      assert_status(jobs[i].status, UVPOOL_EPANIC);
    }
    pool_close(*state, pool);
    jobs_free(jobs);
    gate_destroy(&gate);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(panics_during_release),
  };
  return kit_run(argc, argv, tests);
}
