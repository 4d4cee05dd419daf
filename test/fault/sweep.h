/* A sweep: a scenario, run again and again, in which the first call to the
 * system fails, then the second, and so on; once, and as if for ever. */
#ifndef UVPOOL_TEST_SWEEP_H
#define UVPOOL_TEST_SWEEP_H

#include "kit.h"
#include "wrap.h"

/* One run of a sweep. */
typedef struct run_s {
  uv_loop_t* loop;
  uvpool_options_t options;
  long nth; /* the call that fails */
  int for_ever;
  long failures; /* calls that have failed */
} run_t;

static inline void on_log(uvpool_t* pool, const char* message) {
  (void) pool;
  (void) message;
}

static inline int is_one_of(int rc, const int* codes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (rc == codes[i]) {
      return 1;
    }
  }
  return 0;
}

/* The result `rc` of a call is 0, or one of the codes given. */
#define assert_0_or(rc, ...)                                                   \
  do {                                                                         \
    const int codes_[] = {0, __VA_ARGS__};                                     \
    if (!is_one_of((rc), codes_, KIT_COUNT(codes_))) {                         \
      fail_msg("unexpected %s", uvpool_err_name(rc));                          \
    }                                                                          \
  } while (0)

static inline void assert_same_census(wrap_census_t before) {
  wrap_census_t now = wrap_census();
  assert_int_equal(now.threads, before.threads);
  assert_int_equal(now.attrs, before.attrs);
  assert_int_equal(now.conds, before.conds);
  assert_int_equal(now.mutexes, before.mutexes);
  assert_int_equal(now.blocks, before.blocks);
}

/* Runs `scenario` on a loop of its own, whose teardown compares handles,
 * threads and descriptors. */
static inline void run_once(void (*scenario)(run_t* run), run_t* run) {
  void* loop = NULL;
  wrap_census_t before = wrap_census();
  assert_int_equal(loop_setup(&loop), 0);
  run->loop = loop;
  run->failures = 0;
  scenario(run);
  assert_int_equal(loop_teardown(&loop), 0);
  assert_same_census(before);
}

/* Lets the first call fail, then the second, ... until a run has no such call
 * any more; then once more from each on. */
static inline void sweep(const char* name,
                         void (*scenario)(run_t* run),
                         const uvpool_options_t* options) {
  long sites[2] = {0, 0};
  for (int for_ever = 0; for_ever <= 1; for_ever++) {
    run_t run = {.options = *options, .for_ever = for_ever};
    run.options.on_log = on_log;
    do {
      run.nth++;
      run_once(scenario, &run);
      sites[for_ever] += run.failures > 0;
    } while (run.failures > 0);
  }
  print_message(
      "%s: %ld sites failed once, %ld for ever\n", name, sites[0], sites[1]);
  assert_true(sites[0] > 0);
  assert_true(sites[1] > 0);
}

#endif /* UVPOOL_TEST_SWEEP_H */
