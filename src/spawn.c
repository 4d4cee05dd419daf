/* Threads: reserve, start, recycle, join; see spawn.h. */
#include "spawn.h"

#include <signal.h>
#include <uv.h>

#include "alloc.h"
#include "dispatch.h"
#include "notice.h"
#include "process.h"
#include "util.h"
#include "worker.h"

/* How long starting is suspended after one failure, and after many. */
enum { BACKOFF_FIRST_MS = 10, BACKOFF_LAST_MS = 1000 };

/* ---- Reservations -------------------------------------------------------- */

void uvpool__spawn_reserve_first_locked(struct uvpool__pool* pool) {
  assert(pool->workers < pool->capacity);
  pool->threads++;
  pool->workers++;
  pool->waking++;
  uvpool__process_count_worker(1);
  if (pool->workers > pool->counters.workers_max) {
    pool->counters.workers_max = pool->workers;
  }
}

bool uvpool__spawn_reserve_locked(struct uvpool__pool* pool) {
  if (pool->workers >= pool->capacity) {
    return false;
  }
  if (pool->backoff.retry_at_ns != 0 &&
      uvpool__monotonic_ns() < pool->backoff.retry_at_ns) {
    if (!pool->retry_on) {
      pool->retry_on = true;
      uvpool__notice_keeper_locked(pool, UVPOOL__NOTICE_RETRY);
    }
    return false;
  }
  uvpool__spawn_reserve_first_locked(pool);
  return true;
}

void uvpool__spawn_failed_locked(struct uvpool__pool* pool, int err) {
  struct uvpool__spawn_backoff* backoff = &pool->backoff;
  backoff->delay_ms =
      backoff->delay_ms == 0 ? BACKOFF_FIRST_MS : backoff->delay_ms * 2;
  if (backoff->delay_ms > BACKOFF_LAST_MS) {
    backoff->delay_ms = BACKOFF_LAST_MS;
  }
  backoff->retry_at_ns = uvpool__deadline_ns(backoff->delay_ms);
  backoff->err = err;
  pool->counters.spawn_failures++;
}

/* ---- Records ------------------------------------------------------------- */

/* Makes room in the worker queue for one entry per record. */
static int grow_queue(struct uvpool__pool* pool, uint64_t records) {
  uvpool__lock_acquire(&pool->lock);
  size_t size = pool->idle.size;
  uvpool__lock_release(&pool->lock);
  if (size >= records) {
    return 0;
  }
  size = size * 2 > records ? size * 2 : (size_t) records;
  struct uvpool__idle** entries = uvpool__alloc_array(
      &pool->settings.allocator, size, sizeof(struct uvpool__idle*));
  if (entries == NULL) {
    return UV_ENOMEM;
  }
  uvpool__lock_acquire(&pool->lock);
  /* Another thread may have been faster. */
  struct uvpool__idle** unused =
      size > pool->idle.size
          ? uvpool__worker_queue_adopt(&pool->idle, entries, size)
          : entries;
  uvpool__lock_release(&pool->lock);
  uvpool__free(&pool->settings.allocator, unused);
  return 0;
}

/* A new record that is in use; NULL without memory. */
static struct uvpool__worker* new_record(struct uvpool__pool* pool) {
  uvpool__lock_acquire(&pool->lock);
  uint64_t count = ++pool->record_count;
  uvpool__lock_release(&pool->lock);
  struct uvpool__worker* worker =
      uvpool__alloc(&pool->settings.allocator, sizeof(*worker));
  if (worker == NULL) {
    goto err_count;
  }
  worker->pool = pool;
  if (uvpool__parker_init(&worker->parker) != 0) {
    goto err_alloc;
  }
  if (grow_queue(pool, count) != 0) {
    goto err_parker;
  }
  uvpool__lock_acquire(&pool->lock);
  worker->next_record = pool->records;
  pool->records = worker;
  uvpool__lock_release(&pool->lock);
  return worker;

err_parker:
  uvpool__parker_destroy(&worker->parker);
err_alloc:
  uvpool__free(&pool->settings.allocator, worker);
err_count:
  uvpool__lock_acquire(&pool->lock);
  pool->record_count--;
  uvpool__lock_release(&pool->lock);
  return NULL;
}

static struct uvpool__worker* take_record(struct uvpool__pool* pool) {
  uvpool__lock_acquire(&pool->lock);
  struct uvpool__worker* worker = pool->spare;
  if (worker != NULL) {
    pool->spare = worker->next;
  }
  uvpool__lock_release(&pool->lock);
  return worker != NULL ? worker : new_record(pool);
}

