/* Helper threads are exempt from injected thread failures: only the library's
 * own threads are to fail. */
#include "kit.h"

#include "fault_thread.h"

static void helper_main(void* arg) {
  helper_t* helper = arg;
  helper->run(helper->arg);
  atomic_store(&helper->finished, 1);
}

void helper_start(helper_t* helper, void (*run)(void* arg), void* arg) {
  helper->run = run;
  helper->arg = arg;
  atomic_init(&helper->finished, 0);
  fault_thread_exempt(1);
  int rc = uv_thread_create(&helper->thread, helper_main, helper);
  fault_thread_exempt(0);
  assert_status(rc, 0);
}

int helper_finished(void* helper) {
  return atomic_load(&((helper_t*) helper)->finished);
}

void helper_join(uv_loop_t* loop, helper_t* helper) {
  loop_run_until(loop, helper_finished, helper, "a helper thread to return");
  assert_int_equal(uv_thread_join(&helper->thread), 0);
}

static void caller_main(void* arg) {
  caller_t* caller = arg;
  caller->result =
      job_submit_wait(caller->pool, caller->job, caller->timeout_ms);
}

void caller_start(caller_t* caller,
                  uvpool_t* pool,
                  job_t* job,
                  uint64_t timeout_ms) {
  caller->pool = pool;
  caller->job = job;
  caller->timeout_ms = timeout_ms;
  caller->result = 1;
  helper_start(&caller->helper, caller_main, caller);
}

void caller_start_blocked(uv_loop_t* loop,
                          caller_t* caller,
                          uvpool_t* pool,
                          job_t* job,
                          unsigned nth) {
  caller_start(caller, pool, job, UINT64_MAX);
  pool_await_blocked(loop, pool, nth);
}

int caller_join(uv_loop_t* loop, caller_t* caller) {
  helper_join(loop, &caller->helper);
  return caller->result;
}
