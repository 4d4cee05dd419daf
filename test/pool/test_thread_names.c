/* options.name: the prefix of the worker threads' names. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_getname_np */
#endif
#include "kit.h"

#include <pthread.h>
#include <string.h>

enum { WORKERS = 3, SIZE = 64 };

static void read_name(job_t* job) {
#if defined(__linux__)
  (void) pthread_getname_np(pthread_self(), job->arg, SIZE);
#else
  (void) job;
#endif
}

/* Runs a work on each of WORKERS workers and reads their names. */
static void read_names(uv_loop_t* loop, uvpool_t* pool, char names[][SIZE]) {
  gate_t gate;
  gate_init(&gate);
  job_t* jobs = jobs_new(WORKERS, &gate);
  for (int i = 0; i < WORKERS; i++) {
    names[i][0] = '\0';
    jobs[i].in_work = read_name;
    jobs[i].arg = names[i];
  }
  pool_occupy(pool, jobs, WORKERS);
  gate_open(&gate);
  loop_run(loop);
  jobs_assert_ran(jobs, WORKERS);
  jobs_free(jobs);
  gate_destroy(&gate);
}

static void check_names(uv_loop_t* loop, const char* name, const char* prefix) {
  char names[WORKERS][SIZE];
  char copy[SIZE * 4] = "";
  uvpool_options_t options = pool_options(WORKERS, 0);
  if (name != NULL) {
    strncat(copy, name, sizeof(copy) - 1);
    options.name = copy;
  }
  uvpool_t* pool = pool_open_with(loop, &options);
  memset(copy, '?', sizeof(copy)); /* the name was copied */
  read_names(loop, pool, names);
  for (int i = 0; i < WORKERS; i++) {
    if (strncmp(names[i], prefix, strlen(prefix)) != 0) {
      fail_msg("a worker is called '%s', not '%s...'", names[i], prefix);
    }
  }
  pool_close(loop, pool);
}

/* Skips where thread names cannot be read back. */
static void need_names(void) {
#if !defined(__linux__)
  skip();
#endif
}

/* The default prefix. */
static void default_name(void** state) {
  need_names();
  check_names(*state, NULL, "uvpool");
}

/* One of the caller's own, copied. */
static void own_name(void** state) {
  need_names();
  check_names(*state, "db", "db");
}

/* What the system cannot show is cut off, and does no harm. */
static void long_name(void** state) {
  need_names();
  check_names(*state,
              "a-name-that-is-much-longer-than-any-system-is-able-to-show-for-"
              "one-of-its-threads",
              "a-name-");
}

/* A prefix is text: percent signs mean nothing in it. */
static void name_with_percent_signs(void** state) {
  need_names();
  check_names(*state, "%s%n%d", "%s%n%d");
}

/* A number is appended: the workers of a pool are told apart. */
static void numbers_tell_workers_apart(void** state) {
  need_names();
  char names[WORKERS][SIZE];
  uvpool_options_t options = pool_options(WORKERS, 0);
  options.name = "io";
  uvpool_t* pool = pool_open_with(*state, &options);
  read_names(*state, pool, names);
  for (int i = 0; i < WORKERS; i++) {
    assert_non_null(strpbrk(names[i], "0123456789"));
    for (int k = 0; k < i; k++) {
      assert_string_not_equal(names[i], names[k]);
    }
  }
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(default_name),
      loop_test(own_name),
      loop_test(long_name),
      loop_test(name_with_percent_signs),
      loop_test(numbers_tell_workers_apart),
  };
  return kit_run(argc, argv, tests);
}
