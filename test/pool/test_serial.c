/* Serial queues: never two at once, in the order of submission, on any worker,
 * whatever else the pool has to do. Cancel and close are in
 * test_serial_cancel.c; figures, states of the pool and errors in
 * test_serial_states.c. */
#include <stdlib.h>

#include "kit.h"
#include "member.h"

/* A serial queue that watches its works: `inside` and `next` are the workers',
 * one after the other if the library keeps its word. */
typedef struct strand_s {
  uvpool_serial_t serial;
  told_t told;
  atomic_int inside;
  atomic_int overlaps;
  atomic_int next; /* the id that has to come */
  atomic_int disorder;
  int plain; /* not atomic: ordered by the library alone */
} strand_t;

static void strand_open(strand_t* strand, uvpool_t* pool) {
  serial_open(pool, &strand->serial, &strand->told);
  atomic_init(&strand->inside, 0);
  atomic_init(&strand->overlaps, 0);
  atomic_init(&strand->next, 0);
  atomic_init(&strand->disorder, 0);
  strand->plain = 0;
}

static void strand_work(job_t* job) {
  strand_t* strand = job->arg;
  if (atomic_fetch_add_explicit(&strand->inside, 1, memory_order_relaxed) > 0) {
    atomic_fetch_add(&strand->overlaps, 1);
  }
  if (atomic_fetch_add_explicit(&strand->next, 1, memory_order_relaxed) !=
      job->id) {
    atomic_fetch_add(&strand->disorder, 1);
  }
  strand->plain++;
  atomic_fetch_sub_explicit(&strand->inside, 1, memory_order_relaxed);
}

static job_t* strand_jobs(strand_t* strand, int count, gate_t* gate) {
  job_t* jobs = jobs_new(count, gate);
  for (int i = 0; i < count; i++) {
    jobs[i].arg = strand;
    jobs[i].in_work = strand_work;
  }
  return jobs;
}

static void strand_assert(strand_t* strand, int worked) {
  assert_int_equal(atomic_load(&strand->overlaps), 0);
  assert_int_equal(atomic_load(&strand->disorder), 0);
  assert_int_equal(atomic_load(&strand->next), worked);
  assert_int_equal(strand->plain, worked);
}

/* What other threads submit does not keep the loop alive. */
typedef struct crowd_s {
  job_t* jobs;
  int count;
} crowd_t;

static int all_done(void* arg) {
  crowd_t* crowd = arg;
  for (int i = 0; i < crowd->count; i++) {
    if (!crowd->jobs[i].done) {
      return 0;
    }
  }
  return 1;
}

/* ---- Order --------------------------------------------------------------- */

/* Four workers, two queues, and as many plain tasks in between. */
static void one_at_a_time_in_order(void** state) {
  enum { COUNT = 5000 };
  static strand_t strands[2];
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  job_t* jobs[2];
  job_t* plain = jobs_new(COUNT, NULL);
  for (int s = 0; s < 2; s++) {
    strand_open(&strands[s], pool);
    jobs[s] = strand_jobs(&strands[s], COUNT, NULL);
  }
  for (int i = 0; i < COUNT; i++) {
    jobs_submit_serial(&strands[0].serial, &jobs[0][i], 1);
    jobs_submit(pool, &plain[i], 1);
    jobs_submit_serial(&strands[1].serial, &jobs[1][i], 1);
  }
  loop_run(*state);
  for (int s = 0; s < 2; s++) {
    jobs_assert_ran(jobs[s], COUNT);
    strand_assert(&strands[s], COUNT);
    jobs_free(jobs[s]);
  }
  jobs_assert_ran(plain, COUNT);
  jobs_free(plain);
  pool_close(*state, pool);
}

/* Class and priority say when a task is taken once its predecessor is over, and
 * change nothing in the order within the queue. */
