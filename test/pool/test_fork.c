/* In a forked child every call on a handle that the parent made returns
 * UV_EPERM, its close frees without joining, and new pools work. */
#include "child.h"
#include "kit.h"
#include "member.h"

#include <unistd.h>

/* A parent's pool with a task that runs, one that waits and an idle worker. */
typedef struct parent_s {
  uv_loop_t* loop;
  uvpool_t* pool;
  gate_t gate;
  job_t* jobs;
  int closed; /* in the child */
} parent_t;

static void parent_open(parent_t* p, uv_loop_t* loop) {
  p->loop = loop;
  p->closed = 0;
  gate_init(&p->gate);
  p->pool = pool_open(loop, 1, UVPOOL_UNLIMITED);
  uvpool_set_data(p->pool, p);
  p->jobs = jobs_new(3, &p->gate);
  pool_occupy(p->pool, p->jobs, 1);
  jobs_submit(p->pool, &p->jobs[1], 1);
}

/* The parent is unaffected: its tasks end as if nothing had been. */
static void parent_close(parent_t* p) {
  gate_open(&p->gate);
  loop_run(p->loop);
  jobs_assert_ran(p->jobs, 2);
  jobs_submit(p->pool, &p->jobs[2], 1);
  loop_run(p->loop);
  job_assert_ran(&p->jobs[2]);
  pool_close(p->loop, p->pool);
  jobs_free(p->jobs);
  gate_destroy(&p->gate);
}

static void go_nowhere(void* arg) {
  (void) arg;
}

