/* uvpool_go: fire and forget. The function runs once on a worker and nobody is
 * told; the task object is the pool's own. */
#include "fault_alloc.h"
#include "kit.h"

typedef struct shot_s shot_t;

struct shot_s {
  gate_t* gate;
  uvpool_t* pool;
  shot_t* then; /* submitted from inside; NULL: none */
  int result;   /* of that submit */
  atomic_int fired;
};

static void fire(void* arg) {
  shot_t* shot = arg;
  atomic_fetch_add(&shot->fired, 1);
  if (shot->gate != NULL) {
    gate_pass(shot->gate);
  }
  if (shot->then != NULL) {
    shot->result = uvpool_go(shot->pool, fire, shot->then);
  }
}

static int has_fired(void* shot) {
  return atomic_load(&((shot_t*) shot)->fired) > 0;
}

/* The function runs once with its argument, and the loop lives until then. */
static void runs_once(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  shot_t shot = {0};
  assert_status(uvpool_go(pool, fire, &shot), 0);
  loop_run(*state);
  assert_int_equal(atomic_load(&shot.fired), 1);
  assert_int_equal(pool_stats(pool).completed, 1);
  pool_close(*state, pool);
}

static void fire_nothing(void* arg) {
  (void) arg;
}

/* The argument may be NULL. */
static void takes_a_null_argument(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_status(uvpool_go(pool, fire_nothing, NULL), 0);
  loop_run(*state);
  assert_int_equal(pool_stats(pool).completed, 1);
  pool_close(*state, pool);
}

/* It is admitted like any submit, and shares the queue with them. */
static void obeys_the_bound(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 1);
  shot_t shots[3] = {{.gate = &gate}, {.gate = &gate}, {.gate = &gate}};
  job_t job;
  job_init(&job, 0);
  assert_status(uvpool_go(pool, fire, &shots[0]), 0);
  assert_status(uvpool_go(pool, fire, &shots[1]), 0);
  assert_status(uvpool_go(pool, fire, &shots[2]), UV_EAGAIN);
  assert_status(job_submit(pool, &job), UV_EAGAIN);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(atomic_load(&shots[0].fired), 1);
  assert_int_equal(atomic_load(&shots[1].fired), 1);
  assert_int_equal(atomic_load(&shots[2].fired), 0);
  assert_int_equal(pool_stats(pool).refused, 2);
  pool_close(*state, pool);
  gate_destroy(&gate);
}

/* It may be called from inside another, also when that is the only worker. */
static void may_nest(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 1);
  shot_t shots[2] = {{.pool = pool}, {.pool = pool}};
  shots[0].then = &shots[1];
  assert_status(uvpool_go(pool, fire, &shots[0]), 0);
  loop_run_until(*state, has_fired, &shots[1], "the inner function");
  loop_run(*state);
  assert_status(shots[0].result, 0);
  pool_close(*state, pool);
}

/* What release finds waiting is not run, and nothing leaks. */
static void release_drops_what_waits(void** state) {
  gate_t gate;
  gate_init(&gate);
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, 8);
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  shot_t running = {.gate = &gate};
  shot_t waiting = {.gate = &gate};
  assert_status(uvpool_go(pool, fire, &running), 0);
  gate_await(&gate, 1);
  for (int i = 0; i < 8; i++) {
    assert_status(uvpool_go(pool, fire, &waiting), 0);
  }
  assert_status(uvpool_release(pool), 0);
  assert_int_equal(uvpool_waiting(pool), 0);
  assert_int_equal(pool_stats(pool).cancelled, 8);
  assert_status(uvpool_go(pool, fire, &waiting), UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&running.fired), 1);
  assert_int_equal(atomic_load(&waiting.fired), 0);
  assert_int_equal(atomic_load(&memory.live), 0);
  gate_destroy(&gate);
}

/* The same by close. */
static void close_drops_what_waits(void** state) {
  gate_t gate;
  gate_init(&gate);
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, 8);
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  shot_t running = {.gate = &gate};
  shot_t waiting = {.gate = &gate};
  assert_status(uvpool_go(pool, fire, &running), 0);
  gate_await(&gate, 1);
  assert_status(uvpool_go(pool, fire, &waiting), 0);
  gate_open(&gate);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&running.fired), 1);
  assert_int_equal(atomic_load(&memory.live), 0);
  gate_destroy(&gate);
}

/* One after the other they need no memory beyond the first. */
static void reuses_its_task_objects(void** state) {
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, 8);
  options.flags = UVPOOL_NO_PURGE;
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  long after_first = 0;
  for (int i = 0; i < 200; i++) {
    shot_t shot = {0};
    assert_status(uvpool_go(pool, fire, &shot), 0);
    loop_run(*state);
    assert_int_equal(atomic_load(&shot.fired), 1);
    if (i == 0) {
      after_first = atomic_load(&memory.total);
    }
  }
  assert_int_equal(atomic_load(&memory.total), after_first);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
}

/* More at once than the cache holds: all run, all memory comes back. */
static void outgrows_its_cache(void** state) {
  enum { COUNT = 5000 };
  gate_t gate;
  gate_init(&gate);
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  shot_t held = {.gate = &gate};
  shot_t shot = {0};
  assert_status(uvpool_go(pool, fire, &held), 0);
  assert_status(uvpool_go(pool, fire, &held), 0);
  for (int i = 0; i < COUNT; i++) {
    assert_status(uvpool_go(pool, fire, &shot), 0);
  }
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(atomic_load(&shot.fired), COUNT);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
  gate_destroy(&gate);
}

/* Without memory for the task object: UV_ENOMEM, and nothing is called. */
static void enomem(void** state) {
  enum { COUNT = 5000 };
  gate_t gate;
  gate_init(&gate);
  fault_alloc_t memory;
  fault_alloc_init(&memory);
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.allocator = fault_alloc_table(&memory);
  uvpool_t* pool = pool_open_with(*state, &options);
  shot_t shot = {.gate = &gate};
  assert_status(uvpool_go(pool, fire, &shot), 0);
  gate_await(&gate, 1);
  fault_alloc_fail(&memory, 1, FAULT_FOREVER);
  int accepted = 1;
  int rc = 0;
  while (rc == 0 && accepted < COUNT) {
    rc = uvpool_go(pool, fire, &shot);
    accepted += rc == 0;
  }
  assert_status(rc, UV_ENOMEM);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(atomic_load(&shot.fired), accepted);
  pool_close(*state, pool);
  assert_int_equal(atomic_load(&memory.live), 0);
  gate_destroy(&gate);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(runs_once),
      loop_test(takes_a_null_argument),
      loop_test(obeys_the_bound),
      loop_test(may_nest),
      loop_test(release_drops_what_waits),
      loop_test(close_drops_what_waits),
      loop_test(reuses_its_task_objects),
      loop_test(outgrows_its_cache),
      loop_test(enomem),
  };
  return kit_run(argc, argv, tests);
}
