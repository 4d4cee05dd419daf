/* What the ported tests are about: a pool of any kind, and tasks that are the
 * same for all of them, so that one body serves ants' three variants.
 *
 *   PER_TASK  Pool:                 uvpool_submit, uvpool_multi_submit
 *   FUNC      PoolWithFunc:         uvpool_func_invoke_done
 *   TYPED     PoolWithFuncGeneric:  UVPOOL_FUNC_DEFINE, by value
 *
 * Each task has a number. Its work adds it to a sum, perhaps sleeps, stands at
 * a gate, panics or does something else; its done is counted on the loop. */
#ifndef UVPOOL_TEST_SUBJECT_H
#define UVPOOL_TEST_SUBJECT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

enum kind { PER_TASK, FUNC, TYPED };

typedef struct subject_s subject_t;

struct subject_s {
  uv_loop_t* loop;
  enum kind kind;

  /* What the work does; set before the first submit. */
  unsigned sleep_ms;
  gate_t* gate;
  const char* panic;
  void (*in_work)(subject_t* subject, int number);
  void (*in_done)(subject_t* subject, int number);

  /* Written by the workers. */
  gauge_t gauge;
  atomic_int ran;
  atomic_long sum;

  /* Loop thread. */
  int done;
  int panicked;  /* done with UVPOOL_EPANIC */
  int cancelled; /* done with UV_ECANCELED */

  /* Constant after open. */
  uvpool_t* pool; /* NULL for a multi-pool */
  uvpool_multi_t* multi;
  uvpool_func_t* func;
  struct typed_s* typed;
};

/* One task of PER_TASK and FUNC; freed by its done. */
typedef struct item_s {
  uvpool_task_t task;
  subject_t* subject;
  int number;
} item_t;

/* One argument of TYPED. */
typedef struct value_s {
  subject_t* subject;
  int number;
} value_t;

UVPOOL_FUNC_DEFINE(typed, value_t);

static inline int subject_run(subject_t* subject, int number) {
  gauge_enter(&subject->gauge);
  atomic_fetch_add(&subject->ran, 1);
  atomic_fetch_add(&subject->sum, number);
  if (subject->in_work != NULL) {
    subject->in_work(subject, number);
  }
  if (subject->sleep_ms > 0) {
    uv_sleep(subject->sleep_ms);
  }
  if (subject->gate != NULL) {
    gate_pass(subject->gate);
  }
  gauge_leave(&subject->gauge);
  if (subject->panic != NULL) {
    uvpool_panic("%s", subject->panic);
  }
  return 0;
}

static inline void subject_done(subject_t* subject, int number, int status) {
  subject->done++;
  subject->panicked += status == UVPOOL_EPANIC;
  subject->cancelled += status == UV_ECANCELED;
  if (subject->in_done != NULL) {
    subject->in_done(subject, number);
  }
}

/* ---- The three kinds ----------------------------------------------------- */

static inline int item_work(uvpool_task_t* task) {
  item_t* item = task->data;
  return subject_run(item->subject, item->number);
}

static inline void item_done(uvpool_task_t* task, int status) {
  item_t* item = task->data;
  subject_t* subject = item->subject;
  int number = item->number;
  free(item);
  subject_done(subject, number, status);
}

static inline int func_work(void* arg) {
  return item_work(&((item_t*) arg)->task);
}

static inline void func_done(uvpool_func_t* func, void* arg, int status) {
  (void) func;
  item_done(&((item_t*) arg)->task, status);
}

static inline int typed_work(value_t* value) {
  return subject_run(value->subject, value->number);
}

static inline void typed_done(typed_t typed, value_t* value, int status) {
  (void) typed;
  subject_done(value->subject, value->number, status);
}

static inline item_t* item_new(subject_t* subject, int number) {
  item_t* item = calloc(1, sizeof(*item));
  if (item == NULL) {
    abort(); /* on any thread; there is no other way to fail here */
  }
  item->task.data = item;
  item->subject = subject;
  item->number = number;
  return item;
}

/* ---- Submit -------------------------------------------------------------- */

/* NO_WAIT: ants' Nonblocking; else its blocking Submit. */
#define NO_WAIT (UINT64_MAX - 1)

static inline int subject_submit_item(subject_t* s,
                                      item_t* item,
                                      uint64_t timeout_ms) {
  uvpool_task_t* task = &item->task;
  bool wait = timeout_ms != NO_WAIT;
  if (s->kind == FUNC) {
    return wait ? uvpool_func_invoke_wait(s->func, item, func_done, timeout_ms)
                : uvpool_func_invoke_done(s->func, item, func_done);
  }
  if (s->pool == NULL) {
    return wait ? uvpool_multi_submit_wait(
                      s->multi, task, item_work, item_done, timeout_ms)
                : uvpool_multi_submit(s->multi, task, item_work, item_done);
  }
  return wait ? uvpool_submit_wait(
                    s->pool, task, item_work, item_done, timeout_ms)
              : uvpool_submit(s->pool, task, item_work, item_done);
}

/* Thread: any. */
static inline int subject_submit_wait(subject_t* s,
                                      int number,
                                      uint64_t timeout_ms) {
  if (s->kind == TYPED) {
    value_t value = {s, number};
    return timeout_ms == NO_WAIT
               ? typed_invoke_done(*s->typed, value, typed_done)
               : typed_invoke_wait(*s->typed, value, typed_done, timeout_ms);
  }
  item_t* item = item_new(s, number);
  int err = subject_submit_item(s, item, timeout_ms);
  if (err != 0) {
    free(item);
  }
  return err;
}

