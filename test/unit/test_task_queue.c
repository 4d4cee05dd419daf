/* task_queue.h: first come, first served, and anyone may leave from the
 * middle. */
#include "task_queue.h"

#include "dice.h"
#include "kit.h"

enum { TASKS = 32 };

/* What the queue should hold, oldest first. */
typedef struct model_s {
  uvpool_task_t* tasks[TASKS];
  size_t len;
} model_t;

static void model_remove(model_t* model, size_t at) {
  model->len--;
  for (size_t i = at; i < model->len; i++) {
    model->tasks[i] = model->tasks[i + 1];
  }
}

/* Both directions of the list, both ends and the length. */
static void assert_like(const struct uvpool_task_queue_s* queue,
                        const model_t* model) {
  const uvpool_task_t* task = queue->head;
  const uvpool_task_t* prev = NULL;
  assert_int_equal(queue->len, model->len);
  for (size_t i = 0; i < model->len; i++) {
    assert_ptr_equal(task, model->tasks[i]);
    assert_ptr_equal(task->link.prev, prev);
    prev = task;
    task = task->next;
  }
  assert_null(task);
  assert_ptr_equal(queue->tail, prev);
}

/* Pushes the first `count` of `tasks`. */
static void fill(struct uvpool_task_queue_s* queue,
                 model_t* model,
                 uvpool_task_t* tasks,
                 size_t count) {
  *queue = (struct uvpool_task_queue_s) {0};
  model->len = 0;
  for (size_t i = 0; i < count; i++) {
    uvpool__task_queue_push(queue, &tasks[i]);
    model->tasks[model->len++] = &tasks[i];
  }
  assert_like(queue, model);
}

/* An empty queue has nobody to give. */
static void empty_gives_null(void** state) {
  (void) state;
  struct uvpool_task_queue_s queue = {0};
  assert_null(uvpool__task_queue_pop(&queue));
  assert_int_equal(queue.len, 0);
}

/* Pop gives the oldest. */
static void pop_is_fifo(void** state) {
  (void) state;
  struct uvpool_task_queue_s queue;
  model_t model;
  uvpool_task_t tasks[TASKS];
  fill(&queue, &model, tasks, TASKS);
  for (size_t i = 0; i < TASKS; i++) {
    assert_ptr_equal(uvpool__task_queue_pop(&queue), &tasks[i]);
    model_remove(&model, 0);
    assert_like(&queue, &model);
  }
  assert_null(uvpool__task_queue_pop(&queue));
}

/* Any one of 1 to 5 may leave: head, middle, tail, and the only one. */
static void any_may_leave(void** state) {
  (void) state;
  struct uvpool_task_queue_s queue;
  model_t model;
  uvpool_task_t tasks[TASKS];
  for (size_t len = 1; len <= 5; len++) {
    for (size_t at = 0; at < len; at++) {
      fill(&queue, &model, tasks, len);
      uvpool__task_queue_remove(&queue, &tasks[at]);
      model_remove(&model, at);
      assert_like(&queue, &model);
      uvpool__task_queue_push(&queue, &tasks[at]);
      model.tasks[model.len++] = &tasks[at];
      assert_like(&queue, &model);
    }
  }
}

/* Any sequence of push, pop and remove does what a plain array does. */
static void random_operations_match_the_model(void** state) {
  (void) state;
  dice_t dice = dice_new();
  struct uvpool_task_queue_s queue = {0};
  model_t model = {.len = 0};
  uvpool_task_t tasks[TASKS];
  uvpool_task_t* outside[TASKS];
  size_t out = TASKS;
  for (size_t i = 0; i < TASKS; i++) {
    outside[i] = &tasks[i];
  }
  for (int i = 0; i < dice_rounds(200000); i++) {
    uint64_t choice = dice_below(&dice, 4);
    if (choice < 2 && out > 0) {
      uvpool_task_t* task = outside[--out];
      uvpool__task_queue_push(&queue, task);
      model.tasks[model.len++] = task;
    } else if (choice == 2 && model.len > 0) {
      size_t at = (size_t) dice_below(&dice, model.len);
      outside[out++] = model.tasks[at];
      uvpool__task_queue_remove(&queue, model.tasks[at]);
      model_remove(&model, at);
    } else if (choice == 3 && model.len > 0) {
      outside[out++] = model.tasks[0];
      assert_ptr_equal(uvpool__task_queue_pop(&queue), model.tasks[0]);
      model_remove(&model, 0);
    }
    assert_like(&queue, &model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(empty_gives_null),
      cmocka_unit_test(pop_is_fifo),
      cmocka_unit_test(any_may_leave),
      cmocka_unit_test(random_operations_match_the_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
