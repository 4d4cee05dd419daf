/* Who takes part. */
#include "pool.h"

/* Longer than the gaps in which it is asked to help, but for the longest. */
enum { SPIN_US = 200, SMALL_STACK = 16 * 1024 };

#ifdef BENCH_HAVE_GLIB
#define GLIB_POOL (&bench_pool_glib)
#else
#define GLIB_POOL NULL
#endif

const struct bench_contender bench_contenders[BENCH_CONTENDERS] = {
    [BENCH_UVPOOL] =
        {"uvpool", "uvpool", "this library", &bench_pool_uvpool, 0, 0},
    [BENCH_UVPOOL_AGAIN] = {"uvpool_again",
                            "uvpool again",
                            "the same once more: what equals differ by",
                            &bench_pool_uvpool,
                            0,
                            0},
    [BENCH_UVPOOL_SPIN] = {"uvpool_spin",
                           "uvpool, spin_us 200",
                           "with a worker that polls for 200 us",
                           &bench_pool_uvpool,
                           SPIN_US,
                           0},
    [BENCH_UVPOOL_SMALL] = {"uvpool_small",
                            "uvpool, 16 KiB stack",
                            "with the smallest stacks",
                            &bench_pool_uvpool,
                            0,
                            SMALL_STACK},
    [BENCH_UV] = {"uv_queue_work",
                  "uv_queue_work",
                  "libuv's pool",
                  &bench_pool_uv,
                  0,
                  0},
    [BENCH_GLIB] = {"gthreadpool",
                    "GThreadPool",
                    "GLib's pool, exclusive, and an uv_async_t",
                    GLIB_POOL,
                    0,
                    0},
    [BENCH_PTHREAD] = {"pthread",
                       "pthread per task",
                       "a thread for each task, and an uv_async_t",
                       &bench_pool_pthread,
                       0,
                       0},
    [BENCH_FLOOR] = {"floor",
                     "futex + eventfd",
                     "one thread, woken by a futex, answers by an eventfd",
                     NULL,
                     0,
                     0},
    [BENCH_BARE] = {"bare",
                    "bare threads",
                    "threads that run tasks and nothing else",
                    NULL,
                    0,
                    0},
};

bool bench_is_built(enum bench_who who) {
  return who != BENCH_GLIB || bench_contenders[who].pool != NULL;
}

struct bench_setup bench_my_setup(unsigned threads) {
  struct bench_setup setup = {
      .threads = threads,
      .spin_us = bench_me->spin_us,
      .stack_size = bench_me->stack_size,
  };
  return setup;
}
