/* task.c: the mark that says whether a task is in flight.
 *
 * Nobody initialises a task, so that memory of any content must count as "not
 * in flight", and only a claim of that very task as the contrary. */
#include "task.h"

#include <sched.h>
#include <string.h>

#include "dice.h"
#include "kit.h"

/* The structure is part of the ABI. */
static void size_is_fixed(void** state) {
  (void) state;
  if (sizeof(void*) == 8) {
    assert_int_equal(sizeof(uvpool_task_t), 128);
  } else {
    assert_true(sizeof(uvpool_task_t) <= 128);
  }
}

/* A claimed task cannot be claimed again until it is freed. */
static void claim_works_once(void** state) {
  (void) state;
  uvpool_task_t task;
  uvpool_task_init(&task);
  for (int round = 0; round < 3; round++) {
    assert_false(uvpool__task_in_flight(&task));
    assert_true(uvpool__task_claim(&task));
    assert_true(uvpool__task_in_flight(&task));
    assert_false(uvpool__task_claim(&task));
    assert_true(uvpool__task_in_flight(&task));
    uvpool__task_free(&task);
  }
}

/* Initialising leaves the user's pointer alone; NULL is ignored. */
static void init_leaves_data_alone(void** state) {
  uvpool_task_t task;
  task.data = state;
  uvpool_task_init(&task);
  assert_ptr_equal(task.data, state);
  uvpool_task_init(NULL);
}

static void assert_claims_from(uvpool_task_t* task) {
  assert_false(uvpool__task_in_flight(task));
  assert_true(uvpool__task_claim(task));
  assert_true(uvpool__task_in_flight(task));
}

/* Memory of any content is claimed at the first try. */
static void any_memory_can_be_claimed(void** state) {
  (void) state;
  uvpool_task_t task;
  static const int fills[] = {0x00, 0xff, 0x5a, 0x01, 0x80};
  for (size_t i = 0; i < KIT_COUNT(fills); i++) {
    memset(&task, fills[i], sizeof(task));
    assert_claims_from(&task);
  }
  dice_t dice = dice_new();
  for (int i = 0; i < 100000; i++) {
    memset(&task, 0, sizeof(task));
    task.mark = dice_next(&dice);
    assert_claims_from(&task);
  }
}

/* A mark is bound to the address: what was copied from a task in flight, or
 * from anywhere else in an array of them, is none. */
static void copies_are_not_in_flight(void** state) {
  (void) state;
  enum { COUNT = 256 };
  static uvpool_task_t tasks[COUNT];
  static uvpool_task_t copy;
  for (int i = 0; i < COUNT; i++) {
    assert_true(uvpool__task_claim(&tasks[i]));
    memcpy(&copy, &tasks[i], sizeof(copy));
    assert_claims_from(&copy);
    for (int j = 0; j < i; j++) {
      assert_true(tasks[i].mark != tasks[j].mark);
    }
  }
}

/* prepare sets all that a flight looks at, whatever was there before, and
 * neither the mark nor the user's pointer. */
static void prepare_sets_the_rest(void** state) {
  uvpool_task_t task;
  memset(&task, 0xa5, sizeof(task));
  task.data = state;
  assert_true(uvpool__task_claim(&task));
  uvpool_t* handle = (uvpool_t*) (void*) &task; /* any address */
  uvpool__task_prepare(
      &task, handle, job_work, job_done, UVPOOL__TASK_HOLDS_LOOP);
  assert_true(uvpool__task_in_flight(&task));
  assert_ptr_equal(task.data, state);
  assert_ptr_equal(uvpool_task_handle(&task), handle);
  assert_true(task.work == job_work);
  assert_true(task.done == job_done);
  assert_int_equal(task.wish, 0);
  assert_int_equal(task.flags, UVPOOL__TASK_HOLDS_LOOP);
  assert_int_equal(uvpool_task_started(&task), 0);
  assert_int_equal(uvpool_task_is_cancelled(&task), 0);
}

