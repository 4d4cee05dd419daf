/* The life of a worker thread; worker.h draws it. */
#include "worker.h"

#if defined(__linux__)
#include <sys/prctl.h>
#endif
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <uvpool/errno.h>

#include "completion_queue.h"
#include "dispatch.h"
#include "hooks.h"
#include "notice.h"
#include "panic.h"
#include "process.h"
#include "spawn.h"
#include "util.h"

static _Thread_local struct uvpool__worker* current;

struct uvpool__worker* uvpool__worker_current(void) {
  return current;
}

const struct uvpool__pool* uvpool__worker_pool(void) {
  return current == NULL ? NULL : current->pool;
}

void* uvpool_worker_data(void) {
  return current == NULL ? NULL : current->data;
}

/* ---- Start --------------------------------------------------------------- */

static void set_thread_name(const struct uvpool__worker* worker) {
  char name[UVPOOL__NAME_MAX + 24];
  snprintf(name,
           sizeof(name),
           "%s-%llu",
           worker->pool->settings.name,
           (unsigned long long) worker->number);
#if defined(__linux__)
  prctl(PR_SET_NAME, name); /* cuts it to 15 bytes */
#elif defined(__APPLE__)
  pthread_setname_np(name);
#endif
}

/* False: the hook refuses, and the thread has to end. */
static bool run_start_hook(struct uvpool__worker* worker) {
  const struct uvpool__settings* settings = &worker->pool->settings;
  if (settings->on_worker_start == NULL) {
    return true;
  }
  return settings->on_worker_start(settings->data, &worker->data) == 0;
}

/* ---- Work ---------------------------------------------------------------- */

/* Polls for a while for the token that would otherwise cost a sleep and a
 * wake-up, if no other worker does so. */
static bool spin_for_token(struct uvpool__worker* worker) {
  struct uvpool__pool* pool = worker->pool;
  uint64_t spin_us = pool->settings.spin_us;
  /* Relaxed, see pool.h. */
  if (spin_us == 0 || !uvpool__spin_is_due(&worker->spin) ||
      atomic_exchange_explicit(&pool->spinning, true, memory_order_relaxed)) {
    return false;
  }
  uint64_t until = uvpool__monotonic_ns() + spin_us * 1000u;
  bool found = false;
  do {
    for (int i = 0; i < UVPOOL__SPIN_POLLS && !found; i++) {
      uvpool__cpu_relax();
      found = uvpool__parker_try_park(&worker->parker);
    }
  } while (!found && uvpool__monotonic_ns() < until);
  atomic_store_explicit(&pool->spinning, false, memory_order_relaxed);
  uvpool__spin_learn(&worker->spin, found);
  return found;
}

/* Sleeps until there is a token.
 *
 * A worker that is woken by a submit often takes the submitter's processor at
 * once, and is done before the next submit of a burst, which then has to wake
 * it again. So where a burst is likely, it lets the submitter go on first: a
 * token that comes before it sleeps costs no system call. It is likely if there
 * was one the last time, and if the loop has not been back in its poll since
 * another task was pushed to it. A single request that goes to and fro is
 * better off without: a thread that could run is soon moved to another
 * processor. */
static void park(struct uvpool__worker* worker) {
  uvpool__stopwatch_wind(&worker->watch);
  if (spin_for_token(worker)) {
    return;
  }
  if (worker->yields == UVPOOL__YIELD ||
      (worker->yields == UVPOOL__YIELD_IF_AWAKE && worker->loop_awake)) {
    sched_yield();
  }
  uvpool__parker_park(&worker->parker);
}

static void run(struct uvpool__worker* worker, uvpool_task_t* task) {
  struct uvpool__pool* pool = worker->pool;
  worker->task = task;
  uvpool__stopwatch_start(&worker->watch, task, pool->settings.flags);
  uvpool__tell(pool, task, UVPOOL_TASK_START, 0);
  errno = 0;
  task->end.status = task->work(task);
  worker->task = NULL;
  uvpool__stopwatch_stop(&worker->watch);
  uvpool__tell(pool, task, UVPOOL_TASK_END, task->end.status);
}

/* `backlog`: what waited when the worker took its next task; 0: it took
 * none. */
static void push(struct uvpool__worker* worker,
                 uvpool_task_t* finished,
                 uint64_t backlog) {
  bool quietly = uvpool__coalesce(
      &worker->coalescer, finished->handle, backlog, worker->watch.recent_ns);
  worker->loop_awake = quietly ? !uvpool__completion_push_quietly(finished)
                               : !uvpool__completion_push(finished);
}