static void whatever_class_and_priority(void** state) {
  enum { COUNT = 3000 };
  static const int32_t priorities[] = {
      UVPOOL_PRIORITY_LOW, UVPOOL_PRIORITY_HIGH, UVPOOL_PRIORITY_NORMAL};
  static strand_t strand;
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  strand_open(&strand, pool);
  job_t* jobs = strand_jobs(&strand, COUNT, NULL);
  for (int i = 0; i < COUNT; i++) {
    uvpool_task_options_t options;
    uvpool_task_options_init(&options);
    options.serial = &strand.serial;
    options.task_class = i * 5 % UVPOOL_CLASSES;
    options.priority = priorities[i * 7 % 3];
    assert_status(job_submit_ex(pool, &jobs[i], &options), 0);
  }
  loop_run(*state);
  jobs_assert_ran(jobs, COUNT);
  strand_assert(&strand, COUNT);
  pool_close(*state, pool);
  jobs_free(jobs);
}

/* One worker is enough for any number of queues. */
static void a_thousand_queues(void** state) {
  enum { QUEUES = 1000, EACH = 5 };
  for (int workers = 1; workers <= 4; workers += 3) {
    uvpool_t* pool = pool_open(*state, workers, UVPOOL_UNLIMITED);
    strand_t* strands = calloc(QUEUES, sizeof(*strands));
    job_t* jobs = jobs_new(QUEUES * EACH, NULL);
    assert_non_null(strands);
    for (int q = 0; q < QUEUES; q++) {
      strand_open(&strands[q], pool);
    }
    for (int i = 0; i < QUEUES * EACH; i++) {
      strand_t* strand = &strands[i % QUEUES];
      jobs[i].id = i / QUEUES;
      jobs[i].arg = strand;
      jobs[i].in_work = strand_work;
      jobs_submit_serial(&strand->serial, &jobs[i], 1);
    }
    loop_run(*state);
    jobs_assert_ran(jobs, QUEUES * EACH);
    for (int q = 0; q < QUEUES; q++) {
      strand_assert(&strands[q], EACH);
    }
    pool_close(*state, pool);
    jobs_free(jobs);
    free(strands);
  }
}

/* What waits in a queue occupies no worker: with one task of it blocked and
 * many behind, the other of two workers serves everybody else. */
