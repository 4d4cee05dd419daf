/* Tasks that submit tasks, in the narrowest pool there is: one worker, room for
 * one to wait. Nothing waits for itself, and the chain never breaks. */
#include <stdatomic.h>
#include <stdlib.h>

#include "kit.h"
#include "scale.h"
#include "watch.h"

/* One submit. Allocated by its submitter, freed in done. */
typedef struct link_s {
  uvpool_task_t task;
  int worked; /* worker; then loop: how often the work began */
} link_t;

typedef struct chain_s {
  watch_t watch;    /* its progress: tasks that have ended */
  int from_work;    /* do works submit? constant while they run */
  int from_done;    /* do done callbacks? likewise */
  atomic_long left; /* submits still to be made */
  atomic_long accepted;
  atomic_long refused;  /* with UV_EAGAIN */
  atomic_long failures; /* otherwise */
  long wrong;           /* loop: a task did not end as it must */
} chain_t;

/* Static, as a failed test leaves threads behind that use it. */
static chain_t chain;

static int work(uvpool_task_t* task);
static void done(uvpool_task_t* task, int status);

/* Room is what a refused submit leaves to be tried again. Thread: any. */
static int submit_link(void) {
  link_t* link = calloc(1, sizeof(*link));
  int err = link == NULL
                ? UV_ENOMEM
                : uvpool_submit(chain.watch.pool, &link->task, work, done);
  if (err == 0) {
    atomic_fetch_add(&chain.accepted, 1);
    return 0;
  }
  atomic_fetch_add(err == UV_EAGAIN ? &chain.refused : &chain.failures, 1);
  free(link);
  return err;
}

static void submit_next(void) {
  if (atomic_fetch_sub(&chain.left, 1) <= 0 || submit_link() != 0) {
    atomic_fetch_add(&chain.left, 1);
  }
}

static int work(uvpool_task_t* task) {
  ((link_t*) task)->worked++;
  if (chain.from_work) {
    submit_next();
  }
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  link_t* link = (link_t*) task;
  chain.wrong += status != 0 || link->worked != 1;
  free(link);
  if (chain.from_done) {
    submit_next();
  }
  atomic_fetch_add(&chain.watch.progress, 1);
}

static int all_ended(void* arg) {
  (void) arg;
  return atomic_load(&chain.left) == 0 &&
         atomic_load(&chain.watch.progress) == atomic_load(&chain.accepted);
}

static void run_chain(uv_loop_t* loop,
                      int64_t max_waiting,
                      int from_work,
                      int from_done) {
  long count = scaled(100000, "nested submits");
  chain = (chain_t) {.from_work = from_work, .from_done = from_done};
  chain.watch.pool = pool_open(loop, 1, max_waiting);
  chain.watch.is_over = all_ended;
  chain.watch.what = "nested tasks";
  atomic_store(&chain.left, count - 1);
  assert_status(submit_link(), 0);
  watch_run(loop, &chain.watch);
  uvpool_stats_t stats = pool_stats(chain.watch.pool);
  assert_int_equal(atomic_load(&chain.failures), 0);
  assert_int_equal(chain.wrong, 0);
  assert_int_equal(stats.completed, count);
  assert_int_equal(stats.refused, atomic_load(&chain.refused));
  assert_int_equal(stats.busy_max, 1);
  assert_true(stats.waiting_max <= (uint64_t) max_waiting + 1);
  pool_close(loop, chain.watch.pool);
}

/* A work finds the one place free, as only it runs. */
static void from_work(void** state) {
  run_chain(*state, 1, 1, 0);
  assert_int_equal(atomic_load(&chain.refused), 0);
}

/* So does a done, as its own task counts no more. */
static void from_done(void** state) {
  run_chain(*state, 1, 0, 1);
  assert_int_equal(atomic_load(&chain.refused), 0);
}

/* Even where nothing may wait: the worker is free before done is called. */
static void from_done_without_waiting(void** state) {
  run_chain(*state, 0, 0, 1);
  assert_int_equal(atomic_load(&chain.refused), 0);
}

/* From both at once: some are refused, but only while another waits, which goes
 * on with the chain. */
static void from_both(void** state) {
  run_chain(*state, 1, 1, 1);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(from_work),
      loop_test(from_done),
      loop_test(from_done_without_waiting),
      loop_test(from_both),
  };
  return kit_run(argc, argv, tests);
}
