/* uvpool, with its default options but for the capacity, the bound, and how
 * long workers stay: for ever, as libuv's do, unless the workload is about
 * that. */
#include "pool.h"

/* Written on the loop's thread while nothing else runs. */
static uvpool_t* pool;

static int work(uvpool_task_t* task) {
  bench_load.work((union bench_job*) task);
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  (void) status;
  bench_load.done((union bench_job*) task);
}

static int open_pool(const struct bench_setup* setup) {
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = setup->threads;
  options.max_waiting = UVPOOL_UNLIMITED;
  options.spin_us = setup->spin_us;
  options.stack_size = setup->stack_size;
  options.min_workers = setup->min_workers;
  if (setup->expiry_ms == 0) {
    options.flags |= UVPOOL_NO_PURGE;
  } else {
    options.expiry_ms = setup->expiry_ms;
  }
  return uvpool_create(&bench_loop, &options, &pool);
}

static void submit(union bench_job* job) {
  bench_must(uvpool_submit(pool, &job->uvpool, work, done), "submit");
}

static void on_released(uvpool_t* handle, int status) {
  (void) handle;
  bench_must(status, "release");
}

static void release(void) {
  uvpool_release_timeout(pool, UINT64_MAX, on_released);
  uv_run(&bench_loop, UV_RUN_DEFAULT);
}

static void close_pool(void) {
  uvpool_close(pool, NULL);
  uv_run(&bench_loop, UV_RUN_DEFAULT);
  pool = NULL;
}

static int tune(unsigned threads) {
  return uvpool_tune(pool, threads);
}

uvpool_t* bench_uvpool_handle(void) {
  return pool;
}

const struct bench_pool bench_pool_uvpool = {
    .open = open_pool,
    .submit = submit,
    .close = close_pool,
    .tune = tune,
    .release = release,
};
