/* The handle's data belongs to the test, so the close callback finds its note
 * by a static: a test closes one pool at a time on one thread. */
#include "kit.h"

static uvpool_t* closed_pool;
static int closed_count;

uvpool_options_t pool_options(int64_t capacity, int64_t max_waiting) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = capacity;
  options.max_waiting = max_waiting;
  return options;
}

uvpool_t* pool_open_with(uv_loop_t* loop, const uvpool_options_t* options) {
  uvpool_t* pool = NULL;
  assert_status(uvpool_create(loop, options, &pool), 0);
  assert_non_null(pool);
  return pool;
}

uvpool_t* pool_open(uv_loop_t* loop, int64_t capacity, int64_t max_waiting) {
  uvpool_options_t options = pool_options(capacity, max_waiting);
  return pool_open_with(loop, &options);
}

static void on_closed(uvpool_t* pool) {
  closed_pool = pool;
  closed_count++;
}

void pool_close(uv_loop_t* loop, uvpool_t* pool) {
  closed_pool = NULL;
  closed_count = 0;
  assert_status(uvpool_close(pool, on_closed), 0);
  assert_int_equal(closed_count, 0);
  loop_run(loop);
  assert_int_equal(closed_count, 1);
  assert_ptr_equal(closed_pool, pool);
}

uvpool_stats_t pool_stats(uvpool_t* pool) {
  uvpool_stats_t s;
  assert_status(uvpool_stats(pool, &s), 0);
  assert_int_equal(s.accepted,
                   s.waiting + s.busy + s.completed + s.cancelled + s.expired +
                       s.panicked);
  return s;
}

void pool_occupy(uvpool_t* pool, job_t* jobs, int count) {
  assert_true(count > 0);
  unsigned before = gate_arrived(jobs[0].gate);
  jobs_submit(pool, jobs, count);
  gate_await(jobs[0].gate, before + (unsigned) count);
}

typedef struct target_s {
  uvpool_t* pool;
  int64_t count;
} target_t;

static int is_blocked(void* arg) {
  target_t* target = arg;
  return pool_stats(target->pool).blocked == (uint64_t) target->count;
}

static int has_workers(void* arg) {
  target_t* target = arg;
  return uvpool_workers(target->pool) == target->count;
}

static int has_idle(void* arg) {
  target_t* target = arg;
  return uvpool_idle(target->pool) == target->count;
}

void pool_await_blocked(uv_loop_t* loop, uvpool_t* pool, uint64_t count) {
  target_t target = {pool, (int64_t) count};
  loop_run_until(loop, is_blocked, &target, "callers of submit_wait to block");
}

void pool_await_workers(uv_loop_t* loop, uvpool_t* pool, int64_t count) {
  target_t target = {pool, count};
  loop_run_until(loop, has_workers, &target, "the number of workers");
}

void pool_await_idle(uv_loop_t* loop, uvpool_t* pool, int64_t count) {
  target_t target = {pool, count};
  loop_run_until(loop, has_idle, &target, "the number of idle workers");
}

static int has_completed(void* arg) {
  target_t* target = arg;
  return pool_stats(target->pool).completed >= (uint64_t) target->count;
}

void pool_wait_completed(uvpool_t* pool, uint64_t count) {
  target_t target = {pool, (int64_t) count};
  kit_wait_until(has_completed, &target, "works to return");
}

void pool_warm(uv_loop_t* loop, uvpool_t* pool, int count) {
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(count, &gate);
  pool_occupy(pool, jobs, count);
  gate_open(&gate);
  loop_run(loop);
  pool_await_idle(loop, pool, count);
  jobs_free(jobs);
  gate_destroy(&gate);
}

void pool_ignore_panic(uvpool_t* pool,
                       uvpool_task_t* task,
                       const char* reason) {
  (void) pool;
  (void) task;
  (void) reason;
}

void pool_on_release(uvpool_t* pool, int status) {
  pool_end_t* end = uvpool_get_data(pool);
  end->count++;
  end->status = status;
  if (end->recorder != NULL) {
    recorder_note(end->recorder, "release", status);
  }
}

int pool_is_released(void* end) {
  return ((pool_end_t*) end)->count > 0;
}
