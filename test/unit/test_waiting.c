/* waiting.h: which task is next, by class, priority and age, against a list
 * that is searched from end to end. */
#include "waiting.h"

#include <string.h>

#include "dice.h"
#include "kit.h"

enum { TASKS = 64 };

/* The tasks that wait, in the order in which they have come. */
typedef struct model_s {
  uvpool_task_t* tasks[TASKS];
  size_t len;
} model_t;

/* ---- Model --------------------------------------------------------------- */

static uint64_t handicap(const uvpool_task_t* task) {
  switch (uvpool__task_priority(task)) {
    case UVPOOL_PRIORITY_HIGH:
      return 0;
    case UVPOOL_PRIORITY_NORMAL:
      return 1;
    default:
      return 2;
  }
}

static uint64_t key_of(const uvpool_task_t* task, uint64_t ageing_us) {
  return uvpool__task_since_us(task) + handicap(task) * ageing_us;
}

/* Is `task` a right answer? Of equal keys either lane may go first, but in a
 * lane only its oldest. */
static void assert_first(const model_t* model,
                         const uvpool_task_t* task,
                         unsigned classes,
                         uint64_t ageing_us) {
  bool older_in_lane = false;
  bool seen = false;
  for (size_t i = 0; i < model->len; i++) {
    const uvpool_task_t* other = model->tasks[i];
    if ((classes >> uvpool__task_class(other) & 1u) == 0) {
      continue;
    }
    assert_non_null(task);
    assert_true(key_of(task, ageing_us) <= key_of(other, ageing_us));
    if (other == task) {
      seen = true;
    } else if (!seen && uvpool__lane_of(other) == uvpool__lane_of(task)) {
      older_in_lane = true;
    }
  }
  assert_false(older_in_lane);
  assert_true(seen == (task != NULL));
}

static void model_remove(model_t* model, size_t at) {
  model->len--;
  for (size_t i = at; i < model->len; i++) {
    model->tasks[i] = model->tasks[i + 1];
  }
}

/* Lanes, bits and counts agree with the list. */
static void assert_like(const struct uvpool__waiting* waiting,
                        const model_t* model) {
  uint64_t lanes[UVPOOL__LANES] = {0};
  uint64_t classes[UVPOOL_CLASSES] = {0};
  for (size_t i = 0; i < model->len; i++) {
    lanes[uvpool__lane_of(model->tasks[i])]++;
    classes[uvpool__task_class(model->tasks[i])]++;
  }
  for (unsigned i = 0; i < UVPOOL__LANES; i++) {
    assert_int_equal(waiting->lanes[i].len, lanes[i]);
    assert_int_equal(waiting->occupied >> i & 1u, lanes[i] > 0);
  }
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    assert_int_equal(uvpool__waiting_in_lanes(waiting, c), classes[c]);
  }
  assert_int_equal(waiting->occupied >> UVPOOL__LANES, 0);
}

/* ---- Tasks --------------------------------------------------------------- */

static void dress(uvpool_task_t* task,
                  unsigned task_class,
                  unsigned priority,
                  uint64_t since_us) {
  memset(task, 0xa5, sizeof(*task));
  task->flags = UVPOOL__TASK_OPTIONS;
  task->task_class = (uint8_t) task_class;
  task->priority = (uint8_t) priority;
  uvpool__task_set_since_us(task, since_us);
}

static void dress_plain(uvpool_task_t* task, uint64_t since_us) {
  memset(task, 0xa5, sizeof(*task)); /* its second half is not looked at */
  task->flags = 0;
  uvpool__task_set_since_us(task, since_us);
}

/* ---- Tests --------------------------------------------------------------- */

/* Nobody waits: nobody is next. */
static void empty_gives_null(void** state) {
  (void) state;
  struct uvpool__waiting waiting = {0};
  assert_null(uvpool__waiting_first(&waiting, UINT32_MAX, 1000));
  assert_null(uvpool__waiting_oldest(&waiting));
  assert_null(uvpool__waiting_all_plain(&waiting));
}

