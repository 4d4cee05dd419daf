/* The worker queue, as a stack and as a ring: the last to lie down is the first
 * to be woken, the first to lie down the first to expire. Every test runs for
 * both. */
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "dies.h"
#include "kit.h"
#include "worker_queue.h"

enum { ENTRIES = 64 };

/* A queue with room, and the entries to put into it. */
typedef struct bench_s {
  struct uvpool__worker_queue queue;
  struct uvpool__idle* memory[ENTRIES];
  struct uvpool__idle entries[ENTRIES];
} bench_t;

/* Which kind the test runs for: its initial state. */
static const struct uvpool__worker_queue_kind* kind;

static void use(void** state) {
  kind = *state;
}

/* Makes what is inserted from now on go across the end of a ring's memory. */
static void bench_rotate(bench_t* bench) {
  for (size_t i = 0; i < ENTRIES - 3; i++) {
    uvpool__worker_queue_insert(&bench->queue, &bench->entries[i], 0);
  }
  (void) uvpool__worker_queue_trim(&bench->queue, ENTRIES - 3);
}

/* Inserts `count` entries; the stamp of entry i is 10 * (i + 1). */
static void bench_fill(bench_t* bench, size_t count) {
  memset(bench, 0, sizeof(*bench));
  uvpool__worker_queue_init(&bench->queue, kind);
  (void) uvpool__worker_queue_adopt(&bench->queue, bench->memory, ENTRIES);
  bench_rotate(bench);
  for (size_t i = 0; i < count; i++) {
    uvpool__worker_queue_insert(
        &bench->queue, &bench->entries[i], 10 * (i + 1));
  }
  assert_int_equal(uvpool__worker_queue_len(&bench->queue), count);
}

/* Detaches all that is left; it must be entries [first, first + count). */
static void assert_left(bench_t* bench, size_t first, size_t count) {
  assert_int_equal(uvpool__worker_queue_len(&bench->queue), count);
  for (size_t i = count; i > 0; i--) {
    assert_ptr_equal(uvpool__worker_queue_detach(&bench->queue),
                     &bench->entries[first + i - 1]);
  }
  assert_null(uvpool__worker_queue_detach(&bench->queue));
}

/* A new queue is empty and needs no memory for it. */
static void empty(void** state) {
  use(state);
  struct uvpool__worker_queue queue;
  memset(&queue, 0xa5, sizeof(queue));
  uvpool__worker_queue_init(&queue, kind);
  assert_int_equal(uvpool__worker_queue_len(&queue), 0);
  assert_null(uvpool__worker_queue_detach(&queue));
  assert_int_equal(uvpool__worker_queue_search(&queue, UINT64_MAX), 0);
  assert_null(uvpool__worker_queue_trim(&queue, 0));
}

/* Last in, first out; insert notes the stamp. */
static void detach_gives_the_last(void** state) {
  use(state);
  bench_t bench;
  bench_fill(&bench, 5);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(bench.entries[i].stamp, 10 * (i + 1));
  }
  assert_left(&bench, 0, 5);
}

/* Search counts those that are as old as the stamp or older: none, some or all
 * of them, for any length. */
static void search_counts_the_expired(void** state) {
  use(state);
  bench_t bench;
  for (size_t len = 0; len <= 17; len++) {
    bench_fill(&bench, len);
    for (uint64_t stamp = 0; stamp <= 10 * (len + 1); stamp++) {
      size_t old = stamp / 10 < len ? (size_t) (stamp / 10) : len;
      assert_int_equal(uvpool__worker_queue_search(&bench.queue, stamp), old);
    }
  }
}

/* Of many with one stamp, all or none are expired. */
static void search_with_equal_stamps(void** state) {
  use(state);
  bench_t bench;
  bench_fill(&bench, 0);
  for (size_t i = 0; i < 9; i++) {
    uvpool__worker_queue_insert(&bench.queue, &bench.entries[i], i < 6 ? 7 : 8);
  }
  assert_int_equal(uvpool__worker_queue_search(&bench.queue, 6), 0);
  assert_int_equal(uvpool__worker_queue_search(&bench.queue, 7), 6);
  assert_int_equal(uvpool__worker_queue_search(&bench.queue, 8), 9);
}

