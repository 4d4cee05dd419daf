/* Workers that are all inside a task at once, for as long as one wants. */
#include <stdatomic.h>
#include <stdlib.h>

#include "pool.h"

static union bench_job* blockers; /* loop thread only */
static unsigned size;             /* likewise */
static uint64_t left;             /* likewise: to come back */
static atomic_uint arrived;
static uv_sem_t gate;

static void work(union bench_job* job) {
  if (job->data != NULL) {
    atomic_fetch_add(&arrived, 1);
    uv_sem_wait(&gate);
  }
}

static void done(union bench_job* job) {
  (void) job;
  if (--left == 0) {
    uv_stop(&bench_loop);
  }
}

void bench_gather(unsigned count) {
  bench_load = (struct bench_load) {work, done};
  blockers = bench_allocate(count + 1, sizeof(*blockers));
  size = count;
  atomic_store(&arrived, 0);
  bench_must(uv_sem_init(&gate, 0), "semaphore");
  for (unsigned i = 0; i < count; i++) {
    blockers[i].data = &gate;
    bench_pool->submit(&blockers[i]);
  }
  while (atomic_load(&arrived) < count) {
    uv_sleep(0);
  }
}

void bench_dismiss(uint64_t more) {
  left = size + more;
  for (unsigned i = 0; i < size; i++) {
    uv_sem_post(&gate);
  }
  if (left > 0) {
    bench_run_loop(&left);
  }
  uv_sem_destroy(&gate);
  free(blockers);
}
