/* Everything that the library asks of the system fails, one call after the
 * other: once, and as if for ever from that call on. Whatever happens, a call
 * returns an error or has worked, every accepted task ends exactly once,
 * release and close work, and nothing is left. */
#include <string.h>

#include "sweep.h"

/* Creates a pool under the armed faults; NULL if that failed, with an error
 * that create may return, for a reason, and with nothing left but for the
 * loop. */
static uvpool_t* create(run_t* run) {
  uvpool_t* pool = NULL;
  wrap_arm(run->nth, run->for_ever);
  int rc = uvpool_create(run->loop, &run->options, &pool);
  wrap_trust_timers();
  if (rc == 0) {
    assert_non_null(pool);
    return pool;
  }
  run->failures = wrap_disarm();
  assert_true(run->failures > 0);
  assert_0_or(rc, UV_ENOMEM, UV_EAGAIN, UV_EMFILE, UV_EINVAL);
  assert_null(pool);
  loop_run(run->loop);
  return NULL;
}

/* A job that was accepted ended once: it ran or was cancelled. One that was not
 * was never heard of. */
static void assert_ended(job_t* job, int rc) {
  if (rc != 0) {
    job_assert_untouched(job);
  } else if (job->status == UV_ECANCELED) {
    job_assert_dropped(job, UV_ECANCELED);
  } else {
    job_assert_ran(job);
  }
}

/* ---- Create -------------------------------------------------------------- */

/* A pool that was created works: as long as the faults last a submit may be
 * refused, after them none is. It closes without any memory. */
static void create_and_use(run_t* run) {
  job_t jobs[2];
  job_init(&jobs[0], 0);
  job_init(&jobs[1], 1);
  uvpool_t* pool = create(run);
  if (pool == NULL) {
    return;
  }
  int rc = job_submit(pool, &jobs[0]);
  assert_0_or(rc, UV_EAGAIN);
  run->failures = wrap_disarm();
  assert_status(job_submit(pool, &jobs[1]), 0);
  loop_run(run->loop);
  job_assert_ran(&jobs[1]);
  assert_ended(&jobs[0], rc);
  wrap_arm(1, 1);
  wrap_trust_timers();
  pool_close(run->loop, pool);
  (void) wrap_disarm();
}

static void create_plain(void** state) {
  (void) state;
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  sweep("create", create_and_use, &options);
}

static void create_with_min_workers(void** state) {
  (void) state;
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.min_workers = 3;
  sweep("create with min_workers", create_and_use, &options);
}

static void create_preallocated(void** state) {
  (void) state;
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_PREALLOC;
  sweep("create preallocated", create_and_use, &options);
}

static void create_preallocated_with_min_workers(void** state) {
  (void) state;
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_PREALLOC | UVPOOL_NO_PURGE;
  options.min_workers = 4;
  sweep("create preallocated with min_workers", create_and_use, &options);
}

/* ---- A whole life -------------------------------------------------------- */

enum { JOBS = 10, GOS = 3, LATE = 5 };

/* All that is submitted in one life, and what submit said. */
typedef struct life_s {
  job_t jobs[JOBS + LATE];
  int rcs[JOBS + LATE];
  job_t waiter; /* by uvpool_submit_wait, from another thread */
  int waiter_rc;
  atomic_int gone; /* calls of uvpool_go that ran */
  int gos;         /* and that were accepted */
  pool_end_t end;
} life_t;

static void note_go(void* arg) {
  life_t* life = arg;
  atomic_fetch_add(&life->gone, 1);
}

static void life_init(life_t* life) {
  memset(life, 0, sizeof(*life));
  for (int i = 0; i < JOBS + LATE; i++) {
    job_init(&life->jobs[i], i);
    life->rcs[i] = UV_EINVAL; /* as long as it was not submitted */
  }
  job_init(&life->waiter, JOBS + LATE);
  life->waiter_rc = UV_EINVAL;
  atomic_init(&life->gone, 0);
}

static void submit_all(run_t* run, uvpool_t* pool, life_t* life) {
  caller_t caller;
  for (int i = 0; i < JOBS; i++) {
    life->rcs[i] = job_submit(pool, &life->jobs[i]);
    assert_0_or(life->rcs[i], UV_EAGAIN);
  }
  for (int i = 0; i < GOS; i++) {
    int rc = uvpool_go(pool, note_go, life);
    assert_0_or(rc, UV_EAGAIN, UV_ENOMEM);
    life->gos += rc == 0;
  }
  caller_start(&caller, pool, &life->waiter, 0);
  life->waiter_rc = caller_join(run->loop, &caller);
  assert_0_or(life->waiter_rc, UV_EAGAIN, UV_ENOMEM);
}