/* Trim takes the oldest, as a chain in their order, and leaves the order of the
 * others: for every number of them. */
static void trim_takes_the_oldest(void** state) {
  use(state);
  bench_t bench;
  for (size_t count = 0; count <= 9; count++) {
    bench_fill(&bench, 9);
    struct uvpool__idle* chain = uvpool__worker_queue_trim(&bench.queue, count);
    for (size_t i = 0; i < count; i++) {
      assert_ptr_equal(chain, &bench.entries[i]);
      chain = chain->next;
    }
    assert_null(chain);
    assert_left(&bench, count, 9 - count);
  }
}

/* More room: the content stays, the memory before comes back. */
static void adopt_keeps_the_content(void** state) {
  use(state);
  bench_t bench;
  struct uvpool__idle* larger[2 * ENTRIES];
  memset(larger, 0xa5, sizeof(larger));
  bench_fill(&bench, ENTRIES);
  assert_ptr_equal(
      uvpool__worker_queue_adopt(&bench.queue, larger, 2 * ENTRIES),
      bench.memory);
  struct uvpool__idle one_more;
  uvpool__worker_queue_insert(&bench.queue, &one_more, UINT64_MAX);
  assert_ptr_equal(uvpool__worker_queue_detach(&bench.queue), &one_more);
  assert_left(&bench, 0, ENTRIES);
}

/* The first memory replaces none. */
static void adopt_from_nothing(void** state) {
  use(state);
  bench_t bench;
  uvpool__worker_queue_init(&bench.queue, kind);
  assert_null(uvpool__worker_queue_adopt(&bench.queue, bench.memory, 1));
  uvpool__worker_queue_insert(&bench.queue, &bench.entries[0], 0);
  assert_left(&bench, 0, 1);
}

/* ---- Against a model ----------------------------------------------------- */

/* The naive queue: an array, scanned from end to end. */
typedef struct model_s {
  struct uvpool__idle* entries[ENTRIES];
  uint64_t stamps[ENTRIES];
  size_t len;
} model_t;

static size_t model_search(const model_t* model, uint64_t stamp) {
  size_t count = 0;
  for (size_t i = 0; i < model->len; i++) {
    count += model->stamps[i] <= stamp;
  }
  return count;
}

static void model_trim(model_t* model, size_t count) {
  model->len -= count;
  for (size_t i = 0; i < model->len; i++) {
    model->entries[i] = model->entries[i + count];
    model->stamps[i] = model->stamps[i + count];
  }
}

/* One run: the queue, the model and the entries that are in neither. */
typedef struct run_s {
  dice_t dice;
  struct uvpool__worker_queue queue;
  model_t model;
  struct uvpool__idle entries[ENTRIES];
  struct uvpool__idle* outside[ENTRIES];
  size_t out;
  uint64_t now;
} run_t;

/* Memory for one, some or many more. */
static void run_grow(run_t* run) {
  size_t size = run->queue.size + 1 + (size_t) dice_below(&run->dice, 9);
  struct uvpool__idle** entries = malloc(size * sizeof(struct uvpool__idle*));
  assert_non_null(entries);
  free(uvpool__worker_queue_adopt(&run->queue, entries, size));
}

static void run_insert(run_t* run) {
  if (run->out == 0) {
    return;
  }
  if (run->queue.len == run->queue.size) {
    run_grow(run);
  }
  struct uvpool__idle* entry = run->outside[--run->out];
  run->now += dice_below(&run->dice, 3);
  uvpool__worker_queue_insert(&run->queue, entry, run->now);
  run->model.entries[run->model.len] = entry;
  run->model.stamps[run->model.len++] = run->now;
}

static void run_detach(run_t* run) {
  struct uvpool__idle* entry = uvpool__worker_queue_detach(&run->queue);
  if (run->model.len == 0) {
    assert_null(entry);
    return;
  }
  assert_ptr_equal(entry, run->model.entries[--run->model.len]);
  run->outside[run->out++] = entry;
}