/* 48 bits of microseconds are kept whole, and beside the end's status. */
static void stamps_have_48_bits(void** state) {
  (void) state;
  uvpool_task_t task;
  for (unsigned bit = 0; bit < 48; bit++) {
    uint64_t us = UINT64_C(1) << bit;
    uvpool__task_set_since_us(&task, us);
    assert_true(uvpool__task_since_us(&task) == us);
    uvpool__task_set_since_us(&task, us - 1);
    assert_true(uvpool__task_since_us(&task) == us - 1);
  }
  uvpool__task_set_since_us(&task, (UINT64_C(1) << 48) - 1);
  assert_true(uvpool__task_since_us(&task) == (UINT64_C(1) << 48) - 1);
}

/* High before normal before low, up to one ageing interval: at less the higher
 * one goes first, at more the one that came first. */
static void a_priority_is_worth_one_ageing(void** state) {
  (void) state;
  static const unsigned steps[][2] = {
      {UVPOOL_PRIORITY_HIGH, UVPOOL_PRIORITY_NORMAL},
      {UVPOOL_PRIORITY_NORMAL, UVPOOL_PRIORITY_LOW}};
  const uint64_t bases[] = {0, UINT32_MAX, UINT64_C(1) << 47};
  for (size_t i = 0; i < KIT_COUNT(steps) * KIT_COUNT(bases); i++) {
    uint64_t base = bases[i / KIT_COUNT(steps)];
    const unsigned* step = steps[i % KIT_COUNT(steps)];
    struct uvpool__waiting waiting = {0};
    uvpool_task_t lower;
    uvpool_task_t higher;
    dress(&lower, 3, step[1], base);
    dress(&higher, 5, step[0], base + 999);
    uvpool__waiting_join(&waiting, &lower);
    uvpool__waiting_join(&waiting, &higher);
    assert_ptr_equal(uvpool__waiting_first(&waiting, UINT32_MAX, 1000),
                     &higher);
    assert_ptr_equal(uvpool__waiting_oldest(&waiting), &lower);
    uvpool__task_set_since_us(&higher, base + 1001);
    assert_ptr_equal(uvpool__waiting_first(&waiting, UINT32_MAX, 1000), &lower);
  }
}

/* A low one waits two intervals behind a high one. */
static void low_ages_twice(void** state) {
  (void) state;
  struct uvpool__waiting waiting = {0};
  uvpool_task_t low;
  uvpool_task_t high;
  dress(&low, 0, UVPOOL_PRIORITY_LOW, 10);
  dress(&high, 0, UVPOOL_PRIORITY_HIGH, 10 + 1999);
  uvpool__waiting_join(&waiting, &low);
  uvpool__waiting_join(&waiting, &high);
  assert_ptr_equal(uvpool__waiting_first(&waiting, UINT32_MAX, 1000), &high);
  uvpool__task_set_since_us(&high, 10 + 2001);
  assert_ptr_equal(uvpool__waiting_first(&waiting, UINT32_MAX, 1000), &low);
}

/* A class without its bit is passed over, however old its tasks. */
static void classes_without_a_bit_are_passed_over(void** state) {
  (void) state;
  struct uvpool__waiting waiting = {0};
  uvpool_task_t tasks[UVPOOL_CLASSES];
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    dress(&tasks[c], c, c % UVPOOL__PRIORITIES, c);
    uvpool__waiting_join(&waiting, &tasks[c]);
  }
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    assert_ptr_equal(uvpool__waiting_first(&waiting, 1u << c, 1000), &tasks[c]);
  }
  assert_null(uvpool__waiting_first(&waiting, 0, 1000));
}

