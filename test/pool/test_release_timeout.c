/* uvpool_release_timeout: release, and hear when everything is over, or that it
 * takes too long. */
#include "kit.h"

#include <pthread.h>

static void ask_and_run(uv_loop_t* loop,
                        uvpool_t* pool,
                        uint64_t timeout_ms,
                        int expected) {
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, timeout_ms, pool_on_release), 0);
  assert_int_equal(end.count, 0);
  loop_run_until(loop, pool_is_released, &end, "the release callback");
  assert_int_equal(end.count, 1);
  assert_status(end.status, expected);
}

/* 0 comes after every done, when no thread is left. */
static void ends_after_everything(void** state) {
  recorder_t recorder;
  recorder_init(&recorder);
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  pool_end_t end = {.recorder = &recorder};
  uvpool_set_data(pool, &end);
  job_t* jobs = jobs_new(3, &gate);
  for (int i = 0; i < 3; i++) {
    jobs[i].recorder = &recorder;
  }
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 2);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_int_equal(end.count, 0);
  assert_int_equal(uvpool_is_closed(pool), 1);
  loop_run_until(*state, job_is_done, &jobs[2], "the cancelled tasks");
  gate_open(&gate);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder),
                      "work:0 done:1 done:2 done:0 release:0");
  assert_int_equal(uvpool_workers(pool), 0);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static pthread_key_t local_key;
static atomic_int locals_destroyed;
static int destroyed_at_end;
static int workers_at_end;

/* A thread-local destructor that takes its time: only a join waits for it. */
static void destroy_local(void* value) {
  (void) value;
  uv_sleep(2);
  atomic_fetch_add(&locals_destroyed, 1);
}

static void set_local(job_t* job) {
  job->result = pthread_setspecific(local_key, job);
}

static void note_the_end(uvpool_t* pool, int status) {
  workers_at_end = (int) uvpool_workers(pool);
  destroyed_at_end = atomic_load(&locals_destroyed);
  pool_on_release(pool, status);
}

