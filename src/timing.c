/* Timing; see timing.h. */
#include "timing.h"

#include "histogram.h"
#include "pool.h"

enum {
  STAMPS_PER_READ = 64,
  SKIP_MAX = 63,
  /* Reads that come faster than this are too many, slower than that too few. */
  READ_FAST_NS = 2000,
  READ_SLOW_NS = 16000
};

/* ---- Enqueued ------------------------------------------------------------ */

static bool is_exact(const struct uvpool__pool* pool) {
  return (pool->settings.flags & UVPOOL_EXACT_TIMES) != 0;
}

void uvpool__timing_stamp_locked(struct uvpool__pool* pool,
                                 uvpool_task_t* task) {
  struct uvpool__timing* timing = &pool->timing;
  uint64_t coarse_us = uvpool__coarse_ns() / 1000u;
  if (timing->left > 0 && coarse_us == timing->coarse_us && !is_exact(pool) &&
      !uvpool__task_is(task, UVPOOL__TASK_OPTIONS) &&
      uvpool__waiting_all_in_one(&pool->waiting)) {
    timing->left--;
    pool->waiting.stamped_ns = coarse_us * 1000u;
    uvpool__task_set_since_us(task, coarse_us);
    return;
  }
  timing->left = STAMPS_PER_READ - 1;
  timing->coarse_us = coarse_us;
  pool->waiting.stamped_ns = uvpool__monotonic_ns();
  uvpool__timing_stamp_at(task, pool->waiting.stamped_ns, true);
}

bool uvpool__timing_sample_locked(struct uvpool__pool* pool, uint64_t now_ns) {
  struct uvpool__timing* timing = &pool->timing;
  pool->waiting.stamped_ns = now_ns;
  if (now_ns - timing->timed_ns < READ_SLOW_NS && !is_exact(pool)) {
    return false;
  }
  timing->timed_ns = now_ns;
  return true;
}

/* ---- Taken and returned -------------------------------------------------- */

/* How many to pass over next: the aim is a read every few microseconds. */
static unsigned next_skip(unsigned skip, uint64_t elapsed_ns) {
  if (elapsed_ns < READ_FAST_NS) {
    return skip < SKIP_MAX ? 2 * skip + 1 : skip;
  }
  return elapsed_ns < READ_SLOW_NS ? skip : 0;
}

static void read_clock(struct uvpool__stopwatch* watch, bool exact) {
  uint64_t now_ns = watch->fresh ? watch->last_ns : uvpool__monotonic_ns();
  if (watch->left == 0) {
    if (exact) {
      watch->skip = 0;
    } else if (!watch->slept) {
      watch->skip = next_skip(watch->skip, now_ns - watch->adapted_ns);
    }
    watch->left = watch->skip;
    watch->adapted_ns = now_ns;
    watch->slept = false;
  }
  watch->last_ns = now_ns;
}

void uvpool__stopwatch_read(struct uvpool__stopwatch* watch,
                            const uvpool_task_t* task,
                            bool exact) {
  watch->timed = true;
  read_clock(watch, exact);
  watch->fresh = false;
  if (uvpool__task_is(task, UVPOOL__TASK_TIMED)) {
    uint64_t since_ns = uvpool__task_since_us(task) * 1000u;
    watch->has_wait = true;
    watch->wait_ns = watch->last_ns > since_ns ? watch->last_ns - since_ns : 0;
  }
}

void uvpool__stopwatch_read_end(struct uvpool__stopwatch* watch) {
  uint64_t now_ns = uvpool__monotonic_ns();
  watch->run_ns = now_ns - watch->last_ns;
  watch->recent_ns -= watch->recent_ns / 8;
  if (watch->run_ns > watch->recent_ns) {
    watch->recent_ns = watch->run_ns;
  }
  watch->last_ns = now_ns;
  watch->fresh = true;
}

void uvpool__timing_weigh_wait_locked(struct uvpool__pool* pool,
                                      struct uvpool__stopwatch* watch) {
  watch->wait_weight = pool->counters.started - pool->timing.waits_counted;
  pool->timing.waits_counted = pool->counters.started;
}

void uvpool__timing_record_locked(struct uvpool__pool* pool,
                                  struct uvpool__stopwatch* watch,
                                  bool returned) {
  struct uvpool__timing* timing = &pool->timing;
  if (watch->has_wait) {
    watch->has_wait = false;
    uvpool__histogram_add(&timing->wait, watch->wait_ns, watch->wait_weight);
  }
  if (returned) {
    uint64_t completed = pool->counters.completed;
    uvpool__histogram_add(
        &timing->run, watch->run_ns, completed - timing->runs_counted);
    timing->runs_counted = completed;
  }
}
