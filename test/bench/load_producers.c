/* Many producers: threads other than the loop's submit no-ops, each in batches,
 * two of which are on their way at a time, so that the pool never runs dry.
 * uv_queue_work cannot be called there. */
#include <pthread.h>
#include <stdlib.h>

#include "pool.h"

enum { BATCH = 512, AHEAD = 2, PRODUCERS_MAX = 64 };

struct producer {
  pthread_t thread;
  union bench_job* jobs; /* AHEAD batches */
  uint64_t batches;      /* to submit */
  uint64_t back[AHEAD];  /* loop thread only: how many have come back */
  uv_sem_t free[AHEAD];  /* has that batch come back? */
};

static struct producer producers[PRODUCERS_MAX];
static uint64_t left; /* loop thread only */

static void work(union bench_job* job) {
  (void) job;
}

static void done(union bench_job* job) {
  struct producer* producer = job->data;
  uint64_t slot = (uint64_t) (job - producer->jobs) / BATCH;
  if (++producer->back[slot] == BATCH) {
    producer->back[slot] = 0;
    uv_sem_post(&producer->free[slot]);
  }
  if (--left == 0) {
    uv_stop(&bench_loop);
  }
}

static void* produce(void* data) {
  struct producer* producer = data;
  for (uint64_t batch = 0; batch < producer->batches; batch++) {
    uv_sem_wait(&producer->free[batch % AHEAD]);
    union bench_job* jobs = producer->jobs + batch % AHEAD * BATCH;
    for (int i = 0; i < BATCH; i++) {
      jobs[i].data = producer;
      bench_pool->submit(&jobs[i]);
    }
  }
  return NULL;
}

static void open_producer(struct producer* producer, uint64_t batches) {
  producer->jobs =
      bench_allocate((uint64_t) AHEAD * BATCH, sizeof(*producer->jobs));
  producer->batches = batches;
  for (int i = 0; i < AHEAD; i++) {
    bench_must(uv_sem_init(&producer->free[i], 1), "semaphore");
  }
}

static void close_producer(struct producer* producer) {
  pthread_join(producer->thread, NULL);
  for (int i = 0; i < AHEAD; i++) {
    uv_sem_destroy(&producer->free[i]);
  }
  free(producer->jobs);
}

static void nothing(uv_async_t* handle) {
  (void) handle;
}

void bench_load_producers(const struct bench_order* order,
                          struct bench_sample* sample) {
  uv_async_t keep; /* the loop alive: others submit */
  uint64_t batches = order->tasks / BATCH / order->producers + 1;
  uint64_t tasks = batches * BATCH * order->producers;
  bench_load = (struct bench_load) {work, done};
  left = tasks;
  uv_async_init(&bench_loop, &keep, nothing);
  for (unsigned i = 0; i < order->producers; i++) {
    open_producer(&producers[i], batches);
  }
  struct bench_usage began = bench_usage_now();
  for (unsigned i = 0; i < order->producers; i++) {
    bench_must(
        -pthread_create(&producers[i].thread, NULL, produce, &producers[i]),
        "thread");
  }
  bench_run_loop(&left);
  struct bench_usage ended = bench_usage_now();
  for (unsigned i = 0; i < order->producers; i++) {
    close_producer(&producers[i]);
  }
  uv_close((uv_handle_t*) &keep, NULL);
  uv_run(&bench_loop, UV_RUN_NOWAIT);
  bench_note_usage(sample, &began, &ended, tasks);
}
