/* Many lives of one pool in a row: each runs a task, and threads, descriptors
 * and memory do not grow. */
#include "fault_alloc.h"
#include "kit.h"
#include "scale.h"

enum { CAPACITY = 2, CENSUS_EVERY = 500 };

typedef struct census_s {
  int threads;
  int descriptors;
} census_t;

static census_t census_take(void) {
  return (census_t) {process_threads(), process_descriptors()};
}

static int has_not_grown(void* arg) {
  census_t* before = arg;
  census_t now = census_take();
  return now.threads <= before->threads &&
         now.descriptors <= before->descriptors;
}

/* The records of one life serve the next: those of the workers that may live,
 * and of a few that have left and are not yet joined. */
enum { RECORDS_MOST = 2 * CAPACITY, ALLOCATIONS_EACH = 2 };

/* The pool that lives again and again, and what it had at first. All of it is
 * the test thread's, but for what the allocator counts. */
typedef struct reborn_s {
  uvpool_t* pool;
  fault_alloc_t memory;
  long live;  /* allocations right after create */
  long total; /* likewise: all that were ever made */
  uint32_t flags;
  census_t before;
} reborn_t;

static void check_memory(reborn_t* reborn) {
  if ((reborn->flags & UVPOOL_PREALLOC) != 0) {
    assert_int_equal(atomic_load(&reborn->memory.total), reborn->total);
  } else {
    assert_true(atomic_load(&reborn->memory.live) <=
                reborn->live + RECORDS_MOST * ALLOCATIONS_EACH);
  }
}

/* A joined thread may stand in the system's list for a moment more. */
static void check_growth(long life, reborn_t* reborn) {
  if (life % CENSUS_EVERY == 0) {
    kit_wait_until(
        has_not_grown, &reborn->before, "threads and descriptors to go");
  }
  check_memory(reborn);
}

static void open_reborn(uv_loop_t* loop, reborn_t* reborn, uint32_t flags) {
  uvpool_options_t options = pool_options(CAPACITY, UVPOOL_UNLIMITED);
  fault_alloc_init(&reborn->memory);
  options.flags = flags;
  options.allocator = fault_alloc_table(&reborn->memory);
  reborn->flags = flags;
  reborn->pool = pool_open_with(loop, &options);
  reborn->live = atomic_load(&reborn->memory.live);
  reborn->total = atomic_load(&reborn->memory.total);
  reborn->before = census_take();
}

static void close_reborn(uv_loop_t* loop, reborn_t* reborn) {
  pool_close(loop, reborn->pool);
  assert_int_equal(atomic_load(&reborn->memory.live), 0);
}

/* From one task to one more than there can be workers. */
static void run_jobs(uv_loop_t* loop, uvpool_t* pool, long life) {
  job_t jobs[CAPACITY + 1];
  int count = (int) (1 + life % (CAPACITY + 1));
  for (int i = 0; i < count; i++) {
    job_init(&jobs[i], i);
  }
  jobs_submit(pool, jobs, count);
  loop_run(loop);
  jobs_assert_ran(jobs, count);
}

static void release_and_hear(uv_loop_t* loop, uvpool_t* pool) {
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  loop_run(loop);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
}

static int reboots(void* pool) {
  return uvpool_reboot(pool) == 0;
}

/* Nobody tells: the reboot itself finds out when it may. */
static void release_and_poll(uv_loop_t* loop, uvpool_t* pool) {
  assert_status(uvpool_release(pool), 0);
  loop_run_until(loop, reboots, pool, "the reboot to succeed");
}

/* A release that takes too long, and later comes to its end after all. */
static void release_in_vain(uv_loop_t* loop, uvpool_t* pool, gate_t* gate) {
  pool_end_t end = {0};
  job_t job;
  job_init(&job, 0);
  job.gate = gate;
  pool_occupy(pool, &job, 1);
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, 0, pool_on_release), 0);
  loop_run_until(loop, pool_is_released, &end, "the timeout");
  assert_status(end.status, UV_ETIMEDOUT);
  assert_status(uvpool_reboot(pool), UV_EBUSY);
  gate_admit(gate, 1);
  loop_run(loop);
  job_assert_ran(&job);
  loop_run_until(loop, reboots, pool, "the reboot to succeed");
}

static void live_often(uv_loop_t* loop, uint32_t flags, long lives) {
  reborn_t reborn;
  open_reborn(loop, &reborn, flags);
  uvpool_t* pool = reborn.pool;
  for (long life = 0; life < lives; life++) {
    run_jobs(loop, pool, life);
    if (life % 2 == 0) {
      release_and_hear(loop, pool);
      assert_int_equal(uvpool_workers(pool), 0);
      check_growth(life, &reborn);
      assert_status(uvpool_reboot(pool), 0);
    } else {
      release_and_poll(loop, pool);
    }
  }
  assert_int_equal(pool_stats(pool).cancelled, 0);
  close_reborn(loop, &reborn);
}

static void live_through_timeouts(uv_loop_t* loop, uint32_t flags, long lives) {
  gate_t gate;
  gate_init(&gate);
  reborn_t reborn;
  open_reborn(loop, &reborn, flags);
  uvpool_t* pool = reborn.pool;
  for (long life = 0; life < lives; life++) {
    run_jobs(loop, pool, life);
    release_in_vain(loop, pool, &gate);
    check_growth(life, &reborn);
  }
  run_jobs(loop, pool, 0);
  close_reborn(loop, &reborn);
  gate_destroy(&gate);
}

/* After a release, with and without its callback. */
static void after_a_release(void** state) {
  live_often(*state, 0, scaled(100000, "lives"));
}

/* The same with records made in advance, which every life uses again. */
static void of_a_preallocated_pool(void** state) {
  live_often(*state, UVPOOL_PREALLOC, scaled(100000, "lives"));
}

/* After a release that timed out. */
static void after_a_timeout(void** state) {
  long lives = scaled(20000, "lives for each kind of pool");
  live_through_timeouts(*state, 0, lives);
  live_through_timeouts(*state, UVPOOL_PREALLOC | UVPOOL_NO_PURGE, lives);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(after_a_release),
      loop_test(of_a_preallocated_pool),
      loop_test(after_a_timeout),
  };
  return kit_run(argc, argv, tests);
}
