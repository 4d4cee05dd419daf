/* The child's side: one contender, one loop, one order after another. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "pool.h"

/* An order that takes longer has lost a task, or its wake-up. */
enum { WATCHDOG_S = 120, FIRST_TASKS = 64, LAP_ROUNDS = 4 };

struct bench_load bench_load;
uv_loop_t bench_loop;
const struct bench_contender* bench_me;
const struct bench_pool* bench_pool;

void bench_must(int err, const char* what) {
  if (err != 0) {
    fprintf(stderr,
            "uvpool-bench: %s: %s: %s\n",
            bench_me->name,
            what,
            uvpool_strerror(err));
    _exit(1);
  }
}

void* bench_allocate(uint64_t count, size_t size) {
  void* memory = calloc(count, size);
  bench_must(memory == NULL ? UV_ENOMEM : 0, "memory");
  return memory;
}

void bench_run_loop(const uint64_t* left) {
  uv_run(&bench_loop, UV_RUN_DEFAULT);
  bench_must(*left == 0 ? 0 : UV_ECANCELED, "a task was lost");
}

/* How long it takes at least until all that is in flight has been round. */
static double lap_ns(const struct bench_order* order) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  double at_once = order->threads;
  double task_ns = bench_task_kinds[order->task].spin_us * 1e3;
  if (order->task == BENCH_SLEEP_1MS) {
    task_ns = 1e6;
  } else if (processors > 0 && at_once > (double) processors) {
    at_once = (double) processors;
  }
  return (double) order->in_flight * task_ns / at_once;
}

/* Finds out how many tasks take a round's time. The first runs also start the
 * threads and warm the caches.
 *
 * A round has at least as many as are in flight: what is seen of fewer of them
 * is mostly how long the others were in their way. Only where that many take
 * far too long it has fewer, but there the loop has time to deliver each. */
static uint64_t calibrate(struct bench_order order,
                          const struct bench_workload* workload) {
  double round_ns = order.round_ms * 1e6;
  bool may_lap = lap_ns(&order) <= round_ns * LAP_ROUNDS;
  uint64_t least = may_lap ? order.in_flight : 1;
  struct bench_sample sample;
  order.tasks = least > FIRST_TASKS ? least : FIRST_TASKS;
  for (;; order.tasks *= 4) {
    bench_clear_sample(&sample);
    workload->run(&order, &sample);
    if (sample.err != 0) {
      return order.tasks;
    }
    double took = sample.value[BENCH_TIME] * (double) sample.tasks;
    if (took >= round_ns / 6) {
      double tasks = (double) sample.tasks * round_ns / took;
      return tasks > (double) least ? (uint64_t) tasks : least;
    }
  }
}

static void answer(struct bench_order order, struct bench_sample* sample) {
  const struct bench_workload* workload = &bench_workloads[order.workload];
  bench_clear_sample(sample);
  if (bench_me->pool != NULL && bench_pool == NULL && !workload->fresh) {
    struct bench_setup setup = bench_my_setup(order.threads);
    bench_pool = bench_me->pool;
    bench_must(bench_pool->open(&setup), "open");
  }
  if (workload->sized && order.tasks == 0) {
    order.tasks = calibrate(order, workload);
    sample->tasks = order.tasks;
    return;
  }
  workload->run(&order, sample);
}

void bench_serve(int fd, enum bench_who who) {
  struct bench_order order;
  struct bench_sample sample;
  bench_me = &bench_contenders[who];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  bench_must(uv_loop_init(&bench_loop), "loop");
  while (recv(fd, &order, sizeof(order), MSG_WAITALL) ==
         (ssize_t) sizeof(order)) {
    alarm(WATCHDOG_S);
    answer(order, &sample);
    alarm(0);
    if (send(fd, &sample, sizeof(sample), MSG_NOSIGNAL) !=
        (ssize_t) sizeof(sample)) {
      break;
    }
  }
  if (bench_pool != NULL) {
    bench_pool->close();
  }
  bench_must(uv_loop_close(&bench_loop), "closing the loop");
  _exit(0);
}
