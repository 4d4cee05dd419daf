/* Workers block every asynchronous signal, run with thread cancellation
 * disabled, and start each task with errno 0. */
#include "kit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static const int asynchronous[] = {SIGHUP,
                                   SIGINT,
                                   SIGQUIT,
                                   SIGTERM,
                                   SIGUSR1,
                                   SIGUSR2,
                                   SIGALRM,
                                   SIGCHLD,
                                   SIGCONT,
                                   SIGTSTP,
                                   SIGTTIN,
                                   SIGTTOU,
                                   SIGURG,
                                   SIGVTALRM};

static const int synchronous[] =
    {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

static void read_mask(job_t* job) {
  job->result = pthread_sigmask(SIG_SETMASK, NULL, job->arg);
}

/* The mask of a worker: signals from outside are blocked, memory faults and
 * their like are not. */
static void workers_block_asynchronous_signals(void** state) {
  sigset_t mask;
  sigemptyset(&mask);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.in_work = read_mask;
  job.arg = &mask;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_status(job.status, 0);
  for (size_t i = 0; i < KIT_COUNT(asynchronous); i++) {
    if (sigismember(&mask, asynchronous[i]) != 1) {
      fail_msg("signal %d is not blocked in a worker", asynchronous[i]);
    }
  }
  for (size_t i = 0; i < KIT_COUNT(synchronous); i++) {
    if (sigismember(&mask, synchronous[i]) != 0) {
      fail_msg("signal %d is blocked in a worker", synchronous[i]);
    }
  }
  pool_close(*state, pool);
}

/* The mask of the thread that submits, and so starts workers, is its own. */
static void the_submitters_mask_is_left_alone(void** state) {
  sigset_t mine;
  sigset_t before;
  sigset_t after;
  sigemptyset(&mine);
  sigaddset(&mine, SIGUSR2);
  assert_int_equal(pthread_sigmask(SIG_SETMASK, &mine, &before), 0);
  uvpool_options_t options = pool_options(4, 0);
  options.min_workers = 1;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(4, NULL);
  jobs_submit(pool, jobs, 4);
  assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, &after), 0);
  for (size_t i = 0; i < KIT_COUNT(asynchronous); i++) {
    assert_int_equal(sigismember(&after, asynchronous[i]),
                     asynchronous[i] == SIGUSR2);
  }
  loop_run(*state);
  pool_close(*state, pool);
  jobs_free(jobs);
}

static volatile sig_atomic_t signal_seen;
static uv_thread_t signal_thread;

static void on_signal(int number) {
  signal_thread = uv_thread_self();
  signal_seen = number;
}

/* A signal sent to the process never lands on a worker. */
static void signals_land_on_the_loop_thread(void** state) {
  gate_t gate;
  gate_init(&gate);
  struct sigaction action = {.sa_handler = on_signal};
  struct sigaction before;
  assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
  uvpool_t* pool = pool_open(*state, 4, 0);
  job_t* jobs = jobs_new(4, &gate);
  pool_occupy(pool, jobs, 4);
  uv_thread_t self = uv_thread_self();
  for (int i = 0; i < 20; i++) {
    signal_seen = 0;
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(signal_seen, SIGUSR1);
    assert_true(uv_thread_equal(&self, &signal_thread));
  }
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static int work_with_errno(uvpool_task_t* task) {
  (void) task;
  int at_start = errno;
  errno = EDOM;
  return at_start;
}

static void keep_status(uvpool_task_t* task, int status) {
  *(int*) task->data |= status;
}

/* Each task begins with errno 0, whatever the one before left. */
static void errno_is_0_at_the_start(void** state) {
  enum { COUNT = 20 };
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  uvpool_task_t tasks[COUNT];
  int seen = 0;
  for (int i = 0; i < COUNT; i++) {
    tasks[i].data = &seen;
    uvpool_task_init(&tasks[i]);
    assert_status(uvpool_submit(pool, &tasks[i], work_with_errno, keep_status),
                  0);
  }
  loop_run(*state);
  assert_int_equal(seen, 0);
  pool_close(*state, pool);
}

static void read_cancel_state(job_t* job) {
  int before = -1;
  (void) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  job->result = before;
}

/* Nobody can cancel the thread under a work. */
static void thread_cancellation_is_disabled(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t job;
  job_init(&job, 0);
  job.in_work = read_cancel_state;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_int_equal(job.status, PTHREAD_CANCEL_DISABLE);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(workers_block_asynchronous_signals),
      loop_test(the_submitters_mask_is_left_alone),
      loop_test(signals_land_on_the_loop_thread),
      loop_test(errno_is_0_at_the_start),
      loop_test(thread_cancellation_is_disabled),
  };
  return kit_run(argc, argv, tests);
}
