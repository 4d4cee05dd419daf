/* The floor: what two threads pay to hand a request over and get the answer on
 * an event loop, with no pool in between. The loop's side writes a word and
 * wakes a futex; the other side runs the task and writes to an eventfd, on
 * which the loop's side waits with epoll. */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pool.h"

enum { EMPTY, FULL, QUIT };

/* Handed to and fro: the loop's side sets it, the other side takes it. */
static atomic_int box;
static int answers; /* the eventfd */
static enum bench_task kind;

static void* serve(void* data) {
  const uint64_t one = 1;
  (void) data;
  for (;;) {
    int now = atomic_load_explicit(&box, memory_order_acquire);
    if (now == EMPTY) {
      syscall(SYS_futex, &box, FUTEX_WAIT_PRIVATE, EMPTY, NULL, NULL, 0);
      continue;
    }
    if (now == QUIT) {
      return NULL;
    }
    atomic_store_explicit(&box, EMPTY, memory_order_relaxed);
    bench_run_task(kind);
    if (write(answers, &one, sizeof(one)) != (ssize_t) sizeof(one)) {
      return NULL;
    }
  }
}

static void put(int what) {
  atomic_store_explicit(&box, what, memory_order_release);
  syscall(SYS_futex, &box, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static double ping(int epoll) {
  struct epoll_event event;
  uint64_t count;
  uint64_t began = uv_hrtime();
  put(FULL);
  while (epoll_wait(epoll, &event, 1, -1) != 1) {
  }
  bench_must(read(answers, &count, sizeof(count)) > 0 ? 0 : UV_EIO, "read");
  return (double) (uv_hrtime() - began);
}

static void wait_for_gap(unsigned gap_us) {
  uint64_t until = uv_hrtime() + gap_us * UINT64_C(1000);
  while (gap_us != 0 && uv_hrtime() < until) {
  }
}

void bench_floor_ping(const struct bench_order* order,
                      struct bench_sample* sample) {
  pthread_t thread;
  double* trips = bench_allocate(order->tasks, sizeof(*trips));
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  answers = eventfd(0, EFD_CLOEXEC);
  kind = order->task;
  atomic_store(&box, EMPTY);
  bench_must(epoll_ctl(epoll, EPOLL_CTL_ADD, answers, &event), "epoll");
  bench_must(-pthread_create(&thread, NULL, serve, NULL), "thread");
  struct bench_usage began = bench_usage_now();
  for (uint64_t i = 0; i < order->tasks; i++) {
    wait_for_gap(order->gap_us);
    trips[i] = ping(epoll);
  }
  struct bench_usage ended = bench_usage_now();
  put(QUIT);
  pthread_join(thread, NULL);
  close(answers);
  close(epoll);
  bench_note_usage(sample, &began, &ended, order->tasks);
  bench_note_quantiles(sample, trips, order->tasks);
  free(trips);
}
