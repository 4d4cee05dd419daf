/* The life of a pool, over and over: create, use all of its workers once,
 * release until the last thread is gone, close until the callback. Medians. */
#include <math.h>

#include "pool.h"

enum { LIVES_MAX = 200 };

static double since(uint64_t began) {
  return (double) (uv_hrtime() - began);
}

void bench_load_life(const struct bench_order* order,
                     struct bench_sample* sample) {
  static double create[LIVES_MAX];
  static double release[LIVES_MAX];
  static double close[LIVES_MAX];
  struct bench_setup setup = bench_my_setup(order->threads);
  uint64_t until = uv_hrtime() + order->round_ms * UINT64_C(1000000);
  size_t lives = 0;
  bench_pool = bench_me->pool;
  while (lives == 0 || (lives < LIVES_MAX && uv_hrtime() < until)) {
    uint64_t began = uv_hrtime();
    bench_must(bench_pool->open(&setup), "open");
    create[lives] = since(began);
    bench_gather(order->threads);
    bench_dismiss(0);
    release[lives] = NAN;
    if (bench_pool->release != NULL) {
      began = uv_hrtime();
      bench_pool->release();
      release[lives] = since(began);
    }
    began = uv_hrtime();
    bench_pool->close();
    close[lives++] = since(began);
  }
  sample->value[BENCH_CREATE] = bench_quantile(create, lives, 0.5);
  if (bench_pool->release != NULL) {
    sample->value[BENCH_RELEASE] = bench_quantile(release, lives, 0.5);
  }
  sample->value[BENCH_CLOSE] = bench_quantile(close, lives, 0.5);
  sample->tasks = lives;
  bench_pool = NULL; /* it is closed */
}
