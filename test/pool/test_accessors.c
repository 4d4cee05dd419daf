/* The small accessors of a handle. */
#include "kit.h"

/* The data is options.data first, then what was set. */
static void data(void** state) {
  int first = 1;
  int second = 2;
  uvpool_options_t options = pool_options(1, 0);
  options.data = &first;
  uvpool_t* pool = pool_open_with(*state, &options);
  assert_ptr_equal(uvpool_get_data(pool), &first);
  uvpool_set_data(pool, &second);
  assert_ptr_equal(uvpool_get_data(pool), &second);
  uvpool_set_data(pool, NULL);
  assert_null(uvpool_get_data(pool));
  pool_close(*state, pool);
}

/* The loop is the one of create. */
static void loop(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_ptr_equal(uvpool_get_loop(pool), *state);
  pool_close(*state, pool);
}

/* NULL has no data and no loop, and setting it does nothing. */
static void null_is_ignored(void** state) {
  int value = 0;
  (void) state;
  assert_null(uvpool_get_loop(NULL));
  assert_null(uvpool_get_data(NULL));
  uvpool_set_data(NULL, &value);
  assert_null(uvpool_get_data(NULL));
}

static void note_closed(uvpool_t* pool) {
  *(int*) uvpool_get_data(pool) = uvpool_is_closed(pool) ? 1 : 2;
}

/* Closed: not when open, when released, not when rebooted, when closing, and
 * still inside close_cb. */
static void is_closed(void** state) {
  int in_close_cb = 0;
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_int_equal(uvpool_is_closed(pool), 0);
  assert_status(uvpool_release(pool), 0);
  assert_int_equal(uvpool_is_closed(pool), 1);
  assert_status(uvpool_reboot(pool), 0);
  assert_int_equal(uvpool_is_closed(pool), 0);
  uvpool_set_data(pool, &in_close_cb);
  assert_status(uvpool_close(pool, note_closed), 0);
  assert_int_equal(uvpool_is_closed(pool), 1);
  loop_run(*state);
  assert_int_equal(in_close_cb, 1);
}

/* The library leaves the data of the loop to the program. */
static void the_loops_data_is_left_alone(void** state) {
  int value = 0;
  uv_loop_t* own = *state;
  own->data = &value;
  uvpool_t* pool = pool_open(own, 2, UVPOOL_UNLIMITED);
  job_t* jobs = jobs_new(10, NULL);
  jobs_submit(pool, jobs, 10);
  loop_run(own);
  pool_close(own, pool);
  assert_ptr_equal(own->data, &value);
  jobs_free(jobs);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(data),
      loop_test(loop),
      cmocka_unit_test(null_is_ignored),
      loop_test(is_closed),
      loop_test(the_loops_data_is_left_alone),
  };
  return kit_run(argc, argv, tests);
}