static void a_blocked_queue_has_one_worker(void** state) {
  enum { BEHIND = 100 };
  static strand_t strand;
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  strand_open(&strand, pool);
  job_t* jobs = strand_jobs(&strand, BEHIND + 1, &gate);
  job_t* plain = jobs_new(BEHIND, NULL);
  jobs_submit_serial(&strand.serial, jobs, BEHIND + 1);
  gate_await(&gate, 1);
  jobs_submit(pool, plain, BEHIND);
  loop_run_until(*state, job_is_done, &plain[BEHIND - 1], "the plain tasks");
  jobs_assert_ran(plain, BEHIND);
  assert_int_equal(uvpool_busy(pool), 1);
  assert_int_equal(uvpool_waiting(pool), BEHIND);
  assert_int_equal(gate_arrived(&gate), 1);
  gate_open(&gate);
  loop_run(*state);
  jobs_assert_ran(jobs, BEHIND + 1);
  strand_assert(&strand, BEHIND + 1);
  pool_close(*state, pool);
  jobs_free(plain);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* ---- Submit from everywhere ---------------------------------------------- */

typedef struct relay_s {
  strand_t* strand;
  job_t* jobs;
  atomic_int submitted;
  int count;
  atomic_int refused;
} relay_t;

static relay_t relay;

static void submit_next(job_t* job) {
  (void) job;
  int next = atomic_fetch_add(&relay.submitted, 1);
  if (next < relay.count &&
      job_submit_serial(&relay.strand->serial, &relay.jobs[next]) != 0) {
    atomic_fetch_add(&relay.refused, 1);
  }
}

static void relay_work(job_t* job) {
  strand_work(job);
  submit_next(job);
}

/* Each work submits the next: that runs when this one is over, not before. */
static void from_work(void** state) {
  static strand_t strand;
  uvpool_t* pool = pool_open(*state, 2, UVPOOL_UNLIMITED);
  strand_open(&strand, pool);
  relay = (relay_t) {.strand = &strand, .count = 2000};
  relay.jobs = strand_jobs(&strand, relay.count, NULL);
  for (int i = 0; i < relay.count; i++) {
    relay.jobs[i].in_work = relay_work;
  }
  assert_status(uvpool_ref(pool), 0);
  submit_next(NULL);
  crowd_t crowd = {relay.jobs, relay.count};
  loop_run_until(*state, all_done, &crowd, "all tasks");
  assert_status(uvpool_unref(pool), 0);
  loop_run(*state);
  assert_int_equal(atomic_load(&relay.refused), 0);
  jobs_assert_ran(relay.jobs, relay.count);
  strand_assert(&strand, relay.count);
  pool_close(*state, pool);
  jobs_free(relay.jobs);
}

/* Each done submits the next. */
static void from_done(void** state) {
  static strand_t strand;
  uvpool_t* pool = pool_open(*state, 2, 0);
  strand_open(&strand, pool);
  relay = (relay_t) {.strand = &strand, .count = 2000};
  relay.jobs = strand_jobs(&strand, relay.count, NULL);
  for (int i = 0; i < relay.count; i++) {
    relay.jobs[i].in_done = submit_next;
  }
  submit_next(NULL);
  loop_run(*state);
  assert_int_equal(atomic_load(&relay.refused), 0);
  jobs_assert_ran(relay.jobs, relay.count);
  strand_assert(&strand, relay.count);
  pool_close(*state, pool);
  jobs_free(relay.jobs);
}

typedef struct sender_s {
  helper_t helper;
  uvpool_serial_t* serial;
  job_t* jobs;
  int count;
  int refused; /* its thread, read after the join */
} sender_t;

static void send_all(void* arg) {
  sender_t* sender = arg;
  for (int i = 0; i < sender->count; i++) {
    sender->refused += job_submit_serial(sender->serial, &sender->jobs[i]) != 0;
  }
}

static atomic_int last_of[3];
static atomic_int inside;

/* `id` is a thread's number times a million plus the task's own. */
static void check_per_thread(job_t* job) {
  int own = job->id % 1000000;
  job->result = atomic_fetch_add(&inside, 1) != 0;
  job->result += atomic_exchange(&last_of[job->id / 1000000], own) != own - 1;
  atomic_fetch_sub(&inside, 1);
}

/* Three threads submit into one queue: one at a time all the same, and those of
 * each thread in its order. */
static void from_three_threads(void** state) {
  enum { THREADS = 3, COUNT = 3000 };
  static sender_t senders[THREADS];
  uvpool_t* pool = pool_open(*state, 4, UVPOOL_UNLIMITED);
  uvpool_serial_t serial;
  told_t told = {0};
  serial_open(pool, &serial, &told);
  assert_status(uvpool_ref(pool), 0);
  for (int t = 0; t < THREADS; t++) {
    senders[t] = (sender_t) {.serial = &serial, .count = COUNT};
    senders[t].jobs = jobs_new(COUNT, NULL);
    atomic_store(&last_of[t], -1);
    for (int i = 0; i < COUNT; i++) {
      senders[t].jobs[i].id = t * 1000000 + i;
      senders[t].jobs[i].in_work = check_per_thread;
    }
    helper_start(&senders[t].helper, send_all, &senders[t]);
  }
  for (int t = 0; t < THREADS; t++) {
    helper_join(*state, &senders[t].helper);
    crowd_t crowd = {senders[t].jobs, COUNT};
    loop_run_until(*state, all_done, &crowd, "a thread's tasks");
  }
  assert_status(uvpool_unref(pool), 0);
  loop_run(*state);
  for (int t = 0; t < THREADS; t++) {
    assert_int_equal(senders[t].refused, 0);
    for (int i = 0; i < COUNT; i++) {
      assert_int_equal(senders[t].jobs[i].result, 0);
      assert_int_equal(senders[t].jobs[i].done, 1);
    }
    jobs_free(senders[t].jobs);
  }
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(one_at_a_time_in_order),
      loop_test(whatever_class_and_priority),
      loop_test(a_thousand_queues),
      loop_test(a_blocked_queue_has_one_worker),
      loop_test(from_work),
      loop_test(from_done),
      loop_test(from_three_threads),
  };
  return kit_run(argc, argv, tests);
}
