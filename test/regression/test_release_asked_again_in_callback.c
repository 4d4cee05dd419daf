/* A release_timeout whose timer found the pool released was answered with 0,
 * and then one that its callback had asked for with UV_ETIMEDOUT, at once. */
#include "kit.h"

static pool_end_t first;
static pool_end_t second;

static void on_second(uvpool_t* pool, int status) {
  (void) pool;
  second.count++;
  second.status = status;
}

static void on_first(uvpool_t* pool, int status) {
  first.count++;
  first.status = status;
  assert_status(uvpool_release_timeout(pool, 60000, on_second), 0);
}

static void the_second_is_answered_for_itself(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  first = (pool_end_t) {0};
  second = (pool_end_t) {0};
  /* A timer of 0 ms comes before the doorbell is heard. */
  assert_status(uvpool_release_timeout(pool, 0, on_first), 0);
  loop_run(*state);
  assert_int_equal(first.count, 1);
  assert_status(first.status, 0);
  assert_int_equal(second.count, 1);
  assert_status(second.status, 0);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_second_is_answered_for_itself),
  };
  return kit_run(argc, argv, tests);
}
