/* classes.h: vacancy, eligible and runnable, for every pool that a few small
 * numbers can make, against a model that starts tasks one by one.
 *
 * The model knows the contract only: a task may begin if a worker is free, its
 * class is under its cap, and after it every class could still have what is
 * reserved for it. */
#include "classes.h"

#include <string.h>

#include "dice.h"
#include "kit.h"

/* Only so many classes are in use, so that all numbers can be tried. */
enum { CLASSES = 3 };

typedef struct model_s {
  uint64_t capacity;
  uint64_t cap[CLASSES]; /* UINT64_MAX: none */
  uint64_t reserved[CLASSES];
  uint64_t busy[CLASSES];
  uint64_t waiting[CLASSES];
} model_t;

/* ---- Model --------------------------------------------------------------- */

static uint64_t all_busy(const model_t* m) {
  uint64_t busy = 0;
  for (unsigned c = 0; c < CLASSES; c++) {
    busy += m->busy[c];
  }
  return busy;
}

static bool may_begin(const model_t* m, unsigned task_class) {
  model_t after = *m;
  after.busy[task_class]++;
  uint64_t needed = all_busy(&after);
  if (needed > m->capacity || after.busy[task_class] > m->cap[task_class]) {
    return false;
  }
  if (m->busy[task_class] < m->reserved[task_class]) {
    return true; /* its own worker */
  }
  for (unsigned c = 0; c < CLASSES; c++) {
    if (after.busy[c] < after.reserved[c]) {
      needed += after.reserved[c] - after.busy[c];
    }
  }
  return needed <= m->capacity;
}

/* How many of a class could begin one after the other. */
static uint64_t vacancy_by_contract(model_t m, unsigned task_class) {
  uint64_t count = 0;
  while (may_begin(&m, task_class)) {
    m.busy[task_class]++;
    count++;
  }
  return count;
}

/* How many of those that wait could, at most, whichever goes first. */
static uint64_t most_that_begin(const model_t* m) {
  uint64_t most = 0;
  for (unsigned c = 0; c < CLASSES; c++) {
    if (m->waiting[c] > 0 && may_begin(m, c)) {
      model_t next = *m;
      next.waiting[c]--;
      next.busy[c]++;
      uint64_t count = 1 + most_that_begin(&next);
      most = count > most ? count : most;
    }
  }
  return most;
}

/* ---- A pool as the code under test sees it ------------------------------- */

static uvpool_task_t tasks[64];

static void put(struct uvpool__pool* pool, const model_t* m) {
  size_t used = 0;
  memset(pool, 0, sizeof(*pool));
  pool->capacity = m->capacity;
  pool->busy = all_busy(m);
  pool->settings.classed = true;
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    pool->settings.classes[c].cap = c < CLASSES ? m->cap[c] : UINT64_MAX;
    pool->settings.classes[c].reserved = c < CLASSES ? m->reserved[c] : 0;
    pool->busy_of_class[c] = c < CLASSES && c > 0 ? m->busy[c] : 0;
    for (uint64_t i = 0; c < CLASSES && i < m->waiting[c]; i++) {
      uvpool_task_t* task = &tasks[used++];
      task->flags = UVPOOL__TASK_OPTIONS;
      task->task_class = (uint8_t) c;
      task->priority = (uint8_t) (i % UVPOOL__PRIORITIES);
      uvpool__waiting_join(&pool->waiting, task);
      pool->waiting.len++;
    }
  }
}

static void assert_alike(const model_t* m) {
  static struct uvpool__pool pool;
  put(&pool, m);
  unsigned eligible = uvpool__eligible_locked(&pool);
  for (unsigned c = 0; c < CLASSES; c++) {
    uint64_t vacancy = vacancy_by_contract(*m, c);
    assert_int_equal(uvpool__class_vacancy_locked(&pool, c), vacancy);
    assert_int_equal(eligible >> c & 1u, may_begin(m, c));
  }
  assert_int_equal(uvpool__runnable_locked(&pool), most_that_begin(m));
}

/* ---- Tests --------------------------------------------------------------- */

/* A number of mixed base, one digit at a time. */
static uint64_t digit(uint64_t* number, uint64_t base) {
  uint64_t d = *number % base;
  *number /= base;
  return d;
}

/* Can these have come about under the contract, or by a tune? */
static bool is_possible(const model_t* m) {
  uint64_t reserved = 0;
  for (unsigned c = 0; c < CLASSES; c++) {
    reserved += m->reserved[c];
    if (m->busy[c] > m->cap[c] || m->reserved[c] > m->cap[c]) {
      return false;
    }
  }
  return reserved < m->capacity;
}

