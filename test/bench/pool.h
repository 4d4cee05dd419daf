/* What a workload sees of a pool, and what a pool sees of a workload: one face
 * for all contenders, inside a child process.
 *
 * A process has one contender, one loop and one load at a time, so all of this
 * is global. Each contender pays for the same two indirect calls per task. */
#ifndef UVPOOL_TEST_BENCH_POOL_H
#define UVPOOL_TEST_BENCH_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>
#include <uvpool.h>

#include "bench.h"

/* One request: the memory that any pool needs for one task, of the same size
 * for all. `data` is in the same place in all of them. */
union bench_job {
  void* data;
  struct {
    void* data;
    union bench_job* next;
  } node; /* for those who come back by the mailbox */
  uvpool_task_t uvpool;
  uv_work_t uv;
};

/* The load that runs. Set on the loop's thread before the first submit. */
struct bench_load {
  void (*work)(union bench_job* job); /* on a worker */
  void (*done)(union bench_job* job); /* on the loop */
};

extern struct bench_load bench_load;
extern uv_loop_t bench_loop; /* of the child; loop thread only */

/* How a pool is made. */
struct bench_setup {
  unsigned threads;
  int64_t spin_us;
  int64_t stack_size;
  int64_t min_workers;
  int64_t expiry_ms; /* 0: workers stay, as libuv's do */
};

struct bench_pool {
  int (*open)(const struct bench_setup* setup);
  void (*submit)(union bench_job* job);
  void (*close)(void);           /* leaves nothing on the loop */
  int (*tune)(unsigned threads); /* NULL: it cannot */
  void (*release)(void);         /* ends all threads; NULL: only close does */
};

extern const struct bench_pool bench_pool_uvpool;
extern const struct bench_pool bench_pool_uv;
extern const struct bench_pool bench_pool_pthread;
#ifdef BENCH_HAVE_GLIB
extern const struct bench_pool bench_pool_glib;
#endif

/* ---- The child's side ---------------------------------------------------- */

/* The contender of this process, and its pool, which is open unless the
 * workload is `fresh`. */
extern const struct bench_contender* bench_me;
extern const struct bench_pool* bench_pool;

/* The pool behind bench_pool_uvpool, for what rivals do not have. */
uvpool_t* bench_uvpool_handle(void);

/* What the setup of this contender is, for a pool of `threads`. */
struct bench_setup bench_my_setup(unsigned threads);

/* Runs the loop until uv_stop, and sees to it that nothing was lost: fails
 * unless the loop stops because `*left` has come to 0. */
void bench_run_loop(const uint64_t* left);

/* Exits with a message if err is not 0. */
void bench_must(int err, const char* what);

/* Memory for `count` requests or numbers, or the end. */
void* bench_allocate(uint64_t count, size_t size);

/* ---- What tasks do ------------------------------------------------------- */

/* Measures how much of bench_spin a microsecond takes. In the parent, once. */
void bench_calibrate_spin(void);

/* Burns about that much processor time: always the same number of
 * instructions, whoever else runs. */
void bench_spin_us(unsigned us);

void bench_sleep_1ms(void);

/* Runs a task of this kind. */
void bench_run_task(enum bench_task kind);

/* ---- A crowd -------------------------------------------------------------

 * Makes `count` workers be inside a task at once. Until they are dismissed,
 * further jobs may be submitted, which are no-ops if their data is NULL. */
void bench_gather(unsigned count);

/* Lets them go, and runs the loop until they and `more` jobs have come back. */
void bench_dismiss(uint64_t more);

/* ---- Mailbox ------------------------------------------------------------- */

/* How results of pools that know no loop come back to it: a list and an
 * uv_async_t. */
int bench_mailbox_open(void);
void bench_mailbox_post(union bench_job* job); /* any thread */
void bench_mailbox_close(void);

/* ---- Counting ------------------------------------------------------------ */

/* Heap allocations of this process so far; false where they cannot be
 * counted. */
bool bench_allocations(uint64_t* count);

/* What the process has used so far. */
struct bench_usage {
  uint64_t wall_ns;
  uint64_t cpu_ns;
  uint64_t switches;
  uint64_t allocations;
  bool allocations_known;
};

struct bench_usage bench_usage_now(void);

/* Sets time, processor time, switches (each per task) and allocations. */
void bench_note_usage(struct bench_sample* sample,
                      const struct bench_usage* began,
                      const struct bench_usage* ended,
                      uint64_t tasks);

/* Sets the three percentiles; sorts `values`. */
void bench_note_quantiles(struct bench_sample* sample,
                          double* values,
                          size_t count);

/* Resident bytes of this process. */
uint64_t bench_resident(void);

/* Voluntary context switches of all threads of this process but the calling
 * one. */
uint64_t bench_sleeps_of_others(void);

/* ---- Limits -------------------------------------------------------------- */

/* The flood and the round trip of the two contenders that are no pools. */
void bench_floor_ping(const struct bench_order* order,
                      struct bench_sample* sample);
void bench_bare_flood(const struct bench_order* order,
                      struct bench_sample* sample);

/* ---- Workloads, each in load_<name>.c ------------------------------------ */

void bench_load_flood(const struct bench_order*, struct bench_sample*);
void bench_load_producers(const struct bench_order*, struct bench_sample*);
void bench_load_nested(const struct bench_order*, struct bench_sample*);
void bench_load_round_trip(const struct bench_order*, struct bench_sample*);
void bench_load_submit_cost(const struct bench_order*, struct bench_sample*);
void bench_load_syscalls(const struct bench_order*, struct bench_sample*);
void bench_load_lag(const struct bench_order*, struct bench_sample*);
void bench_load_worker_memory(const struct bench_order*, struct bench_sample*);
void bench_load_task_memory(const struct bench_order*, struct bench_sample*);
void bench_load_idle(const struct bench_order*, struct bench_sample*);
void bench_load_life(const struct bench_order*, struct bench_sample*);
void bench_load_purge(const struct bench_order*, struct bench_sample*);
void bench_load_tune(const struct bench_order*, struct bench_sample*);

#endif /* UVPOOL_TEST_BENCH_POOL_H */