/* Plain tasks and such with options that say the same share a lane. */
static void plain_ones_are_of_class_0(void** state) {
  (void) state;
  struct uvpool__waiting waiting = {0};
  uvpool_task_t tasks[3];
  dress_plain(&tasks[0], 1);
  dress(&tasks[1], 0, UVPOOL_PRIORITY_NORMAL, 2);
  dress_plain(&tasks[2], 3);
  uvpool__waiting_join_plain(&waiting, &tasks[0]);
  uvpool__waiting_join(&waiting, &tasks[1]);
  uvpool__waiting_join_plain(&waiting, &tasks[2]);
  for (size_t i = 0; i < KIT_COUNT(tasks); i++) {
    assert_ptr_equal(uvpool__waiting_all_plain(&waiting), &tasks[i]);
    assert_ptr_equal(uvpool__waiting_first(&waiting, 1, 1000), &tasks[i]);
    uvpool__waiting_pop_plain(&waiting);
  }
  assert_int_equal(waiting.occupied, 0);
}

/* Something in another lane: not all are plain. */
static void all_plain_sees_others(void** state) {
  (void) state;
  struct uvpool__waiting waiting = {0};
  uvpool_task_t plain;
  uvpool_task_t other;
  dress_plain(&plain, 1);
  dress(&other, 7, UVPOOL_PRIORITY_LOW, 2);
  uvpool__waiting_join_plain(&waiting, &plain);
  uvpool__waiting_join(&waiting, &other);
  assert_null(uvpool__waiting_all_plain(&waiting));
  uvpool__waiting_quit(&waiting, &other);
  assert_ptr_equal(uvpool__waiting_all_plain(&waiting), &plain);
  uvpool__waiting_quit(&waiting, &plain);
  assert_null(uvpool__waiting_all_plain(&waiting));
}

/* Random joins, leaves and takes, with random classes allowed. */
static void random_operations_match_the_model(void** state) {
  (void) state;
  dice_t dice = dice_new();
  static uvpool_task_t tasks[TASKS];
  uvpool_task_t* outside[TASKS];
  size_t out = TASKS;
  struct uvpool__waiting waiting = {0};
  model_t model = {.len = 0};
  uint64_t now_us = (UINT64_C(1) << 32) - 5000; /* past 32 bits on its way */
  for (size_t i = 0; i < TASKS; i++) {
    outside[i] = &tasks[i];
  }
  for (int i = 0; i < dice_rounds(30000); i++) {
    now_us += dice_below(&dice, 3);
    uint64_t ageing_us = 1 + dice_below(&dice, 64);
    unsigned classes = (unsigned) dice_below(&dice, 256);
    uvpool_task_t* first = uvpool__waiting_first(&waiting, classes, ageing_us);
    assert_first(&model, first, classes, ageing_us);
    assert_first(&model, uvpool__waiting_oldest(&waiting), UINT32_MAX, 0);
    if (dice_below(&dice, 2) == 0 && out > 0) {
      uvpool_task_t* task = outside[--out];
      dress(task,
            (unsigned) dice_below(&dice, UVPOOL_CLASSES),
            (unsigned) dice_below(&dice, UVPOOL__PRIORITIES),
            now_us);
      uvpool__waiting_join(&waiting, task);
      model.tasks[model.len++] = task;
    } else if (model.len > 0) {
      size_t at = (size_t) dice_below(&dice, model.len);
      uvpool__waiting_quit(&waiting, model.tasks[at]);
      outside[out++] = model.tasks[at];
      model_remove(&model, at);
    }
    assert_like(&waiting, &model);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(empty_gives_null),
      cmocka_unit_test(stamps_have_48_bits),
      cmocka_unit_test(a_priority_is_worth_one_ageing),
      cmocka_unit_test(low_ages_twice),
      cmocka_unit_test(classes_without_a_bit_are_passed_over),
      cmocka_unit_test(plain_ones_are_of_class_0),
      cmocka_unit_test(all_plain_sees_others),
      cmocka_unit_test(random_operations_match_the_model),
  };
  return kit_run(argc, argv, tests);
}