/* Trims what a random stamp says is expired, as the purge does. */
static void run_expire(run_t* run) {
  uint64_t stamp = run->now - dice_below(&run->dice, 64);
  size_t count = uvpool__worker_queue_search(&run->queue, stamp);
  assert_int_equal(count, model_search(&run->model, stamp));
  struct uvpool__idle* chain = uvpool__worker_queue_trim(&run->queue, count);
  for (size_t i = 0; i < count; i++) {
    assert_ptr_equal(chain, run->model.entries[i]);
    run->outside[run->out++] = chain;
    chain = chain->next;
  }
  assert_null(chain);
  model_trim(&run->model, count);
}

static void run_compare(const run_t* run) {
  assert_int_equal(uvpool__worker_queue_len(&run->queue), run->model.len);
  for (size_t i = 0; i < run->model.len; i++) {
    assert_ptr_equal(kind->at(&run->queue, i), run->model.entries[i]);
    assert_true(kind->at(&run->queue, i)->stamp == run->model.stamps[i]);
  }
}

/* 10^6 operations: the queue and the model are alike all the time. */
static void random_operations_match_the_model(void** state) {
  use(state);
  static run_t run;
  memset(&run, 0, sizeof(run));
  run.dice = dice_new();
  run.now = 1000; /* beyond the oldest that expire looks for */
  uvpool__worker_queue_init(&run.queue, kind);
  for (; run.out < ENTRIES; run.out++) {
    run.outside[run.out] = &run.entries[run.out];
  }
  for (int i = 0; i < dice_rounds(1000000); i++) {
    uint64_t choice = dice_below(&run.dice, 100);
    if (choice < 50) {
      run_insert(&run);
    } else if (choice < 90) {
      run_detach(&run);
    } else {
      run_expire(&run);
    }
    if (i % 16 == 0) {
      run_compare(&run);
    }
  }
  run_compare(&run);
  free(run.queue.entries);
}

/* ---- Rules of the caller ------------------------------------------------- */

static void insert_into_the_full(void* arg) {
  bench_t* bench = arg;
  struct uvpool__idle one_more;
  uvpool__worker_queue_insert(&bench->queue, &one_more, UINT64_MAX);
}

static void insert_with_an_older_stamp(void* arg) {
  bench_t* bench = arg;
  (void) uvpool__worker_queue_detach(&bench->queue);
  uvpool__worker_queue_insert(&bench->queue, &bench->entries[0], 1);
}

static void trim_too_many(void* arg) {
  bench_t* bench = arg;
  (void) uvpool__worker_queue_trim(&bench->queue, ENTRIES + 1);
}

static void adopt_no_more_than_before(void* arg) {
  bench_t* bench = arg;
  struct uvpool__idle* same[ENTRIES];
  (void) uvpool__worker_queue_adopt(&bench->queue, same, ENTRIES);
}

/* What a caller must not do fails an assertion. */
static void misuse_is_noticed(void** state) {
  use(state);
  static void (*const misuses[])(void*) = {insert_into_the_full,
                                           insert_with_an_older_stamp,
                                           trim_too_many,
                                           adopt_no_more_than_before};
  bench_t bench;
  dies_or_skip();
  for (size_t i = 0; i < KIT_COUNT(misuses); i++) {
    bench_fill(&bench, ENTRIES);
    assert_true(dies(misuses[i], &bench));
  }
}

/* One test for each kind, which its name tells. */
#define for_both(test)                                                         \
  {"stack: " #test, test, NULL, NULL, (void*) &uvpool__worker_stack}, {        \
    "ring: " #test, test, NULL, NULL, (void*) &uvpool__worker_ring             \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      for_both(empty),
      for_both(detach_gives_the_last),
      for_both(search_counts_the_expired),
      for_both(search_with_equal_stamps),
      for_both(trim_takes_the_oldest),
      for_both(adopt_keeps_the_content),
      for_both(adopt_from_nothing),
      for_both(random_operations_match_the_model),
      for_both(misuse_is_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