void uvpool__spawn_recycle_locked(struct uvpool__worker* worker) {
  if (worker->joined && !worker->reason_held) {
    worker->next = worker->pool->spare;
    worker->pool->spare = worker;
  }
}

int uvpool__spawn_prealloc(struct uvpool__pool* pool, uint64_t count) {
  if (grow_queue(pool, count) != 0) {
    return UV_ENOMEM;
  }
  for (uint64_t i = 0; i < count; i++) {
    struct uvpool__worker* worker = new_record(pool);
    if (worker == NULL) {
      return UV_ENOMEM;
    }
    worker->joined = true;
    uvpool__lock_acquire(&pool->lock);
    uvpool__spawn_recycle_locked(worker);
    uvpool__lock_release(&pool->lock);
  }
  return 0;
}

void uvpool__spawn_free_records(struct uvpool__pool* pool, bool inherited) {
  while (pool->records != NULL) {
    struct uvpool__worker* worker = pool->records;
    pool->records = worker->next_record;
    if (!inherited) { /* else it would wait for a sleeper of the parent's */
      uvpool__parker_destroy(&worker->parker);
    }
    uvpool__free(&pool->settings.allocator, worker);
  }
  uvpool__free(&pool->settings.allocator, pool->idle.entries);
}

/* ---- Start and join ------------------------------------------------------ */

/* Every signal that comes from outside is for the program's own threads; those
 * that a thread brings upon itself by a fault stay as they are. The mask is
 * inherited at creation, so that no moment is left in which one could slip
 * through. */
static int start_thread(struct uvpool__worker* worker) {
  static const int faults[] = {
      SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
    sigdelset(&blocked, faults[i]);
  }
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_t thread;
  int err = pthread_create(
      &thread, &worker->pool->thread_attr, uvpool__worker_main, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return err == 0 ? 0 : uv_translate_sys_error(err);
}

/* Sets a record for a new thread and starts it. */
static int start_record(struct uvpool__pool* pool,
                        struct uvpool__worker* worker) {
  uvpool__lock_acquire(&pool->lock);
  worker->number = pool->next_number++;
  worker->woken = true;
  worker->leaving = false;
  worker->joined = false;
  worker->reason_held = false;
  uvpool__lock_release(&pool->lock);
  worker->task = NULL;
  worker->started = false;
  worker->data = NULL;
  worker->reason[0] = '\0';
  return start_thread(worker);
}

int uvpool__spawn(struct uvpool__pool* pool, struct uvpool__effects* effects) {
  uvpool__reap(pool);
  int err = UV_ENOMEM;
  struct uvpool__worker* worker = take_record(pool);
  if (worker != NULL) {
    err = start_record(pool, worker);
    if (err == 0) {
      return 0;
    }
  }
  uvpool__lock_acquire(&pool->lock);
  if (worker != NULL) {
    worker->joined = true;
    uvpool__spawn_recycle_locked(worker);
  }
  pool->threads--;
  pool->workers--;
  pool->waking--;
  uvpool__process_count_worker(-1);
  uvpool__spawn_failed_locked(pool, err);
  uvpool__dispatch_locked(pool, effects);
  if (pool->threads == 0 && pool->state == UVPOOL__RELEASING) {
    uvpool__notice_all_locked(pool, UVPOOL__NOTICE_STATE);
  }
  uvpool__lock_release(&pool->lock);
  return err;
}

void uvpool__reap(struct uvpool__pool* pool) {
  uvpool__lock_acquire(&pool->lock);
  struct uvpool__worker* exited = pool->exited;
  pool->exited = NULL;
  uvpool__lock_release(&pool->lock);
  if (exited == NULL) {
    return;
  }
  for (struct uvpool__worker* w = exited; w != NULL; w = w->next) {
    pthread_join(w->thread, NULL);
  }
  uvpool__lock_acquire(&pool->lock);
  while (exited != NULL) {
    struct uvpool__worker* worker = exited;
    exited = worker->next;
    pool->threads--;
    worker->joined = true;
    uvpool__spawn_recycle_locked(worker);
  }
  if (pool->threads == 0 && pool->state == UVPOOL__RELEASING) {
    uvpool__notice_all_locked(pool, UVPOOL__NOTICE_STATE);
  }
  uvpool__lock_release(&pool->lock);
}