static int all_have_ended(void* arg) {
  life_t* life = arg;
  for (int i = 0; i < JOBS; i++) {
    if (life->rcs[i] == 0 && life->jobs[i].done == 0) {
      return 0;
    }
  }
  return (life->waiter_rc != 0 || life->waiter.done > 0) &&
         atomic_load(&life->gone) == life->gos;
}

/* Tunes and cancels, then releases and waits for the end of that. */
static void tune_and_release(run_t* run, uvpool_t* pool, life_t* life) {
  assert_status(uvpool_tune(pool, 6), 0);
  assert_status(uvpool_tune(pool, 2), 0);
  if (!run->for_ever) {
    /* One failure: nobody needs help to come to an end. */
    loop_run_until(
        run->loop, all_have_ended, life, "accepted tasks to end by themselves");
  }
  assert_0_or(uvpool_cancel(&life->jobs[JOBS - 1].task), UV_EBUSY, UV_EINVAL);
  uvpool_set_data(pool, &life->end);
  assert_status(uvpool_release(pool), 0);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  loop_run_until(run->loop, pool_is_released, &life->end, "the release");
  assert_int_equal(life->end.count, 1);
  assert_status(life->end.status, 0);
  (void) pool_stats(pool);
}

static void reboot_and_submit(uvpool_t* pool, life_t* life) {
  int reboot = uvpool_reboot(pool);
  assert_0_or(reboot, UV_EAGAIN, UV_ENOMEM);
  for (int i = JOBS; i < JOBS + LATE; i++) {
    life->rcs[i] = job_submit(pool, &life->jobs[i]);
    if (reboot == 0) {
      assert_0_or(life->rcs[i], UV_EAGAIN);
    } else {
      assert_status(life->rcs[i], UV_ESHUTDOWN);
    }
  }
}

static void live(run_t* run) {
  static life_t life;
  life_init(&life);
  uvpool_t* pool = create(run);
  if (pool == NULL) {
    return;
  }
  submit_all(run, pool, &life);
  tune_and_release(run, pool, &life);
  reboot_and_submit(pool, &life);
  pool_close(run->loop, pool);
  run->failures = wrap_disarm();
  for (int i = 0; i < JOBS + LATE; i++) {
    assert_ended(&life.jobs[i], life.rcs[i]);
  }
  assert_ended(&life.waiter, life.waiter_rc);
  assert_true(atomic_load(&life.gone) <= life.gos);
}

/* A life from create to close, of a pool that keeps no worker. */
static void life_of_a_plain_pool(void** state) {
  (void) state;
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  sweep("a life", live, &options);
}

/* Of one that does, whose reboot may fail, too. */
static void life_with_min_workers(void** state) {
  (void) state;
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.min_workers = 2;
  sweep("a life with min_workers", live, &options);
}

/* ---- No memory at all ---------------------------------------------------- */

/* What was preallocated needs none: no submit fails, and threads come as they
 * are needed. */
static void a_preallocated_pool_needs_no_memory(void** state) {
  enum { COUNT = 100, CAPACITY = 4 };
  gate_t gate;
  uvpool_options_t options = pool_options(CAPACITY, UVPOOL_UNLIMITED);
  options.flags = UVPOOL_PREALLOC;
  uvpool_t* pool = pool_open_with(*state, &options);
  gate_init(&gate);
  job_t* jobs = jobs_new(COUNT, &gate);
  wrap_starve();
  jobs_submit(pool, jobs, COUNT);
  gate_await(&gate, CAPACITY);
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  assert_int_equal(wrap_disarm(), 0);
  jobs_assert_ran(jobs, COUNT);
  jobs_free(jobs);
  gate_destroy(&gate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(create_plain),
      cmocka_unit_test(create_with_min_workers),
      cmocka_unit_test(create_preallocated),
      cmocka_unit_test(create_preallocated_with_min_workers),
      cmocka_unit_test(life_of_a_plain_pool),
      cmocka_unit_test(life_with_min_workers),
      loop_test(a_preallocated_pool_needs_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
