/* No pool: a thread for each task, with a stack of 64 KiB, started by the
 * submit and gone with the task. There are as many at once as tasks are in
 * flight. Results come back by the mailbox. */
#include <pthread.h>
#include <sched.h>

#include "pool.h"

enum { STACK = 64 * 1024 };

/* Written on the loop's thread while nothing else runs. */
static pthread_attr_t attributes;

static void* work(void* data) {
  bench_load.work(data);
  bench_mailbox_post(data);
  return NULL;
}

static int open_pool(const struct bench_setup* setup) {
  (void) setup;
  if (pthread_attr_init(&attributes) != 0 ||
      pthread_attr_setstacksize(&attributes, STACK) != 0 ||
      pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) != 0) {
    return UV_ENOMEM;
  }
  return bench_mailbox_open();
}

static void submit(union bench_job* job) {
  pthread_t thread;
  /* Threads that are on their way out may fill the process for a moment. */
  while (pthread_create(&thread, &attributes, work, job) != 0) {
    sched_yield();
  }
}

static void close_pool(void) {
  pthread_attr_destroy(&attributes);
  bench_mailbox_close();
}

const struct bench_pool bench_pool_pthread = {
    .open = open_pool,
    .submit = submit,
    .close = close_pool,
};
