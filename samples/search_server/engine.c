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

static group_part_t* part_of(job_group_t* group, const pool_t* pool) {
  for (unsigned i = 0; i < group->count; i++) {
    if (group->parts[i].pool == pool) {
      return &group->parts[i];
    }
  }
  return NULL;
}

int lane_submit(const lane_t* lane,
                job_t* job,
                job_work_cb work,
                job_done_cb done,
                const job_options_t* options) {
  static const job_options_t none = {0};
  const job_options_t* o = options == NULL ? &none : options;
  job->lane = lane;
  job->work = work;
  job->done = done;
  job->label = o->label;
  job->deadline_ns = o->deadline_ns;
  job->part = o->group == NULL ? NULL : part_of(o->group, lane->pool);
  job->submitted_at = uv_hrtime();
  job->begun_at = 0;
  job->ended_at = 0;
  return engine_of(job)->submit(job);
}

int job_run(job_t* job) {
  job->begun_at = uv_hrtime();
  int status = job->work(job);
  job->ended_at = uv_hrtime();
  return status;
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

/* ---- Groups -------------------------------------------------------------- */

int job_group_open(job_group_t* group, pool_t* const* pools, unsigned count) {
  group->count = 0;
  for (unsigned i = 0; i < count; i++) {
    group_part_t* part = &group->parts[i];
    *part = (group_part_t) {.group = group, .pool = pools[i]};
    int rc = pools[i]->engine->group_open(part);
    if (rc != 0) {
      return rc;
    }
    group->count++;
  }
  return 0;
}

void job_group_close(job_group_t* group, job_group_cb closed) {
  unsigned count = group->count;
  group->closed = closed;
  group->open = count + 1; /* one for this function */
  for (unsigned i = 0; i < count; i++) {
    group_part_t* part = &group->parts[i];
    part->pool->engine->group_close(part);
  }
  if (--group->open == 0) {
    closed(group);
  }
}

void group_part_closed(group_part_t* part) {
  job_group_t* group = part->group;
  if (--group->open == 0) {
    group->closed(group);
  }
}
