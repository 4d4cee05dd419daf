/* uvpool_stats: one consistent snapshot, at every moment, from any thread. */
#include "kit.h"

#include <string.h>

/* Everything of a small life, counted. */
static void counts_a_life(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(2, 3);
  options.flags = UVPOOL_NO_PURGE;
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(7, &gate);
  pool_occupy(pool, jobs, 2);
  jobs_submit(pool, &jobs[2], 3);
  for (int i = 5; i < 7; i++) {
    assert_status(job_submit(pool, &jobs[i]), UV_EAGAIN);
  }
  assert_status(uvpool_cancel(&jobs[3].task), 0);
  uvpool_stats_t s = pool_stats(pool);
  assert_int_equal(s.size, sizeof(s));
  assert_int_equal(s.accepted, 5);
  assert_int_equal(s.refused, 2);
  assert_int_equal(s.started, 2);
  assert_int_equal(s.completed, 0);
  assert_int_equal(s.cancelled, 1);
  assert_int_equal(s.panicked, 0);
  assert_int_equal(s.workers_started, 2);
  assert_int_equal(s.capacity, 2);
  assert_int_equal(s.workers, 2);
  assert_int_equal(s.busy, 2);
  assert_int_equal(s.idle, 0);
  assert_int_equal(s.waiting, 2);
  assert_int_equal(s.blocked, 0);
  gate_open(&gate);
  loop_run(*state);
  pool_await_idle(*state, pool, 2);
  s = pool_stats(pool);
  assert_int_equal(s.started, 4);
  assert_int_equal(s.completed, 4);
  assert_int_equal(s.busy, 0);
  assert_int_equal(s.idle, 2);
  assert_int_equal(s.waiting, 0);
  assert_int_equal(s.workers_expired, 0);
  assert_int_equal(s.spawn_failures, 0);
  assert_int_equal(s.workers_max, 2);
  assert_int_equal(s.busy_max, 2);
  assert_int_equal(s.waiting_max, 3);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* High-water marks only rise. */
static void marks_keep_the_highest(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 3, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(9, &gate);
  pool_occupy(pool, jobs, 3);
  jobs_submit(pool, &jobs[3], 4);
  assert_true(pool_stats(pool).waiting_max >= 4);
  gate_open(&gate);
  loop_run(*state);
  jobs_submit(pool, &jobs[7], 2);
  loop_run(*state);
  uvpool_stats_t s = pool_stats(pool);
  assert_int_equal(s.workers_max, 3);
  assert_int_equal(s.busy_max, 3);
  assert_true(s.waiting_max >= 4 && s.waiting_max <= 7);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Figures since creation outlive a reboot. */
static void totals_outlive_a_reboot(void** state) {
  uvpool_t* pool = pool_open(*state, 1, UVPOOL_UNLIMITED);
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  for (uint64_t life = 1; life <= 3; life++) {
    job_t* jobs = jobs_new(5, NULL);
    jobs_submit(pool, jobs, 5);
    loop_run(*state);
    assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
    loop_run(*state);
    assert_status(uvpool_reboot(pool), 0);
    assert_int_equal(pool_stats(pool).accepted, 5 * life);
    assert_int_equal(pool_stats(pool).completed, 5 * life);
    jobs_free(jobs);
  }
  pool_close(*state, pool);
}

/* Sizes that this library does not know are refused, and nothing is written. */
static void refuses_unknown_sizes(void** state) {
  static const size_t known = sizeof(uvpool_stats_t);
  const size_t sizes[] = {0, 1, sizeof(size_t), known - 1, known + 1, SIZE_MAX};
  uvpool_stats_t s;
  uvpool_stats_t untouched;
  uvpool_t* pool = pool_open(*state, 1, 0);
  memset(&s, 0xa5, sizeof(s));
  memset(&untouched, 0xa5, sizeof(untouched));
  for (size_t i = 0; i < KIT_COUNT(sizes); i++) {
    assert_status(uvpool_stats_sized(pool, &s, sizes[i]), UV_EINVAL);
    assert_memory_equal(&s, &untouched, sizeof(s));
  }
  assert_status(uvpool_stats(pool, NULL), UV_EINVAL);
  pool_close(*state, pool);
}

/* Each class's tasks, and together all of them. */
static void figures_of_classes(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_options_t options = pool_options(UVPOOL_CLASSES, UVPOOL_UNLIMITED);
  uvpool_t* pool = pool_open_with(*state, &options);
  job_t* jobs = jobs_new(100, &gate);
  int used = 0;
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    jobs_submit_class(pool, &jobs[used++], 1, c);
  }
  gate_await(&gate, UVPOOL_CLASSES);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    jobs_submit_class(pool, &jobs[used], c + 1, c);
    used += c + 1;
  }
  uvpool_stats_t s = pool_stats(pool);
  uint64_t waiting = 0;
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    assert_int_equal(s.classes[c].busy, 1);
    assert_int_equal(s.classes[c].waiting, c + 1);
    waiting += s.classes[c].waiting;
  }
  assert_int_equal(waiting, s.waiting);
  gate_open(&gate);
  loop_run(*state);
  s = pool_stats(pool);
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    assert_int_equal(s.classes[c].busy + s.classes[c].waiting, 0);
  }
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

