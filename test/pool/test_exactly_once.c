/* Every accepted task gets its done exactly once, on the loop's thread, however
 * many threads submit; one that was refused gets nothing. */
#include "kit.h"

#include <stdlib.h>

enum { PRODUCERS = 8, PER_PRODUCER = 5000 };

typedef struct entry_s {
  uvpool_task_t task;
  atomic_int worked;
  int done;   /* loop thread */
  int result; /* of the submit; written by the producer */
} entry_t;

typedef struct flood_s flood_t;

typedef struct producer_s {
  helper_t helper;
  flood_t* flood;
  entry_t* entries; /* PER_PRODUCER of its own */
} producer_t;

struct flood_s {
  uvpool_t* pool;
  int waits;    /* submit by uvpool_submit_wait */
  int accepted; /* once the producers have finished */
  int done;     /* loop thread */
  entry_t* entries;
  producer_t producers[PRODUCERS];
};

static flood_t* flood;

static int flood_work(uvpool_task_t* task) {
  entry_t* entry = task->data;
  atomic_fetch_add_explicit(&entry->worked, 1, memory_order_relaxed);
  return 0;
}

static void flood_done(uvpool_task_t* task, int status) {
  (void) status;
  entry_t* entry = task->data;
  entry->done++;
  flood->done++;
}

static void produce(void* arg) {
  producer_t* producer = arg;
  uvpool_t* pool = producer->flood->pool;
  for (int i = 0; i < PER_PRODUCER; i++) {
    entry_t* entry = &producer->entries[i];
    entry->task.data = entry;
    entry->result =
        producer->flood->waits
            ? uvpool_submit_wait(
                  pool, &entry->task, flood_work, flood_done, UINT64_MAX)
            : uvpool_submit(pool, &entry->task, flood_work, flood_done);
  }
}

static int all_produced(void* arg) {
  flood_t* f = arg;
  for (int i = 0; i < PRODUCERS; i++) {
    if (!helper_finished(&f->producers[i].helper)) {
      return 0;
    }
  }
  return 1;
}

static int count_accepted(flood_t* f) {
  int accepted = 0;
  for (int i = 0; i < PRODUCERS * PER_PRODUCER; i++) {
    entry_t* entry = &f->entries[i];
    assert_true(entry->result == 0 || entry->result == UV_EAGAIN);
    accepted += entry->result == 0;
  }
  return accepted;
}

static int all_done(void* arg) {
  flood_t* f = arg;
  return f->done >= f->accepted;
}

static void flood_open(uv_loop_t* loop, uvpool_options_t* options, int waits) {
  flood = calloc(1, sizeof(*flood));
  assert_non_null(flood);
  flood->entries = calloc(PRODUCERS * PER_PRODUCER, sizeof(entry_t));
  assert_non_null(flood->entries);
  flood->pool = pool_open_with(loop, options);
  flood->waits = waits;
  for (int i = 0; i < PRODUCERS; i++) {
    producer_t* producer = &flood->producers[i];
    producer->flood = flood;
    producer->entries = flood->entries + i * PER_PRODUCER;
    helper_start(&producer->helper, produce, producer);
  }
}

/* Completion first, with nobody helping: a release would hide a lost
 * wake-up. */
static void flood_check(uv_loop_t* loop) {
  loop_run_until(loop, all_produced, flood, "the producers");
  flood->accepted = count_accepted(flood);
  loop_run_until(loop, all_done, flood, "every accepted task");
  for (int i = 0; i < PRODUCERS; i++) {
    helper_join(loop, &flood->producers[i].helper);
  }
  uvpool_stats_t stats = pool_stats(flood->pool);
  assert_int_equal(stats.accepted, flood->accepted);
  assert_int_equal(stats.completed, stats.accepted);
  assert_int_equal(stats.accepted + stats.refused, PRODUCERS * PER_PRODUCER);
  pool_close(loop, flood->pool);
  for (int i = 0; i < PRODUCERS * PER_PRODUCER; i++) {
    entry_t* entry = &flood->entries[i];
    int accepted = entry->result == 0;
    assert_int_equal(entry->done, accepted);
    assert_int_equal(atomic_load(&entry->worked), accepted);
  }
  free(flood->entries);
  free(flood);
}

/* Eight producers, four workers, no bound. */
static void unbounded(void** state) {
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  flood_open(*state, &options, 0);
  flood_check(*state);
}

/* A small bound: many are refused, and forgotten. */
static void bounded(void** state) {
  uvpool_options_t options = pool_options(4, 16);
  flood_open(*state, &options, 0);
  flood_check(*state);
}

/* Every producer blocks for room: all are accepted. */
static void blocking(void** state) {
  uvpool_options_t options = pool_options(4, 4);
  flood_open(*state, &options, 1);
  flood_check(*state);
}

/* The same with no waiting room at all. */
static void blocking_without_waiting_room(void** state) {
  uvpool_options_t options = pool_options(2, 0);
  flood_open(*state, &options, 1);
  flood_check(*state);
}

/* More workers than processors; one completion a turn. */
static void many_workers_small_turns(void** state) {
  uvpool_options_t options = pool_options(32, UVPOOL_UNLIMITED);
  options.completions_per_turn = 1;
  flood_open(*state, &options, 0);
  flood_check(*state);
}

/* Workers expire all the time while tasks come. */
static void expiring_workers(void** state) {
  uvpool_options_t options = pool_options(8, UVPOOL_UNLIMITED);
  options.expiry_ms = 1;
  flood_open(*state, &options, 0);
  flood_check(*state);
}

/* One worker polls before it sleeps. */
static void spinning_worker(void** state) {
  uvpool_options_t options = pool_options(4, UVPOOL_UNLIMITED);
  options.spin_us = 50;
  flood_open(*state, &options, 0);
  flood_check(*state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(unbounded),
      loop_test(bounded),
      loop_test(blocking),
      loop_test(blocking_without_waiting_room),
      loop_test(many_workers_small_turns),
      loop_test(expiring_workers),
      loop_test(spinning_worker),
  };
  return kit_run(argc, argv, tests);
}