static inline int subject_submit(subject_t* s, int number) {
  return subject_submit_wait(s, number, NO_WAIT);
}

/* ---- Open and close ------------------------------------------------------ */

/* Thread: test. `pools` 0: one pool. */
static inline int subject_try_open(subject_t* s,
                                   uv_loop_t* loop,
                                   enum kind kind,
                                   int64_t pools,
                                   uvpool_strategy_t strategy,
                                   const uvpool_options_t* options) {
  memset(s, 0, sizeof(*s));
  s->loop = loop;
  s->kind = kind;
  gauge_init(&s->gauge);
  int err = 0;
  if (kind == PER_TASK) {
    return pools == 0
               ? uvpool_create(loop, options, &s->pool)
               : uvpool_multi_create(loop, pools, strategy, options, &s->multi);
  }
  if (kind == FUNC) {
    err = pools == 0 ? uvpool_func_create(loop, func_work, options, &s->func)
                     : uvpool_func_create_multi(
                           loop, pools, strategy, func_work, options, &s->func);
  } else {
    s->typed = calloc(1, sizeof(*s->typed));
    assert_non_null(s->typed);
    err = pools == 0
              ? typed_create(loop, typed_work, options, s->typed)
              : typed_create_multi(
                    loop, pools, strategy, typed_work, options, s->typed);
    s->func = typed_func(*s->typed);
  }
  if (err == 0) {
    s->pool = uvpool_func_pool(s->func);
    s->multi = uvpool_func_multi(s->func);
  } else {
    free(s->typed);
  }
  return err;
}

static inline void subject_open(subject_t* s,
                                uv_loop_t* loop,
                                enum kind kind,
                                const uvpool_options_t* options) {
  assert_status(subject_try_open(s, loop, kind, 0, UVPOOL_ROUND_ROBIN, options),
                0);
}

/* Thread: test. Runs the loop until it ends by itself. */
static inline void subject_close(subject_t* s) {
  if (s->func != NULL) {
    assert_status(uvpool_func_close(s->func, NULL), 0);
    loop_run(s->loop);
  } else if (s->multi != NULL) {
    multi_close(s->loop, s->multi);
  } else {
    pool_close(s->loop, s->pool);
  }
  free(s->typed);
}

/* ---- What must hold at the end ------------------------------------------- */

/* So many tasks were accepted, and each ended once; never more ran at once than
 * `capacity`. */
static inline void subject_assert_ended(subject_t* s,
                                        int count,
                                        int64_t capacity) {
  assert_int_equal(s->done, count);
  assert_int_equal(atomic_load(&s->ran) + s->cancelled, count);
  assert_true(gauge_most(&s->gauge) <= capacity);
  if (s->pool != NULL) {
    uvpool_stats_t stats = pool_stats(s->pool);
    assert_int_equal(stats.accepted, count);
    assert_true(stats.workers_max <= (uint64_t) capacity);
  }
}

/* The workers of a test that wants many. */
static inline int subject_many(void) {
  return KIT_TSAN ? 16 : 64;
}

/* A port of an ants test: its name, and the body with its variant. */
#define PORT(name, body, ...)                                                  \
  static void name(void** state) {                                             \
    body(*state, __VA_ARGS__);                                                 \
  }

/* ---- Producers: threads that submit and may block ------------------------ */

typedef struct producer_s {
  helper_t helper;
  subject_t* subject;
  int count;           /* how many it wants to submit */
  uint64_t timeout_ms; /* for each */
  int accepted;        /* read after the join, both */
  int result;          /* of the last submit */
} producer_t;

static inline void producer_run(void* arg) {
  producer_t* producer = arg;
  for (int i = 0; i < producer->count; i++) {
    producer->result =
        subject_submit_wait(producer->subject, i, producer->timeout_ms);
    if (producer->result != 0) {
      break;
    }
    producer->accepted++;
  }
}

static inline void producer_start(producer_t* producer,
                                  subject_t* subject,
                                  int count,
                                  uint64_t timeout_ms) {
  memset(producer, 0, sizeof(*producer));
  producer->subject = subject;
  producer->count = count;
  producer->timeout_ms = timeout_ms;
  helper_start(&producer->helper, producer_run, producer);
}

/* Submits one from another thread and returns what that returned. */
static inline int producer_submit_one(subject_t* subject, uint64_t timeout_ms) {
  producer_t producer;
  producer_start(&producer, subject, 1, timeout_ms);
  helper_join(subject->loop, &producer.helper);
  return producer.result;
}

typedef struct awaited_s {
  subject_t* subject;
  int count;
} awaited_t;

static inline int are_done(void* arg) {
  awaited_t* awaited = arg;
  return awaited->subject->done >= awaited->count;
}

/* Runs the loop until so many are done, with nobody helping. */
static inline void subject_await_done(subject_t* subject, int count) {
  awaited_t awaited = {subject, count};
  loop_run_until(subject->loop, are_done, &awaited, "the tasks to be done");
}

#endif /* UVPOOL_TEST_SUBJECT_H */
