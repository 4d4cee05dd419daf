/* Which engine: by name, and from a lane to its functions. */
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

int lane_submit(lane_t* lane, job_t* job, job_work_cb work, job_done_cb done) {
  job->lane = lane;
  job->work = work;
  job->done = done;
  atomic_init(&job->wish, 0);
  return lane->engine->submit(job);
}

int job_cancel(job_t* job) {
  return job->lane->engine->cancel(job);
}

int job_is_cancelled(const job_t* job) {
  return job->lane->engine->is_cancelled(job);
}

void* job_thread_data(const job_t* job) {
  return job->lane->engine->thread_data(job);
}

void lane_stats(lane_t* lane, lane_stats_t* stats) {
  lane->engine->stats(lane, stats);
}

void lane_close(lane_t* lane, uint64_t timeout_ms) {
  if (lane != NULL) {
    lane->engine->close(lane, timeout_ms);
  }
}

void lane_free(lane_t* lane) {
  if (lane != NULL) {
    lane->engine->free(lane);
  }
}
