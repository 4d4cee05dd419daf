/* A blocked uvpool_submit_wait under a storm of signals: a handler that runs in
 * the middle of it neither ends the wait nor loses the wake-up. */
#include "kit.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

static atomic_int handled;

static void on_signal(int number) {
  (void) number;
  atomic_fetch_add(&handled, 1);
}

static void storm(caller_t* caller, int signals) {
  for (int i = 0; i < signals; i++) {
    assert_int_equal(pthread_kill(caller->helper.thread, SIGUSR1), 0);
    uv_sleep(0);
  }
}

static int is_handled(void* arg) {
  (void) arg;
  return atomic_load(&handled) > 0;
}

/* The wait goes on through the storm and ends with room. */
static void a_storm_does_not_end_the_wait(void** state) {
  struct sigaction action;
  struct sigaction before;
  gate_t gate;
  gate_init(&gate);
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_signal; /* and no SA_RESTART */
  assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  pool_occupy(pool, jobs, 1);
  for (int round = 0; round < 5; round++) {
    caller_t caller;
    caller_start_blocked(*state, &caller, pool, &jobs[1], 1);
    atomic_store(&handled, 0);
    storm(&caller, 300);
    if (!KIT_TSAN) { /* it puts handlers off while a thread sleeps */
      loop_run_until(*state, is_handled, NULL, "a signal to be handled");
    }
    assert_int_equal(pool_stats(pool).blocked, 1);
    gate_admit(&gate, 1);
    assert_status(caller_join(*state, &caller), 0);
    loop_run_until(*state, job_is_done, &jobs[0], "the task before");
    gate_admit(&gate, 1);
    loop_run_until(*state, job_is_done, &jobs[1], "the caller's task");
    jobs[0].done = 0;
    jobs[1].done = 0;
    jobs_submit(pool, jobs, 1);
  }
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(a_storm_does_not_end_the_wait),
  };
  return kit_run(argc, argv, tests);
}
