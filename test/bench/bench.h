/* The parts of uvpool-bench, and what they say to each other.
 *
 *   contender  who: uvpool, one of its rivals, or a limit of the machine
 *   workload   what is done with it, and which metrics come out
 *   order      a workload with its parameters: one cell of the matrix
 *   sample     one round of an order by one contender: a value for each metric
 *   figure     median, lowest and highest over the rounds
 *   cell       an order with the figures of everybody who has run it
 *
 * Every contender lives in a child process of its own (child.c): libuv reads
 * the size of its pool once per process, and memory, processor time and context
 * switches are counted by process. The children run in turn, one at a time. */
#ifndef UVPOOL_TEST_BENCH_BENCH_H
#define UVPOOL_TEST_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Metrics ------------------------------------------------------------- */

enum bench_metric {
  BENCH_TIME,        /* of the wall, per task */
  BENCH_CPU,         /* of all threads, per task */
  BENCH_SWITCHES,    /* context switches of all threads, per task */
  BENCH_ALLOCATIONS, /* on the heap, in a round */
  BENCH_P50,
  BENCH_P99,
  BENCH_P999,
  BENCH_SYSCALLS, /* of the loop's thread, per burst of submits */
  BENCH_LATE,     /* a 1 ms timer, at worst */
  BENCH_OWN_LATE, /* the same, in the loop's own processor time */
  BENCH_CREATE,
  BENCH_RELEASE,
  BENCH_CLOSE,
  BENCH_MEMORY,  /* resident bytes, for each */
  BENCH_WAKEUPS, /* per second */
  BENCH_METRICS
};

struct bench_metric_info {
  const char* key;  /* in JSON */
  const char* name; /* in tables */
  const char* unit;
};

extern const struct bench_metric_info bench_metrics[BENCH_METRICS];

/* One round. What was not measured is NAN. */
struct bench_sample {
  double value[BENCH_METRICS];
  uint64_t tasks;
  int err; /* 0, or a negative code of libuv: nothing was measured */
};

/* ---- Contenders ---------------------------------------------------------- */

enum bench_who {
  BENCH_UVPOOL,
  BENCH_UVPOOL_AGAIN, /* the same once more: how far apart equals are */
  BENCH_UVPOOL_SPIN,  /* with spin_us */
  BENCH_UVPOOL_SMALL, /* with small stacks */
  BENCH_UV,
  BENCH_GLIB,
  BENCH_PTHREAD,
  BENCH_FLOOR, /* one futex, one eventfd: no pool can be faster */
  BENCH_BARE,  /* threads that run the tasks and nothing else */
  BENCH_CONTENDERS
};

#define BENCH_BIT(who) (1u << (who))

struct bench_contender {
  const char* key;  /* in options and JSON */
  const char* name; /* in tables */
  const char* what;
  const struct bench_pool* pool; /* NULL: a limit, not a pool; or not built */
  int64_t spin_us;
  int64_t stack_size;
};

extern const struct bench_contender bench_contenders[BENCH_CONTENDERS];

/* Is it part of this build? */
bool bench_is_built(enum bench_who who);

/* ---- Workloads ----------------------------------------------------------- */

enum bench_task {
  BENCH_NOOP,
  BENCH_SPIN_1US, /* of processor time */
  BENCH_SPIN_10US,
  BENCH_SPIN_100US,
  BENCH_SLEEP_1MS,
  BENCH_TASKS
};

struct bench_task_info {
  const char* key;
  const char* name;
  unsigned spin_us;
};

extern const struct bench_task_info bench_task_kinds[BENCH_TASKS];

/* What to run. A workload looks at the fields that its cells differ in. */
struct bench_order {
  unsigned workload; /* in bench_workloads */
  unsigned threads;
  uint64_t in_flight;
  enum bench_task task;
  uint64_t tasks;        /* 0: as many as take round_ms */
  unsigned round_ms;     /* about how long a round takes */
  unsigned slow_percent; /* of the tasks sleep for 1 ms */
  unsigned producers;
  unsigned gap_us;
  unsigned burst;
  bool awake; /* the loop never sleeps */
  bool busy;  /* every worker is inside a task */
};

enum { BENCH_METRICS_SHOWN = 5 };

struct bench_workload {
  const char* name;
  const char* what;
  void (*run)(const struct bench_order* order, struct bench_sample* sample);
  unsigned who; /* bits of the contenders that can do it */
  bool sized;   /* order.tasks says how much; else the workload itself does */
  bool fresh;   /* a process for each round, which opens its pool itself */
  size_t rounds_max; /* 0: as many as are asked for */
  enum bench_metric shown[BENCH_METRICS_SHOWN]; /* the first one counts */
  size_t shown_count;
  const struct bench_order* orders; /* NULL: the matrix */
  size_t order_count;
};

extern const struct bench_workload bench_workloads[];
extern const size_t bench_workload_count;

/* What an order says, for people. */
void bench_describe(const struct bench_order* order, char* text, size_t size);

/* The index of a workload by name; bench_workload_count if there is none. */
unsigned bench_find_workload(const char* name, size_t length);

/* ---- Figures ------------------------------------------------------------- */

enum { BENCH_ROUNDS_MAX = 99 };

struct bench_figure {
  double median;
  double low;
  double high;
};

struct bench_cell {
  struct bench_order order;
  unsigned who;    /* bits of those who have run it */
  unsigned failed; /* bits of those who could not */
  size_t rounds;
  uint64_t tasks[BENCH_CONTENDERS]; /* per round */
  struct bench_figure figure[BENCH_CONTENDERS][BENCH_METRICS];
  /* uvpool against itself: the larger of the median distance of a round from
   * the round beside it, and the distance of the medians. NAN: not run twice.*/
  double spread;
};

struct bench_figure bench_sum_up(const double* rounds, size_t count);

/* The share of equals that were measured in turn. */
double bench_spread(const double* ours, const double* again, size_t count);

/* The value that a share of `values` does not exceed; sorts them. */
double bench_quantile(double* values, size_t count, double share);

/* ---- Running ------------------------------------------------------------- */

/* Runs an order on all of `who` that can, `rounds` times each, in turn. */
void bench_measure(const struct bench_order* order,
                   unsigned who,
                   size_t rounds,
                   struct bench_cell* cell);

/* Ends the children that bench_measure has kept. */
void bench_end_children(void);

/* How often the first metric of `who` goes into that of uvpool: above 1, uvpool
 * is ahead. */
double bench_ratio(const struct bench_cell* cell,
                   enum bench_who who,
                   enum bench_metric metric);

/* Sets `sample` to "nothing measured". */
void bench_clear_sample(struct bench_sample* sample);

/* ---- Output -------------------------------------------------------------- */

void bench_print_cell(FILE* out, const struct bench_cell* cell);
void bench_json_begin(FILE* out);
void bench_json_cell(FILE* out, const struct bench_cell* cell);
void bench_json_end(FILE* out);

/* A line about what is being done, where somebody looks at stderr; an empty
 * text wipes it out. */
void bench_progress(const char* format, ...)
    __attribute__((format(printf, 1, 2)));

/* The gate: runs the telling cells, says which targets are met; with `busy`
 * two thirds of what is wanted will do where time is measured. Returns the exit
 * status. */
int bench_check(size_t rounds, unsigned round_ms, bool busy);

/* Prints and exits. */
void bench_fail(const char* format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif /* UVPOOL_TEST_BENCH_BENCH_H */