typedef struct observer_s {
  uvpool_t* pool;
  atomic_int stop;
  atomic_int snapshots;
  int broken; /* the sum rule did not hold */
  int fell;   /* a total was lower than before */
} observer_t;

static int sum_holds(const uvpool_stats_t* s) {
  return s->accepted == s->waiting + s->busy + s->completed + s->cancelled +
                            s->expired + s->panicked &&
         s->started == s->busy + s->completed + s->panicked &&
         s->busy + s->idle <= s->workers && s->busy <= s->busy_max &&
         s->waiting <= s->waiting_max && s->workers <= s->workers_max;
}

static int has_fallen(const uvpool_stats_t* a, const uvpool_stats_t* b) {
  return b->accepted < a->accepted || b->refused < a->refused ||
         b->started < a->started || b->completed < a->completed ||
         b->cancelled < a->cancelled || b->panicked < a->panicked ||
         b->workers_max < a->workers_max || b->busy_max < a->busy_max;
}

static void observe(void* arg) {
  observer_t* o = arg;
  uvpool_stats_t last;
  uvpool_stats_t s;
  memset(&last, 0, sizeof(last));
  while (!atomic_load(&o->stop)) {
    if (uvpool_stats(o->pool, &s) != 0 || !sum_holds(&s)) {
      o->broken++;
    }
    o->fell += has_fallen(&last, &s);
    atomic_fetch_add(&o->snapshots, 1);
    last = s;
  }
}

static int is_observing(void* o) {
  return atomic_load(&((observer_t*) o)->snapshots) > 0;
}

/* Submits and cancels, panics and refusals, watched from another thread: the
 * sum rule holds at every moment and no total ever falls. */
static void sum_rule_holds_under_load(void** state) {
  enum { ROUNDS = 30, COUNT = 200 };
  uvpool_options_t options = pool_options(3, 50);
  options.expiry_ms = 1;
  options.on_panic = pool_ignore_panic;
  observer_t o = {.pool = pool_open_with(*state, &options)};
  helper_t helper;
  helper_start(&helper, observe, &o);
  kit_wait_until(is_observing, &o, "the observer to begin");
  uint64_t accepted = 0;
  for (int round = 0; round < ROUNDS; round++) {
    job_t* jobs = jobs_new(COUNT, NULL);
    for (int i = 0; i < COUNT; i++) {
      jobs[i].in_work = i % 50 == 0 ? job_panic : NULL;
      accepted += job_submit(o.pool, &jobs[i]) == 0;
      if (i % 7 == 0) {
        (void) uvpool_cancel(&jobs[i].task);
      }
    }
    loop_run(*state);
    jobs_free(jobs);
  }
  atomic_store(&o.stop, 1);
  helper_join(*state, &helper);
  assert_int_equal(o.broken, 0);
  assert_int_equal(o.fell, 0);
  uvpool_stats_t s = pool_stats(o.pool);
  assert_int_equal(s.accepted, accepted);
  assert_int_equal(s.accepted + s.refused, ROUNDS * COUNT);
  pool_close(*state, o.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(counts_a_life),
      loop_test(marks_keep_the_highest),
      loop_test(totals_outlive_a_reboot),
      loop_test(refuses_unknown_sizes),
      loop_test(figures_of_classes),
      loop_test(sum_rule_holds_under_load),
  };
  return kit_run(argc, argv, tests);
}