static void check_joined(uv_loop_t* loop) {
  enum { WORKERS = 4 };
  gate_t gate;
  gate_init(&gate);
  pool_end_t end = {0};
  uvpool_t* pool = pool_open(loop, WORKERS, UVPOOL_UNLIMITED);
  uvpool_set_data(pool, &end);
  job_t* jobs = jobs_new(WORKERS, &gate);
  for (int i = 0; i < WORKERS; i++) {
    jobs[i].in_work = set_local;
  }
  pool_occupy(pool, jobs, WORKERS);
  atomic_store(&locals_destroyed, 0);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, note_the_end), 0);
  gate_open(&gate);
  loop_run(loop);
  jobs_assert_ran(jobs, WORKERS);
  assert_status(end.status, 0);
  assert_int_equal(workers_at_end, 0);
  assert_int_equal(destroyed_at_end, WORKERS);
  pool_close(loop, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* In the callback every thread has been joined: nothing of it is left, not even
 * a thread-local destructor of the user's. */
static void ends_after_the_last_join(void** state) {
  assert_int_equal(pthread_key_create(&local_key, destroy_local), 0);
  for (int round = 0; round < 20; round++) {
    check_joined(*state);
  }
  assert_int_equal(pthread_key_delete(local_key), 0);
}

/* A pool that never did anything: 0, and never inside the call. */
static void ends_at_once_when_nothing_is_there(void** state) {
  static const uint64_t timeouts[] = {0, 1, UINT64_MAX};
  for (size_t i = 0; i < KIT_COUNT(timeouts); i++) {
    uvpool_t* pool = pool_open(*state, 2, 0);
    ask_and_run(*state, pool, timeouts[i], 0);
    pool_close(*state, pool);
  }
}

/* UV_ETIMEDOUT while a work runs; then it may be asked again, and again. */
static void times_out_and_may_be_asked_again(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  ask_and_run(*state, pool, 0, UV_ETIMEDOUT);
  ask_and_run(*state, pool, 1, UV_ETIMEDOUT);
  ask_and_run(*state, pool, 20, UV_ETIMEDOUT);
  assert_int_equal(job.done, 0);
  gate_open(&gate);
  ask_and_run(*state, pool, UINT64_MAX, 0);
  job_assert_ran(&job);
  ask_and_run(*state, pool, 0, 0);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* The timeout never fires early, not even when the loop has been busy for long
 * and its idea of the time is old. */
static void never_times_out_early(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  uv_update_time(*state);
  uint64_t busy_until = uv_hrtime() + UINT64_C(30000000);
  while (uv_hrtime() < busy_until) {
    continue;
  }
  uint64_t asked = uv_hrtime();
  ask_and_run(*state, pool, 25, UV_ETIMEDOUT);
  assert_true(uv_hrtime() - asked >= UINT64_C(24000000));
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* While one is pending, another and a drain are refused with UV_EALREADY, and
 * the first is unharmed. */
static void one_at_a_time(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_status(uvpool_release_timeout(pool, 0, pool_on_release), UV_EALREADY);
  assert_status(uvpool_drain(pool, 0, pool_on_release), UV_EALREADY);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* After a plain release, while things still run and after they are over. */
static void after_release(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  assert_status(uvpool_release(pool), 0);
  ask_and_run(*state, pool, 0, UV_ETIMEDOUT);
  gate_open(&gate);
  ask_and_run(*state, pool, UINT64_MAX, 0);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* It keeps the loop alive, even when only idle workers have to leave. */
static void keeps_the_loop_alive(void** state) {
  uvpool_options_t options = pool_options(4, 0);
  options.flags = UVPOOL_NO_PURGE;
  options.min_workers = 4;
  uvpool_t* pool = pool_open_with(*state, &options);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  assert_int_equal(uv_loop_alive(*state), 0);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_int_not_equal(uv_loop_alive(*state), 0);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  assert_int_equal(uvpool_workers(pool), 0);
  pool_close(*state, pool);
}

static void ask_again(uvpool_t* pool, int status) {
  pool_on_release(pool, status);
  pool_end_t* end = uvpool_get_data(pool);
  if (end->count < 4) {
    (void) uvpool_release_timeout(pool, status == 0 ? 0 : 1, ask_again);
  }
}

/* It may be asked again from inside its own callback, after either end. */
static void may_be_asked_from_its_callback(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  assert_status(uvpool_release_timeout(pool, 0, ask_again), 0);
  loop_run_until(*state, pool_is_released, &end, "the first timeout");
  assert_status(end.status, UV_ETIMEDOUT);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(end.count, 4);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

typedef struct elsewhere_s {
  uvpool_t* pool;
  int release;
  int drain;
} elsewhere_t;

static void ask_elsewhere(void* arg) {
  elsewhere_t* e = arg;
  e->release = uvpool_release_timeout(e->pool, 0, pool_on_release);
  e->drain = uvpool_drain(e->pool, 0, pool_on_release);
}

/* Only the loop thread may ask. */
static void eperm_on_another_thread(void** state) {
  elsewhere_t e = {.pool = pool_open(*state, 1, 0)};
  helper_t helper;
  helper_start(&helper, ask_elsewhere, &e);
  helper_join(*state, &helper);
  assert_status(e.release, UV_EPERM);
  assert_status(e.drain, UV_EPERM);
  assert_int_equal(uvpool_is_closed(e.pool), 0);
  pool_close(*state, e.pool);
}

static void ignore_close(uvpool_t* pool) {
  (void) pool;
}

/* On a closing handle: UV_ESHUTDOWN. */
static void eshutdown_when_closing(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.gate = &gate;
  pool_occupy(pool, &job, 1);
  assert_status(uvpool_close(pool, ignore_close), 0);
  assert_status(uvpool_release_timeout(pool, 0, pool_on_release), UV_ESHUTDOWN);
  assert_status(uvpool_drain(pool, 0, pool_on_release), UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&job);
  gate_destroy(&gate);
}

/* With purge disabled it does not wait for a purge that never comes. */
static void ends_without_purge(void** state) {
  uvpool_options_t options = pool_options(8, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(8, NULL);
  jobs_submit(pool, jobs, 8);
  loop_run(*state);
  ask_and_run(*state, pool, UINT64_MAX, 0);
  pool_close(*state, pool);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(ends_after_everything),
      loop_test(ends_after_the_last_join),
      loop_test(ends_at_once_when_nothing_is_there),
      loop_test(times_out_and_may_be_asked_again),
      loop_test(never_times_out_early),
      loop_test(one_at_a_time),
      loop_test(after_release),
      loop_test(keeps_the_loop_alive),
      loop_test(may_be_asked_from_its_callback),
      loop_test(eperm_on_another_thread),
      loop_test(eshutdown_when_closing),
      loop_test(ends_without_purge),
  };
  return kit_run(argc, argv, tests);
}