static model_t model_of(uint64_t number) {
  model_t m = {.capacity = 1 + digit(&number, 4)};
  for (unsigned c = 0; c < 2; c++) {
    uint64_t cap = digit(&number, 3);
    m.cap[c] = cap == 0 ? UINT64_MAX : cap;
    m.reserved[c] = digit(&number, 3);
    m.busy[c] = digit(&number, 4);
    m.waiting[c] = digit(&number, 3);
  }
  m.cap[2] = UINT64_MAX;
  m.waiting[2] = digit(&number, 3);
  return m;
}

/* Two classes of their own and a third without: all small numbers. */
static void small_pools_match_the_model(void** state) {
  (void) state;
  const uint64_t numbers = UINT64_C(4) * (3 * 3 * 4 * 3) * (3 * 3 * 4 * 3) * 3;
  uint64_t tried = 0;
  for (uint64_t number = 0; number < numbers; number++) {
    model_t m = model_of(number);
    if (is_possible(&m)) {
      assert_alike(&m);
      tried++;
    }
  }
  assert_true(tried > 10000);
}

/* Larger ones at random, also with more busy than the capacity, or more of
 * others than reservations leave: what a tune leaves behind. */
static void random_pools_match_the_model(void** state) {
  (void) state;
  dice_t dice = dice_new();
  for (int i = 0; i < dice_rounds(20000); i++) {
    model_t m = {.capacity = 1 + dice_below(&dice, 10)};
    for (unsigned c = 0; c < CLASSES; c++) {
      uint64_t cap = dice_below(&dice, 8);
      m.cap[c] = cap == 0 ? UINT64_MAX : cap;
      m.reserved[c] = dice_below(&dice, 4);
      m.busy[c] = dice_below(&dice, 6);
      m.waiting[c] = dice_below(&dice, 6);
    }
    if (is_possible(&m)) {
      assert_alike(&m);
    }
  }
}

static uint64_t unfilled_of_all(const model_t* m) {
  uint64_t unfilled = 0;
  for (unsigned c = 0; c < CLASSES; c++) {
    if (m->busy[c] < m->reserved[c]) {
      unfilled += m->reserved[c] - m->busy[c];
    }
  }
  return unfilled;
}

static void assert_kept(const model_t* m) {
  uint64_t busy = all_busy(m);
  assert_true(busy <= m->capacity);
  assert_true(busy + unfilled_of_all(m) <= m->capacity);
  for (unsigned c = 0; c < CLASSES; c++) {
    assert_true(m->busy[c] <= m->cap[c]);
  }
}

/* Tasks of eligible classes begin and others end, in any order: the capacity,
 * the caps and the reservations hold at every step. */
static void what_is_eligible_keeps_the_bounds(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  dice_t dice = dice_new();
  for (int round = 0; round < dice_rounds(300); round++) {
    model_t m = {.capacity = 2 + dice_below(&dice, 8)};
    for (unsigned c = 0; c < CLASSES; c++) {
      uint64_t cap = dice_below(&dice, 6);
      m.cap[c] = cap == 0 ? UINT64_MAX : cap;
      m.reserved[c] = dice_below(&dice, 3);
    }
    for (int i = 0; i < 200 && is_possible(&m); i++) {
      unsigned c = (unsigned) dice_below(&dice, CLASSES);
      put(&pool, &m);
      if (dice_below(&dice, 3) > 0) {
        m.busy[c] += uvpool__eligible_locked(&pool) >> c & 1u;
      } else if (m.busy[c] > 0) {
        m.busy[c]--;
      }
      assert_kept(&m);
    }
  }
}

/* A pool without caps and reservations: all classes are alike. */
static void plain_pools_know_no_classes(void** state) {
  (void) state;
  static struct uvpool__pool pool;
  memset(&pool, 0, sizeof(pool));
  pool.capacity = 3;
  pool.waiting.len = 7;
  pool.waiting.behind = 2;
  assert_int_equal(uvpool__runnable_locked(&pool), 5);
  assert_int_equal(uvpool__eligible_locked(&pool) & 0xffu, 0xffu);
}

/* What is reserved is the sum of all classes. */
static void reserved_is_the_sum(void** state) {
  (void) state;
  struct uvpool__settings settings;
  memset(&settings, 0, sizeof(settings));
  assert_int_equal(uvpool__class_reserved(&settings), 0);
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    settings.classes[c].reserved = UINT64_C(1) << c;
  }
  assert_int_equal(uvpool__class_reserved(&settings), 255);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_pools_match_the_model),
      cmocka_unit_test(random_pools_match_the_model),
      cmocka_unit_test(what_is_eligible_keeps_the_bounds),
      cmocka_unit_test(plain_pools_know_no_classes),
      cmocka_unit_test(reserved_is_the_sum),
  };
  return kit_run(argc, argv, tests);
}
