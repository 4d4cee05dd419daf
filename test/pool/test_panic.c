/* A work that panics, or ends its thread, ends its worker and nothing
 * else. on_panic hears of it on the loop, then done gets UVPOOL_EPANIC, and the
 * worker is replaced when one is needed. */
#include "kit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What the callbacks heard, written on the loop thread. */
typedef struct heard_s {
  recorder_t recorder;
  uv_thread_t loop_thread;
  int panics;
  int logs;
  int strayed; /* on another thread */
  uvpool_t* pool;
  uvpool_task_t* task;
  void* task_data;
  char text[512]; /* the last reason or message */
} heard_t;

static void hear(heard_t* heard, uvpool_t* pool, const char* text) {
  uv_thread_t self = uv_thread_self();
  if (!uv_thread_equal(&self, &heard->loop_thread)) {
    heard->strayed++;
  }
  heard->pool = pool;
  snprintf(heard->text, sizeof(heard->text), "%s", text);
}

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason) {
  heard_t* heard = uvpool_get_data(pool);
  hear(heard, pool, reason);
  heard->panics++;
  heard->task = task;
  heard->task_data = task->data;
  recorder_note(&heard->recorder, "panic", 0);
}

static void on_log(uvpool_t* pool, const char* message) {
  heard_t* heard = uvpool_get_data(pool);
  hear(heard, pool, message);
  heard->logs++;
}

static uvpool_t* open_listening(uv_loop_t* loop,
                                heard_t* heard,
                                int64_t capacity,
                                uvpool_panic_cb panic_cb) {
  memset(heard, 0, sizeof(*heard));
  recorder_init(&heard->recorder);
  heard->loop_thread = uv_thread_self();
  uvpool_options_t options = pool_options(capacity, UVPOOL_UNLIMITED);
  options.on_panic = panic_cb;
  options.on_log = on_log;
  options.data = heard;
  return pool_open_with(loop, &options);
}

static void panic(job_t* job) {
  uvpool_panic("bad %s %d", "luck", job->id);
}

static void exit_thread(job_t* job) {
  (void) job;
  pthread_exit(NULL);
}

/* on_panic with handle, task and formatted reason, before done; both on the
 * loop. */
static void tells_on_panic_then_done(void** state) {
  heard_t heard;
  uvpool_t* pool = open_listening(*state, &heard, 1, on_panic);
  job_t job;
  job_init(&job, 42);
  job.in_work = panic;
  job.recorder = &heard.recorder;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_string_equal(recorder_text(&heard.recorder),
                      "work:42 panic:0 done:42");
  assert_string_equal(heard.text, "bad luck 42");
  assert_ptr_equal(heard.pool, pool);
  assert_ptr_equal(heard.task, &job.task);
  assert_int_equal(heard.strayed, 0);
  assert_int_equal(heard.logs, 0);
  uvpool_stats_t stats = pool_stats(pool);
  assert_int_equal(stats.panicked, 1);
  assert_int_equal(stats.completed, 0);
  assert_int_equal(stats.started, 1);
  pool_close(*state, pool);
}

/* pthread_exit is treated alike, with a reason that names it. */
static void pthread_exit_is_a_panic(void** state) {
  heard_t heard;
  uvpool_t* pool = open_listening(*state, &heard, 1, on_panic);
  job_t* jobs = jobs_new(2, NULL);
  jobs[0].in_work = exit_thread;
  jobs_submit(pool, jobs, 2);
  loop_run(*state);
  job_assert_panicked(&jobs[0]);
  job_assert_ran(&jobs[1]);
  assert_int_equal(heard.panics, 1);
  assert_non_null(strstr(heard.text, "pthread_exit"));
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* Without on_panic the reason is logged, once, without a newline. */
static void is_logged_by_default(void** state) {
  heard_t heard;
  uvpool_t* pool = open_listening(*state, &heard, 1, NULL);
  job_t job;
  job_init(&job, 7);
  job.in_work = panic;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_int_equal(heard.logs, 1);
  assert_int_equal(heard.strayed, 0);
  assert_non_null(strstr(heard.text, "bad luck 7"));
  assert_null(strchr(heard.text, '\n'));
  pool_close(*state, pool);
}

static void panic_in_lines(job_t* job) {
  uvpool_panic("first\nsecond\r\n%d\n", job->id);
}

/* A message has no newline, whatever the reason contains. */
static void a_logged_message_is_one_line(void** state) {
  heard_t heard;
  uvpool_t* pool = open_listening(*state, &heard, 1, NULL);
  job_t job;
  job_init(&job, 3);
  job.in_work = panic_in_lines;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_non_null(strstr(heard.text, "first"));
  assert_non_null(strstr(heard.text, "second"));
  assert_null(strpbrk(heard.text, "\r\n"));
  pool_close(*state, pool);
}

static void panic_at_length(job_t* job) {
  char reason[600];
  memset(reason, 'x', sizeof(reason));
  reason[sizeof(reason) - 1] = '\0';
  (void) job;
  uvpool_panic("%s", reason);
}

/* A reason is kept up to 255 bytes; one without arguments is fine too. */
static void long_reasons_are_cut(void** state) {
  heard_t heard;
  uvpool_t* pool = open_listening(*state, &heard, 1, on_panic);
  job_t job;
  job_init(&job, 0);
  job.in_work = panic_at_length;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_int_equal(strlen(heard.text), 255);
  assert_int_equal(strspn(heard.text, "x"), 255);
  pool_close(*state, pool);
}

static void panic_go(void* arg) {
  uvpool_panic("%s", (const char*) arg);
}

/* The task of a uvpool_go is the pool's own; its data is the argument. */
static void go_shows_its_argument(void** state) {
  heard_t heard;
  char reason[] = "in go";
  uvpool_t* pool = open_listening(*state, &heard, 1, on_panic);
  assert_status(uvpool_go(pool, panic_go, reason), 0);
  loop_run(*state);
  assert_int_equal(heard.panics, 1);
  assert_ptr_equal(heard.task_data, reason);
  assert_string_equal(heard.text, "in go");
  pool_close(*state, pool);
}

/* Outside of a work it does nothing and returns. */
static void does_nothing_outside_of_a_work(void** state) {
  (void) state;
  uvpool_panic("nobody works here");
}

static void panic_in_done(job_t* job) {
  (void) job;
  uvpool_panic("not in done");
}

/* Also in a done. */
static void does_nothing_in_done(void** state) {
  heard_t heard;
  uvpool_t* pool = open_listening(*state, &heard, 1, on_panic);
  job_t job;
  job_init(&job, 0);
  job.in_done = panic_in_done;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  assert_int_equal(heard.panics, 0);
  pool_close(*state, pool);
}

/* A release waits for on_panic and done of a work that panics in it. */
static void release_waits_for_it(void** state) {
  gate_t gate;
  gate_init(&gate);
  heard_t heard;
  recorder_t recorder;
  recorder_init(&recorder);
  uvpool_t* pool = open_listening(*state, &heard, 1, NULL);
  pool_end_t end = {.recorder = &recorder};
  job_t job;
  job_init(&job, 1);
  job.gate = &gate;
  job.in_work = panic;
  job.recorder = &recorder;
  pool_occupy(pool, &job, 1);
  uvpool_set_data(pool, &heard);
  assert_status(uvpool_release(pool), 0);
  gate_open(&gate);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_int_equal(heard.logs, 1);
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder), "work:1 done:1 release:0");
  pool_close(*state, pool);
  gate_destroy(&gate);
}