/* The accessors read what the library has noted; NULL has nothing. */
static void accessors_read_the_notes(void** state) {
  (void) state;
  uvpool_task_t task;
  memset(&task, 0, sizeof(task));
  task.flags = UVPOOL__TASK_STARTED;
  task.wish = 1;
  assert_int_equal(uvpool_task_started(&task), 1);
  assert_int_equal(uvpool_task_is_cancelled(&task), 1);
  task.flags = (uint16_t) ~(unsigned) UVPOOL__TASK_STARTED;
  assert_int_equal(uvpool_task_started(&task), 0);
  assert_int_equal(uvpool_task_started(NULL), 0);
  assert_int_equal(uvpool_task_is_cancelled(NULL), 0);
  assert_null(uvpool_task_handle(NULL));
}

/* ---- Two threads, one task ----------------------------------------------- */

enum { RACE_TASKS = 1000, RACE_PASSES = KIT_TSAN ? 100 : 1000, RACERS = 2 };

typedef struct race_s {
  uvpool_task_t tasks[RACE_TASKS];
  atomic_int arrived; /* at a start, all starts added up */
} race_t;

typedef struct racer_s {
  race_t* race;
  int delay; /* whether this one starts a little later, each time another */
  unsigned char wins[RACE_PASSES][RACE_TASKS];
  helper_t helper;
} racer_t;

/* Waits until both have come so far, to run side by side from there. */
static void line_up(race_t* race, int starts) {
  atomic_fetch_add(&race->arrived, 1);
  for (int i = 1; atomic_load(&race->arrived) < starts * RACERS; i++) {
    if (i % 1000 == 0) {
      sched_yield();
    }
  }
}

/* Some nanoseconds: who sees the start first is ahead by that much. */
static void wait_a_little(int steps) {
  for (volatile int i = 0; i < steps; i++) {
    continue;
  }
}

/* Claims each task at the same moment as the other racer; whoever got it frees
 * it for the next pass. */
static void run_race(void* arg) {
  racer_t* racer = arg;
  race_t* race = racer->race;
  int starts = 0;
  for (int pass = 0; pass < RACE_PASSES; pass++) {
    for (int i = 0; i < RACE_TASKS; i++) {
      line_up(race, ++starts);
      wait_a_little(racer->delay ? (pass + i) % 100 : 20);
      racer->wins[pass][i] = uvpool__task_claim(&race->tasks[i]);
    }
    line_up(race, ++starts);
    for (int i = 0; i < RACE_TASKS; i++) {
      if (racer->wins[pass][i]) {
        uvpool__task_free(&race->tasks[i]);
      }
    }
  }
}

/* Of two threads that claim one task at the same moment, exactly one gets it,
 * 10^6 times. */
static void one_of_two_claims_wins(void** state) {
  static race_t race;
  static racer_t racers[RACERS];
  memset(&race, 0xa5, sizeof(race));
  atomic_init(&race.arrived, 0);
  for (int i = 0; i < RACERS; i++) {
    racers[i].race = &race;
    racers[i].delay = i;
    helper_start(&racers[i].helper, run_race, &racers[i]);
  }
  for (int i = 0; i < RACERS; i++) {
    helper_join(*state, &racers[i].helper);
  }
  for (int pass = 0; pass < RACE_PASSES; pass++) {
    for (int i = 0; i < RACE_TASKS; i++) {
      assert_int_equal(racers[0].wins[pass][i] + racers[1].wins[pass][i], 1);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(size_is_fixed),
      cmocka_unit_test(claim_works_once),
      cmocka_unit_test(init_leaves_data_alone),
      cmocka_unit_test(any_memory_can_be_claimed),
      cmocka_unit_test(copies_are_not_in_flight),
      cmocka_unit_test(prepare_sets_the_rest),
      cmocka_unit_test(accessors_read_the_notes),
      loop_test(one_of_two_claims_wins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
