/* ants #333 (and #330, #398): release and reboot raced on what they share; and
 * a submit that had looked before the release was accepted, and its task ran,
 * after the release had reported its end.
 *
 * Here the state changes under one lock, reboot is refused until the release is
 * over, and nothing runs between its end and the reboot. */
#include "kit.h"

#include <stdlib.h>

enum { SUBMITTERS = 3, CYCLES = 150, SLOTS = 64 };

/* A submitter uses its tasks round and round, each when it is free again. */
typedef struct slot_s {
  uvpool_task_t task;
  atomic_int free;
} slot_t;

typedef struct shared_s {
  uvpool_t* pool;
  atomic_int stop;
  atomic_int over;       /* the release has ended, the reboot has not begun */
  atomic_int violations; /* works that ran meanwhile */
  int done;              /* loop thread */
} shared_t;

typedef struct submitter_s {
  helper_t helper;
  slot_t slots[SLOTS];
  int accepted;
  int unexpected;
} submitter_t;

static shared_t shared;

static int watchful_work(uvpool_task_t* task) {
  (void) task;
  if (atomic_load(&shared.over)) {
    atomic_fetch_add(&shared.violations, 1);
  }
  return 0;
}

static void free_slot(uvpool_task_t* task, int status) {
  slot_t* slot = task->data;
  (void) status;
  shared.done++;
  atomic_store(&slot->free, 1);
}

static void submit_all_the_time(void* arg) {
  submitter_t* s = arg;
  while (!atomic_load(&shared.stop)) {
    for (int i = 0; i < SLOTS; i++) {
      slot_t* slot = &s->slots[i];
      if (!atomic_exchange(&slot->free, 0)) {
        continue;
      }
      int rc =
          uvpool_submit(shared.pool, &slot->task, watchful_work, free_slot);
      s->accepted += rc == 0;
      if (rc != 0) {
        atomic_store(&slot->free, 1);
      }
      s->unexpected += rc != 0 && rc != UV_ESHUTDOWN && rc != UV_EAGAIN;
    }
  }
}

static void start(submitter_t* submitter) {
  for (int i = 0; i < SLOTS; i++) {
    slot_t* slot = &submitter->slots[i];
    uvpool_task_init(&slot->task);
    slot->task.data = slot;
    atomic_init(&slot->free, 1);
  }
  helper_start(&submitter->helper, submit_all_the_time, submitter);
}

static int has_lived(void* until) {
  return shared.done >= *(int*) until;
}

/* One life: some tasks, the release, its end, the reboot. */
static void cycle(uv_loop_t* loop, pool_end_t* end) {
  int until = shared.done + 20;
  loop_run_until(loop, has_lived, &until, "some tasks of this life");
  end->count = 0;
  assert_status(
      uvpool_release_timeout(shared.pool, UINT64_MAX, pool_on_release), 0);
  loop_run(loop);
  assert_int_equal(end->count, 1);
  assert_status(end->status, 0);
  atomic_store(&shared.over, 1);
  assert_int_equal(uvpool_workers(shared.pool), 0);
  assert_int_equal(uvpool_waiting(shared.pool), 0);
  loop_turn(loop, 2);
  atomic_store(&shared.over, 0);
  assert_status(uvpool_reboot(shared.pool), 0);
}

static int all_done(void* arg) {
  return shared.done == *(int*) arg;
}

/* Three threads submit all the time while the pool is released and rebooted. */
static void submits_meet_release_and_reboot(void** state) {
  submitter_t* submitters = calloc(SUBMITTERS, sizeof(*submitters));
  pool_end_t end = {0};
  int accepted = 0;
  assert_non_null(submitters);
  shared = (shared_t) {.pool = pool_open(*state, 3, 100)};
  uvpool_set_data(shared.pool, &end);
  for (int i = 0; i < SUBMITTERS; i++) {
    start(&submitters[i]);
  }
  for (int i = 0; i < CYCLES; i++) {
    cycle(*state, &end);
  }
  atomic_store(&shared.stop, 1);
  for (int i = 0; i < SUBMITTERS; i++) {
    helper_join(*state, &submitters[i].helper);
    assert_int_equal(submitters[i].unexpected, 0);
    accepted += submitters[i].accepted;
  }
  loop_run_until(*state, all_done, &accepted, "every accepted task");
  assert_int_equal(atomic_load(&shared.violations), 0);
  assert_int_equal(pool_stats(shared.pool).accepted, accepted);
  pool_close(*state, shared.pool);
  assert_int_equal(shared.done, accepted);
  free(submitters);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(submits_meet_release_and_reboot),
  };
  return kit_run(argc, argv, tests);
}