static int closed_in_panic;

static void on_closed(uvpool_t* pool) {
  (void) pool;
  closed_in_panic++;
}

static void close_in_panic(uvpool_t* pool,
                           uvpool_task_t* task,
                           const char* reason) {
  on_panic(pool, task, reason);
  assert_status(uvpool_close(pool, on_closed), 0);
}

/* The handle may be closed inside on_panic; done still comes before
 * close_cb. */
static void may_close_in_on_panic(void** state) {
  heard_t heard;
  closed_in_panic = 0;
  uvpool_t* pool = open_listening(*state, &heard, 1, close_in_panic);
  job_t job;
  job_init(&job, 0);
  job.in_work = panic;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_int_equal(closed_in_panic, 1);
}

static pthread_key_t tls_key;
static atomic_int tls_destroyed;
static atomic_int cleaned_up;

static void destroy_tls(void* value) {
  (void) value;
  atomic_fetch_add(&tls_destroyed, 1);
}

static void clean_up(void* arg) {
  (void) arg;
  atomic_fetch_add(&cleaned_up, 1);
}

static void panic_with_cleanup(job_t* job) {
  (void) pthread_setspecific(tls_key, job);
  pthread_cleanup_push(clean_up, NULL);
  uvpool_panic("with a handler");
  pthread_cleanup_pop(0);
}

/* The thread's cleanup handlers and thread-local destructors have run before
 * done. */
static void runs_the_threads_own_cleanup(void** state) {
  heard_t heard;
  assert_int_equal(pthread_key_create(&tls_key, destroy_tls), 0);
  atomic_store(&tls_destroyed, 0);
  atomic_store(&cleaned_up, 0);
  uvpool_t* pool = open_listening(*state, &heard, 1, on_panic);
  job_t job;
  job_init(&job, 0);
  job.in_work = panic_with_cleanup;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_panicked(&job);
  assert_int_equal(atomic_load(&cleaned_up), 1);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&tls_destroyed), 1);
  assert_int_equal(pthread_key_delete(tls_key), 0);
}

static void resubmit(job_t* job) {
  job->in_work = NULL;
  job->in_done = NULL;
  (void) job_submit(uvpool_task_handle(&job->task), job);
}

/* A task that panicked may be submitted again from its done. */
static void may_be_submitted_again(void** state) {
  heard_t heard;
  uvpool_t* pool = open_listening(*state, &heard, 1, on_panic);
  job_t job;
  job_init(&job, 0);
  job.in_work = panic;
  job.in_done = resubmit;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_int_equal(job.done, 2);
  assert_status(job.status, 0);
  assert_int_equal(job.started, 1);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(tells_on_panic_then_done),
      loop_test(pthread_exit_is_a_panic),
      loop_test(is_logged_by_default),
      loop_test(a_logged_message_is_one_line),
      loop_test(long_reasons_are_cut),
      loop_test(go_shows_its_argument),
      cmocka_unit_test(does_nothing_outside_of_a_work),
      loop_test(does_nothing_in_done),
      loop_test(release_waits_for_it),
      loop_test(may_close_in_on_panic),
      loop_test(runs_the_threads_own_cleanup),
      loop_test(may_be_submitted_again),
  };
  return kit_run(argc, argv, tests);
}
