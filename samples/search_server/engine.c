/* Which engine: by name, and from a lane or a pool to its functions. */
#include "engine.h"

#include <string.h>

const engine_t* engine_find(const char* name) {
  static const engine_t* const engines[] = {&engine_uvpool, &engine_libuv};
  for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
    if (strcmp(engines[i]->name, name) == 0) {
      return engines[i];
    }
  }
  return NULL;
}

static const engine_t* engine_of(const job_t* job) {
  return job->lane->pool->engine;
}

int lane_submit(const lane_t* lane,
                job_t* job,
                job_work_cb work,
                job_done_cb done) {
  job->lane = lane;
  job->work = work;
  job->done = done;
  atomic_init(&job->wish, 0);
  return engine_of(job)->submit(job);
}

int job_cancel(job_t* job) {
  return engine_of(job)->cancel(job);
}

int job_is_cancelled(const job_t* job) {
  return engine_of(job)->is_cancelled(job);
}

void* job_thread_data(const job_t* job) {
  return engine_of(job)->thread_data(job);
}

int pool_attach(pool_t* first, uv_loop_t* loop, pool_t** pool) {
  return first->engine->attach(first, loop, pool);
}

void pool_stats(pool_t* pool, pool_stats_t* stats) {
  pool->engine->stats(pool, stats);
}

void pool_close(pool_t* pool) {
  pool->engine->close(pool);
}

void pool_free(pool_t* pool) {
  pool->engine->free(pool);
}