static void check_eperm(void* arg) {
  parent_t* p = arg;
  uvpool_t* pool = p->pool;
  uvpool_task_t* fresh = &p->jobs[2].task;
  uvpool_stats_t stats;
  CHILD_CHECK(uvpool_submit(pool, fresh, job_work, job_done) == UV_EPERM);
  CHILD_CHECK(uvpool_submit_wait(pool, fresh, job_work, job_done, 1000) ==
              UV_EPERM);
  CHILD_CHECK(uvpool_go(pool, go_nowhere, NULL) == UV_EPERM);
  CHILD_CHECK(uvpool_cancel(&p->jobs[0].task) == UV_EPERM);
  CHILD_CHECK(uvpool_cancel(&p->jobs[1].task) == UV_EPERM);
  CHILD_CHECK(uvpool_tune(pool, 3) == UV_EPERM);
  CHILD_CHECK(uvpool_release(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_release_timeout(pool, 0, pool_on_release) == UV_EPERM);
  CHILD_CHECK(uvpool_drain(pool, 0, pool_on_release) == UV_EPERM);
  CHILD_CHECK(uvpool_reboot(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_stats(pool, &stats) == UV_EPERM);
  CHILD_CHECK(uvpool_capacity(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_workers(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_busy(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_idle(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_waiting(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_available(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_is_closed(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_ref(pool) == UV_EPERM);
  CHILD_CHECK(uvpool_unref(pool) == UV_EPERM);
}

/* Every call on the parent's handle and tasks. */
static void calls_return_eperm(void** state) {
  parent_t p;
  parent_open(&p, *state);
  child_run(check_eperm, &p);
  parent_close(&p);
}

static void note_closed(uvpool_t* pool) {
  parent_t* p = uvpool_get_data(pool);
  p->closed++;
}

static void close_inherited(parent_t* p) {
  CHILD_CHECK(uv_loop_fork(p->loop) == 0);
  CHILD_CHECK(uvpool_close(p->pool, note_closed) == 0);
  CHILD_CHECK(p->closed == 0);
  (void) uv_run(p->loop, UV_RUN_DEFAULT);
  CHILD_CHECK(p->closed == 1);
  CHILD_CHECK(p->jobs[0].done == 0);
  CHILD_CHECK(p->jobs[1].done == 0);
  CHILD_CHECK(loop_handles(p->loop) == 0);
}

static void check_close(void* arg) {
  close_inherited(arg);
}

/* The child closes the parent's handle: close_cb comes, no done does, nothing
 * is left on the loop. */
static void close_frees_without_joining(void** state) {
  parent_t p;
  parent_open(&p, *state);
  child_run(check_close, &p);
  parent_close(&p);
}

typedef struct members_s {
  parent_t parent;
  uvpool_group_t group;
  uvpool_serial_t serial;
  job_t* jobs;
} members_t;

static void check_members(void* arg) {
  members_t* m = arg;
  CHILD_CHECK(uvpool_group_close(&m->group, NULL) == UV_EPERM);
  CHILD_CHECK(uvpool_group_cancel(&m->group) == UV_EPERM);
  CHILD_CHECK(uvpool_serial_close(&m->serial, NULL) == UV_EPERM);
  close_inherited(&m->parent);
  CHILD_CHECK(uvpool_group_close(&m->group, NULL) == UV_EALREADY);
  CHILD_CHECK(uvpool_group_cancel(&m->group) == UV_EINVAL);
  CHILD_CHECK(uvpool_serial_close(&m->serial, NULL) == UV_EALREADY);
}

/* Groups and serial queues of the handle have ended with it in the child, and
 * know it; those of the parent go on. */
static void members_end_with_the_inherited_handle(void** state) {
  members_t m;
  parent_open(&m.parent, *state);
  assert_status(uvpool_group_init(m.parent.pool, &m.group, NULL), 0);
  assert_status(uvpool_serial_init(m.parent.pool, &m.serial), 0);
  m.jobs = jobs_new(2, NULL);
  assert_status(job_submit_grouped(m.parent.pool, &m.jobs[0], &m.group), 0);
  assert_status(job_submit_serial(&m.serial, &m.jobs[1]), 0);
  child_run(check_members, &m);
  parent_close(&m.parent);
  jobs_assert_ran(m.jobs, 2);
  jobs_free(m.jobs);
}

static int count_work(uvpool_task_t* task) {
  (void) task;
  return 5;
}

static void count_done(uvpool_task_t* task, int status) {
  if (status == 5) {
    ++*(int*) task->data;
  }
}

/* Uses a pool of the child's own, without cmocka. */
static void use_new_pool(uv_loop_t* loop) {
  enum { COUNT = 50 };
  uvpool_task_t tasks[COUNT];
  int done = 0;
  uvpool_t* pool = NULL;
  CHILD_CHECK(uvpool_create(loop, NULL, &pool) == 0);
  for (int i = 0; i < COUNT; i++) {
    tasks[i].data = &done;
    uvpool_task_init(&tasks[i]);
    CHILD_CHECK(uvpool_submit(pool, &tasks[i], count_work, count_done) == 0);
  }
  (void) uv_run(loop, UV_RUN_DEFAULT);
  CHILD_CHECK(done == COUNT);
  CHILD_CHECK(uvpool_close(pool, NULL) == 0);
  (void) uv_run(loop, UV_RUN_DEFAULT);
}

static void check_new_pool(void* arg) {
  uv_loop_t loop;
  (void) arg;
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  use_new_pool(&loop);
  CHILD_CHECK(uv_loop_close(&loop) == 0);
}

static void check_close_and_new_pool(void* arg) {
  parent_t* p = arg;
  close_inherited(p);
  use_new_pool(p->loop);
}

/* ThreadSanitizer does not support threads in the child of a process that has
 * some. */
static void need_threads_in_child(void) {
  if (KIT_TSAN) {
    skip();
  }
}

/* A new pool on a new loop works in the child, with the parent's left alone. */
static void a_new_pool_works(void** state) {
  need_threads_in_child();
  parent_t p;
  parent_open(&p, *state);
  child_run(check_new_pool, &p);
  parent_close(&p);
}

/* And on the inherited loop, once the parent's has been closed. */
static void a_new_pool_works_on_the_old_loop(void** state) {
  need_threads_in_child();
  parent_t p;
  parent_open(&p, *state);
  child_run(check_close_and_new_pool, &p);
  parent_close(&p);
}

static void check_grandchild(void* arg) {
  parent_t* p = arg;
  uv_loop_t loop;
  uvpool_t* pool = NULL;
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  CHILD_CHECK(uvpool_create(&loop, NULL, &pool) == 0);
  pid_t pid = fork();
  CHILD_CHECK(pid >= 0);
  if (pid == 0) {
    CHILD_CHECK(uvpool_release(p->pool) == UV_EPERM);
    CHILD_CHECK(uvpool_release(pool) == UV_EPERM);
    _exit(0);
  }
  CHILD_CHECK(child_wait(pid) == 0);
  CHILD_CHECK(uvpool_release(p->pool) == UV_EPERM);
  CHILD_CHECK(uvpool_release(pool) == 0);
  CHILD_CHECK(uvpool_close(pool, NULL) == 0);
  (void) uv_run(&loop, UV_RUN_DEFAULT);
  CHILD_CHECK(uv_loop_close(&loop) == 0);
}

/* Handles are told apart over two generations. */
static void a_grandchild_tells_them_apart(void** state) {
  parent_t p;
  parent_open(&p, *state);
  child_run(check_grandchild, &p);
  parent_close(&p);
}

static void check_exit(void* arg) {
  (void) arg;
}

/* A child that touches nothing and leaves does not hang and takes nothing from
 * the parent. */
static void a_child_may_just_exit(void** state) {
  parent_t p;
  parent_open(&p, *state);
  child_run(check_exit, &p);
  parent_close(&p);
}

static void fork_in_work(job_t* job) {
  pid_t pid = fork();
  if (pid == 0) {
    _exit(uvpool_release(uvpool_task_handle(&job->task)) == UV_EPERM ? 0 : 1);
  }
  job->result = pid < 0 ? 1 : child_wait(pid);
}

/* A work may fork; the child in the work is a child like any other. */
static void a_work_may_fork(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.in_work = fork_in_work;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_int_equal(job.status, 0);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(calls_return_eperm),
      loop_test(close_frees_without_joining),
      loop_test(members_end_with_the_inherited_handle),
      loop_test(a_new_pool_works),
      loop_test(a_new_pool_works_on_the_old_loop),
      loop_test(a_grandchild_tells_them_apart),
      loop_test(a_child_may_just_exit),
      loop_test(a_work_may_fork),
  };
  return kit_run(argc, argv, tests);
}
