/* Labels: kept by reference, seen wherever the task is, and never somebody
 * else's. */
#include <stdbool.h>
#include <string.h>

#include "kit.h"

/* What uvpool_task_label said, from each place where it may be asked. */
typedef struct seen_s {
  _Atomic(const char*) in_work;
  _Atomic(const char*) at_event[UVPOOL_TASK_END + 1];
  const char* in_done;
} seen_t;

static seen_t seen;

static void look_in_work(job_t* job) {
  atomic_store(&seen.in_work, uvpool_task_label(&job->task));
}

static void look_in_done(job_t* job) {
  seen.in_done = uvpool_task_label(&job->task);
}

static void look_at_event(void* data,
                          const uvpool_task_t* task,
                          uvpool_task_event_t event,
                          int status) {
  (void) data;
  (void) status;
  atomic_store(&seen.at_event[event], uvpool_task_label(task));
}

static uvpool_t* open_with_eyes(uv_loop_t* loop, int64_t max_waiting) {
  memset(&seen, 0, sizeof(seen));
  uvpool_options_t options = pool_options(1, max_waiting);
  options.on_task = look_at_event;
  return pool_open_with(loop, &options);
}

static int submit(uvpool_t* pool, job_t* job, const char* label) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.label = label;
  job->in_work = look_in_work;
  job->in_done = look_in_done;
  return job_submit_ex(pool, job, &options);
}

static void assert_seen(const char* label, bool began) {
  assert_ptr_equal(atomic_load(&seen.in_work), began ? label : NULL);
  assert_ptr_equal(seen.in_done, label);
  assert_ptr_equal(atomic_load(&seen.at_event[UVPOOL_TASK_ENQUEUE]), label);
  assert_ptr_equal(atomic_load(&seen.at_event[UVPOOL_TASK_START]),
                   began ? label : NULL);
  assert_ptr_equal(atomic_load(&seen.at_event[UVPOOL_TASK_END]), label);
}

/* The very text, everywhere. */
static void the_same_everywhere(void** state) {
  char label[] = "resize";
  uvpool_t* pool = open_with_eyes(*state, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0);
  assert_status(submit(pool, &job, label), 0);
  loop_run(*state);
  assert_seen(label, true);
  pool_close(*state, pool);
}

/* Also of a task that never began, and of one that was refused. */
static void of_those_that_never_began(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_with_eyes(*state, 1);
  job_t* jobs = jobs_new(3, &gate);
  assert_status(submit(pool, &jobs[0], "blocker"), 0);
  gate_await(&gate, 1);
  memset(&seen, 0, sizeof(seen));
  static const char label[] = "waiting";
  assert_status(submit(pool, &jobs[1], label), 0);
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  loop_run_until(*state, job_is_done, &jobs[1], "the cancelled one");
  assert_seen(label, false);
  jobs_submit(pool, &jobs[1], 1);
  assert_status(submit(pool, &jobs[2], label), UV_EAGAIN);
  assert_ptr_equal(atomic_load(&seen.at_event[UVPOOL_TASK_REFUSE]), label);
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* None without options, without one in them, and for no task; also when the
 * task had one on its flight before. */
static void none(void** state) {
  uvpool_t* pool = open_with_eyes(*state, UVPOOL_UNLIMITED);
  job_t job;
  job_init(&job, 0); /* its memory is junk */
  assert_null(uvpool_task_label(NULL));
  assert_status(submit(pool, &job, NULL), 0);
  loop_run(*state);
  assert_seen(NULL, true);
  assert_status(submit(pool, &job, "once"), 0);
  loop_run(*state);
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_seen(NULL, true);
  assert_status(submit(pool, &job, "twice"), 0);
  loop_run(*state);
  assert_status(job_submit_ex(pool, &job, NULL), 0);
  loop_run(*state);
  assert_seen(NULL, true);
  pool_close(*state, pool);
}

/* The options are read at the submit, and not kept. */
static void options_are_not_kept(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = open_with_eyes(*state, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(2, NULL);
  jobs[0].gate = &gate;
  pool_occupy(pool, jobs, 1);
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.label = "kept";
  options.task_class = 3;
  assert_status(job_submit_ex(pool, &jobs[1], &options), 0);
  memset(&options, 0xa5, sizeof(options));
  assert_int_equal(pool_stats(pool).classes[3].waiting, 1);
  assert_string_equal(pool_stats(pool).oldest_waiting_label, "kept");
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, 2);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_same_everywhere),
      loop_test(of_those_that_never_began),
      loop_test(none),
      loop_test(options_are_not_kept),
  };
  return kit_run(argc, argv, tests);
}
