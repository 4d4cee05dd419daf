/* Bare threads: as many as tasks could run at once, each taking the next number
 * from a counter. What the machine does in a time if nothing has to be handed
 * over, hence what any pool can do at most. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "pool.h"

static pthread_barrier_t start;
static atomic_uint_least64_t left;
static enum bench_task kind;

static void* run(void* data) {
  (void) data;
  pthread_barrier_wait(&start);
  for (;;) {
    uint64_t now = atomic_load_explicit(&left, memory_order_relaxed);
    do {
      if (now == 0) {
        return NULL;
      }
    } while (!atomic_compare_exchange_weak_explicit(
        &left, &now, now - 1, memory_order_relaxed, memory_order_relaxed));
    bench_run_task(kind);
  }
}

void bench_bare_flood(const struct bench_order* order,
                      struct bench_sample* sample) {
  unsigned count = order->threads;
  if (order->in_flight < count) {
    count = (unsigned) order->in_flight;
  }
  pthread_t* threads = bench_allocate(count, sizeof(*threads));
  kind = order->task;
  atomic_store(&left, order->tasks);
  pthread_barrier_init(&start, NULL, count + 1);
  for (unsigned i = 0; i < count; i++) {
    bench_must(-pthread_create(&threads[i], NULL, run, NULL), "thread");
  }
  pthread_barrier_wait(&start);
  struct bench_usage began = bench_usage_now();
  for (unsigned i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
  }
  struct bench_usage ended = bench_usage_now();
  pthread_barrier_destroy(&start);
  bench_note_usage(sample, &began, &ended, order->tasks);
  free(threads);
}
