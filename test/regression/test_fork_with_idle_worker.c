/* With the condition variable as parker, a forked child that closed its
 * parent's pool waited for ever if a worker slept at the fork: to destroy a
 * condition variable waits for its sleepers, and the child has none of them. */
#include "child.h"
#include "kit.h"

typedef struct inherited_s {
  uv_loop_t* loop;
  uvpool_t* pool;
} inherited_t;

static void close_in_child(void* arg) {
  inherited_t* in = arg;
  CHILD_CHECK(uv_loop_fork(in->loop) == 0);
  CHILD_CHECK(uvpool_close(in->pool, NULL) == 0);
  uv_run(in->loop, UV_RUN_DEFAULT);
}

static void child_closes_it(void** state) {
  uvpool_options_t options = pool_options(2, 0);
  options.flags = UVPOOL_NO_PURGE;
  inherited_t in = {.loop = *state};
  in.pool = pool_open_with(*state, &options);
  pool_warm(*state, in.pool, 2);
  child_run(close_in_child, &in);
  pool_close(*state, in.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(child_closes_it),
  };
  return kit_run(argc, argv, tests);
}
