/* How the results of a pool that knows no loop get there: pushed onto a list
 * that the loop takes as a whole. One uv_async_send per push onto an empty
 * list: what a program would write that wants its threads' results on a loop.
 *
 * The push is a full barrier before uv_async_send reads its own flag, without
 * which that call may lose a wake-up. */
#include <stdatomic.h>

#include "pool.h"

/* Any thread. */
static _Atomic(union bench_job*) head;
/* Loop thread only, but for uv_async_send. */
static uv_async_t bell;

static void deliver(uv_async_t* handle) {
  (void) handle;
  union bench_job* newest = atomic_exchange(&head, NULL);
  union bench_job* oldest = NULL;
  while (newest != NULL) {
    union bench_job* next = newest->node.next;
    newest->node.next = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != NULL) {
    union bench_job* job = oldest;
    oldest = job->node.next;
    bench_load.done(job);
  }
}

int bench_mailbox_open(void) {
  return uv_async_init(&bench_loop, &bell, deliver);
}

void bench_mailbox_post(union bench_job* job) {
  union bench_job* next = atomic_load(&head);
  do {
    job->node.next = next;
  } while (!atomic_compare_exchange_weak(&head, &next, job));
  if (next == NULL) {
    uv_async_send(&bell);
  }
}

void bench_mailbox_close(void) {
  uv_close((uv_handle_t*) &bell, NULL);
  uv_run(&bench_loop, UV_RUN_DEFAULT);
}
