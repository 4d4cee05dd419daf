/* A tracer for on_task: what was told of each task, and of all together.
 *
 * Tasks are told apart by their labels, which are places in `labels`. */
#ifndef UVPOOL_TEST_TRACER_H
#define UVPOOL_TEST_TRACER_H

#include <stdbool.h>
#include <string.h>

#include "kit.h"

/* What was told of one task, by any thread. The hook says in which order by
 * itself: each event expects the one before. */
typedef struct trace_s {
  atomic_uint enqueued;
  atomic_uint refused;
  atomic_uint started;
  atomic_uint ended;
  atomic_int status;   /* at the last END or REFUSE */
  atomic_uint strange; /* out of order, or with a status that makes no sense */
} trace_t;

enum { TASKS = 256 };

typedef struct tracer_s {
  trace_t traces[TASKS]; /* by the number in the label */
  atomic_uint unlabelled;
  atomic_uint events[UVPOOL_TASK_END + 1]; /* of all tasks */
} tracer_t;

static tracer_t tracer;
static char labels[TASKS]; /* the address is the number */

static inline void note(trace_t* t, uvpool_task_event_t event, int status) {
  unsigned flights = atomic_load(&t->enqueued);
  unsigned over = atomic_load(&t->ended) + atomic_load(&t->refused);
  bool strange = status != 0;
  switch (event) {
    case UVPOOL_TASK_ENQUEUE:
      strange = strange || flights != over;
      atomic_fetch_add(&t->enqueued, 1);
      break;
    case UVPOOL_TASK_START:
      strange = strange || flights != over + 1;
      atomic_fetch_add(&t->started, 1);
      break;
    case UVPOOL_TASK_REFUSE:
      strange = status >= 0 || flights != over + 1;
      atomic_store(&t->status, status);
      atomic_fetch_add(&t->refused, 1);
      break;
    default:
      strange = flights != over + 1;
      atomic_store(&t->status, status);
      atomic_fetch_add(&t->ended, 1);
  }
  atomic_fetch_add(&t->strange, strange);
}

static inline void on_task(void* data,
                           const uvpool_task_t* task,
                           uvpool_task_event_t event,
                           int status) {
  tracer_t* t = data;
  const char* label = uvpool_task_label(task);
  atomic_fetch_add(&t->events[event], 1);
  if (label >= labels && label < labels + TASKS) {
    note(&t->traces[label - labels], event, status);
  } else {
    atomic_fetch_add(&t->unlabelled, 1);
  }
}

static inline uvpool_options_t traced(int64_t capacity, int64_t max_waiting) {
  memset(&tracer, 0, sizeof(tracer));
  uvpool_options_t options = pool_options(capacity, max_waiting);
  options.on_task = on_task;
  options.on_panic = pool_ignore_panic;
  options.data = &tracer;
  return options;
}

/* Of all tasks together. */
static inline void assert_events(unsigned enqueued,
                                 unsigned refused,
                                 unsigned started,
                                 unsigned ended) {
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_ENQUEUE]), enqueued);
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_REFUSE]), refused);
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_START]), started);
  assert_int_equal(atomic_load(&tracer.events[UVPOOL_TASK_END]), ended);
}

#endif /* UVPOOL_TEST_TRACER_H */
