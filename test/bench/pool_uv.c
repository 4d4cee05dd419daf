/* libuv's own pool. Its size is read from the environment at the first use,
 * once for the process. */
#include <stdio.h>
#include <stdlib.h>

#include "pool.h"

static void work(uv_work_t* request) {
  bench_load.work((union bench_job*) request);
}

static void after_work(uv_work_t* request, int status) {
  (void) status;
  bench_load.done((union bench_job*) request);
}

static int open_pool(const struct bench_setup* setup) {
  char threads[16];
  snprintf(threads, sizeof(threads), "%u", setup->threads);
  return setenv("UV_THREADPOOL_SIZE", threads, 1) == 0 ? 0 : UV_ENOMEM;
}

static void submit(union bench_job* job) {
  bench_must(uv_queue_work(&bench_loop, &job->uv, work, after_work), "submit");
}

static void close_pool(void) {
}

const struct bench_pool bench_pool_uv = {
    .open = open_pool,
    .submit = submit,
    .close = close_pool,
};