/* Runs tasks until there is reason to leave. `finished` is the task that was
 * run last and is not yet on its way to the loop. */
static void serve(struct uvpool__worker* worker) {
  struct uvpool__pool* pool = worker->pool;
  struct uvpool__effects effects = {0};
  uvpool_task_t* finished = NULL;
  bool leave = false;
  while (!leave) {
    uvpool__lock_acquire(&pool->lock);
    if (finished != NULL) {
      bool pushed = uvpool__finish_locked(pool, worker, false, &effects);
      finished = pushed ? NULL : finished;
    }
    uvpool_task_t* task = uvpool__take_locked(pool, worker, &effects);
    if (task == NULL) {
      leave = worker->leaving || uvpool__surplus_locked(pool);
      if (!leave) {
        uvpool__idle_locked(pool, worker);
      } else if (!worker->leaving) {
        worker->leaving = true;
        pool->leaving++;
      }
    }
    uint64_t backlog = task == NULL ? 0 : pool->waiting.len;
    uvpool__lock_release(&pool->lock);
    if (finished != NULL) {
      push(worker, finished, backlog);
    }
    uvpool__effects_run(pool, &effects);
    if (task != NULL) {
      run(worker, task);
    } else if (!leave) {
      park(worker);
    }
    finished = task;
  }
}

/* ---- End ----------------------------------------------------------------- */

/* Cleanup handler: the work has ended the thread. */
static void unwind_work(void* arg) {
  struct uvpool__worker* worker = arg;
  struct uvpool__pool* pool = worker->pool;
  struct uvpool__effects effects = {0};
  uvpool_task_t* task = worker->task;
  assert(task != NULL);
  worker->task = NULL;
  task->end.status = UVPOOL_EPANIC;
  uvpool__stopwatch_stop(&worker->watch);
  uvpool__tell(pool, task, UVPOOL_TASK_END, UVPOOL_EPANIC);
  uvpool__lock_acquire(&pool->lock);
  uvpool__panic_mark_locked(worker, task);
  worker->leaving = true;
  pool->leaving++;
  bool pushed = uvpool__finish_locked(pool, worker, true, &effects);
  uvpool__lock_release(&pool->lock);
  if (!pushed) {
    uvpool__completion_push(task);
  }
  uvpool__effects_run(pool, &effects);
}

/* Cleanup handler, also run at the ordinary end. */
static void run_stop_hook(void* arg) {
  struct uvpool__worker* worker = arg;
  const struct uvpool__settings* settings = &worker->pool->settings;
  if (settings->on_worker_stop != NULL) {
    settings->on_worker_stop(settings->data, worker->data);
  }
}

/* Cleanup handler, also run at the ordinary end, whatever the hooks have done:
 * counts the thread out. Between its two visits to the lock the thread is still
 * counted in pool->threads, so that the pool cannot go away under it. */
static void count_out(void* arg) {
  struct uvpool__worker* worker = arg;
  struct uvpool__pool* pool = worker->pool;
  struct uvpool__effects effects = {0};
  uvpool__lock_acquire(&pool->lock);
  if (!worker->started) {
    worker->woken = false;
    pool->waking--;
    uvpool__spawn_failed_locked(pool, 0);
  }
  if (worker->leaving) {
    pool->leaving--;
  }
  pool->workers--;
  uvpool__process_count_worker(-1);
  uvpool__dispatch_locked(pool, &effects);
  uvpool__lock_release(&pool->lock);
  uvpool__effects_run(pool, &effects);

  uvpool__lock_acquire(&pool->lock);
  worker->next = pool->exited;
  pool->exited = worker;
  uvpool__notice_keeper_locked(pool, UVPOOL__NOTICE_REAP);
  uvpool__lock_release(&pool->lock);
}

static void begin(struct uvpool__worker* worker) {
  struct uvpool__pool* pool = worker->pool;
  worker->started = true;
  uvpool__stopwatch_wind(&worker->watch);
  uvpool__lock_acquire(&pool->lock);
  pool->counters.workers_started++;
  pool->backoff = (struct uvpool__spawn_backoff) {0};
  uvpool__lock_release(&pool->lock);
}

void* uvpool__worker_main(void* arg) {
  struct uvpool__worker* worker = arg;
  current = worker;
  worker->thread = pthread_self();
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  set_thread_name(worker);
  pthread_cleanup_push(count_out, worker);
  if (run_start_hook(worker)) {
    begin(worker);
    pthread_cleanup_push(run_stop_hook, worker);
    pthread_cleanup_push(unwind_work, worker);
    serve(worker);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(1);
  }
  pthread_cleanup_pop(1);
  return NULL;
}
