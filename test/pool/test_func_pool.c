/* Fixed-function pools: what is invoked runs once with its argument, on a pool
 * or on a multi-pool, and whoever wants to is told on the loop. */
#include "fault_alloc.h"
#include "kit.h"

/* What one function has seen. The argument of most calls is its own slot. */
typedef struct seen_s {
  gate_t* gate;
  atomic_int runs;
  int done; /* loop thread */
  int status;
  uvpool_func_t* again; /* invoked once more in done */
} seen_t;

static atomic_int runs_without_argument;

static int look(void* arg) {
  seen_t* seen = arg;
  if (seen == NULL) {
    atomic_fetch_add(&runs_without_argument, 1);
    return 0;
  }
  atomic_fetch_add(&seen->runs, 1);
  if (seen->gate != NULL) {
    gate_pass(seen->gate);
  }
  return 42;
}

static void on_done(uvpool_func_t* func, void* arg, int status) {
  seen_t* seen = arg;
  seen->done++;
  seen->status = status;
  if (seen->again != NULL) {
    assert_ptr_equal(func, seen->again);
    seen->again = NULL;
    assert_status(uvpool_func_invoke_done(func, arg, on_done), 0);
  }
}

static uvpool_func_t* func_open(uv_loop_t* loop,
                                int64_t count, /* of pools; 0: one */
                                const uvpool_options_t* options) {
  uvpool_func_t* func = NULL;
  if (count == 0) {
    assert_status(uvpool_func_create(loop, look, options, &func), 0);
    assert_non_null(uvpool_func_pool(func));
    assert_null(uvpool_func_multi(func));
  } else {
    assert_status(uvpool_func_create_multi(
                      loop, count, UVPOOL_LEAST_TASKS, look, options, &func),
                  0);
    assert_null(uvpool_func_pool(func));
    assert_non_null(uvpool_func_multi(func));
  }
  return func;
}

static int closed;

static void on_close(uvpool_func_t* func) {
  (void) func;
  closed++;
}

static void func_close(uv_loop_t* loop, uvpool_func_t* func) {
  closed = 0;
  assert_status(uvpool_func_close(func, on_close), 0);
  assert_status(uvpool_func_close(func, on_close), UV_EALREADY);
  assert_int_equal(closed, 0);
  loop_run(loop);
  assert_int_equal(closed, 1);
}

/* On one pool and on three; with and without somebody to tell. */
static void runs_once(void** state) {
  for (int64_t count = 0; count <= 3; count += 3) {
    uvpool_options_t options = pool_options(1, 8);
    uvpool_func_t* func = func_open(*state, count, &options);
    seen_t told = {0};
    seen_t untold = {0};
    assert_status(uvpool_func_invoke_done(func, &told, on_done), 0);
    assert_status(uvpool_func_invoke(func, &untold), 0);
    loop_run(*state);
    assert_int_equal(atomic_load(&told.runs), 1);
    assert_int_equal(told.done, 1);
    assert_int_equal(told.status, 42);
    assert_int_equal(atomic_load(&untold.runs), 1);
    assert_int_equal(untold.done, 0);
    func_close(*state, func);
  }
}

/* NULL is an argument like any other. */
static void argument_may_be_null(void** state) {
  uvpool_func_t* func = func_open(*state, 0, NULL);
  atomic_store(&runs_without_argument, 0);
  assert_status(uvpool_func_invoke(func, NULL), 0);
  assert_status(uvpool_func_invoke_done(func, NULL, NULL), 0);
  loop_run(*state);
  assert_int_equal(atomic_load(&runs_without_argument), 2);
  assert_int_equal(pool_stats(uvpool_func_pool(func)).completed, 2);
  func_close(*state, func);
}

/* The room of a call is there again in its done. */
static void may_be_invoked_in_done(void** state) {
  for (int64_t count = 0; count <= 1; count++) {
    uvpool_options_t options = pool_options(1, 0);
    uvpool_func_t* func = func_open(*state, count, &options);
    seen_t seen = {.again = func};
    assert_status(uvpool_func_invoke_done(func, &seen, on_done), 0);
    loop_run(*state);
    assert_int_equal(atomic_load(&seen.runs), 2);
    assert_int_equal(seen.done, 2);
    func_close(*state, func);
  }
}

/* It is bounded as every pool; what it refuses is forgotten. */
static void obeys_the_bound(void** state) {
  for (int64_t count = 0; count <= 1; count++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_options_t options = pool_options(1, 1);
    uvpool_func_t* func = func_open(*state, count, &options);
    seen_t seen[3] = {{.gate = &gate}, {.gate = &gate}, {.gate = &gate}};
    assert_status(uvpool_func_invoke_done(func, &seen[0], on_done), 0);
    assert_status(uvpool_func_invoke_done(func, &seen[1], on_done), 0);
    assert_status(uvpool_func_invoke_done(func, &seen[2], on_done), UV_EAGAIN);
    gate_open(&gate);
    loop_run(*state);
    assert_int_equal(seen[0].done, 1);
    assert_int_equal(seen[1].done, 1);
    assert_int_equal(seen[2].done, 0);
    assert_int_equal(atomic_load(&seen[2].runs), 0);
    func_close(*state, func);
    gate_destroy(&gate);
  }
}

/* Close and release end what waits, and say so. */
static void what_waits_is_cancelled(void** state) {
  for (int releasing = 0; releasing <= 1; releasing++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_options_t options = pool_options(1, 8);
    uvpool_func_t* func = func_open(*state, 0, &options);
    seen_t running = {.gate = &gate};
    seen_t waiting = {0};
    assert_status(uvpool_func_invoke_done(func, &running, on_done), 0);
    gate_await(&gate, 1);
    assert_status(uvpool_func_invoke_done(func, &waiting, on_done), 0);
    assert_status(uvpool_func_invoke(func, &waiting), 0);
    if (releasing) {
      assert_status(uvpool_release(uvpool_func_pool(func)), 0);
      assert_status(uvpool_func_invoke(func, &waiting), UV_ESHUTDOWN);
    }
    closed = 0;
    assert_status(uvpool_func_close(func, on_close), 0);
    gate_open(&gate); /* not before, or what waits would run */
    loop_run(*state);
    assert_int_equal(closed, 1);
    assert_int_equal(running.done, 1);
    assert_int_equal(running.status, 42);
    assert_int_equal(waiting.done, 1);
    assert_status(waiting.status, UV_ECANCELED);
    assert_int_equal(atomic_load(&waiting.runs), 0);
    gate_destroy(&gate);
  }
}

/* The pool behind it is an ordinary one, but for its close. */
static void pool_behind_it(void** state) {
  uvpool_options_t options = pool_options(1, 8);
  uvpool_func_t* func = func_open(*state, 0, &options);
  uvpool_t* pool = uvpool_func_pool(func);
  pool_end_t end = {0};
  seen_t seen = {0};
  uvpool_set_data(pool, &end);
  assert_status(uvpool_close(pool, NULL), UV_EPERM);
  assert_status(uvpool_tune(pool, 2), 0);
  assert_int_equal(uvpool_capacity(pool), 2);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(uvpool_func_invoke(func, &seen), UV_ESHUTDOWN);
  assert_status(uvpool_reboot(pool), 0);
  assert_status(uvpool_func_invoke_done(func, &seen, on_done), 0);
  loop_run(*state);
  assert_int_equal(seen.done, 1);
  func_close(*state, func);
  func = func_open(*state, 2, &options);
  assert_status(uvpool_multi_close(uvpool_func_multi(func), NULL), UV_EPERM);
  func_close(*state, func);
}

/* One after the other they need no memory beyond that of the first. */
static void allocates_nothing_in_a_steady_state(void** state) {
  for (int64_t count = 0; count <= 2; count += 2) {
    fault_alloc_t memory;
    fault_alloc_init(&memory);
    uvpool_options_t options = pool_options(1, 8);
    options.flags = UVPOOL_NO_PURGE;
    options.min_workers = 1; /* of every pool, whenever its first task comes */
    options.allocator = fault_alloc_table(&memory);
    uvpool_func_t* func = func_open(*state, count, &options);
    long after_first = 0;
    for (int i = 0; i < 300; i++) {
      seen_t seen = {0};
      assert_status(uvpool_func_invoke_done(func, &seen, on_done), 0);
      assert_status(uvpool_func_invoke(func, &seen), 0);
      loop_run(*state);
      assert_int_equal(atomic_load(&seen.runs), 2);
      if (i == 10) {
        after_first = atomic_load(&memory.total);
      }
    }
    assert_int_equal(atomic_load(&memory.total), after_first);
    func_close(*state, func);
    assert_int_equal(atomic_load(&memory.live), 0);
  }
}

/* Without memory: an error at whatever point, and nothing is left behind. */
static void no_memory_at_any_point(void** state) {
  for (int64_t count = 0; count <= 2; count += 2) {
    int failures = 0;
    for (long nth = 1;; nth++) {
      fault_alloc_t memory;
      fault_alloc_init(&memory);
      fault_alloc_fail(&memory, nth, 1);
      uvpool_options_t options = pool_options(1, 8);
      options.flags = UVPOOL_PREALLOC;
      options.allocator = fault_alloc_table(&memory);
      uvpool_func_t* func = NULL;
      int err =
          count == 0
              ? uvpool_func_create(*state, look, &options, &func)
              : uvpool_func_create_multi(
                    *state, count, UVPOOL_ROUND_ROBIN, look, &options, &func);
      if (err == 0) {
        assert_status(uvpool_func_invoke(func, NULL), UV_ENOMEM);
        func_close(*state, func);
        assert_int_equal(atomic_load(&memory.live), 0);
        break;
      }
      assert_status(err, UV_ENOMEM);
      assert_null(func);
      loop_run(*state);
      assert_int_equal(atomic_load(&memory.live), 0);
      failures++;
    }
    assert_true(failures >= 4);
  }
}

static int panic(void* arg) {
  uvpool_panic("of %s", (const char*) arg);
  return 0;
}

static struct {
  int count;
  void* arg;
  char reason[64];
} panicked;

static void on_panic(uvpool_t* pool, uvpool_task_t* task, const char* reason) {
  (void) pool;
  panicked.count++;
  panicked.arg = task->data;
  snprintf(panicked.reason, sizeof(panicked.reason), "%s", reason);
}

static void on_panic_done(uvpool_func_t* func, void* arg, int status) {
  (void) func;
  assert_ptr_equal(arg, panicked.arg);
  assert_status(status, UVPOOL_EPANIC);
  panicked.count += 10;
}

/* on_panic sees the argument; done hears of it; the pool lives on. */
static void panics(void** state) {
  for (int64_t count = 0; count <= 2; count += 2) {
    uvpool_options_t options = pool_options(1, 8);
    uvpool_func_t* func = NULL;
    char name[] = "an invoke";
    options.on_panic = on_panic;
    assert_status(
        count == 0
            ? uvpool_func_create(*state, panic, &options, &func)
            : uvpool_func_create_multi(
                  *state, count, UVPOOL_ROUND_ROBIN, panic, &options, &func),
        0);
    for (int i = 0; i < 3; i++) {
      panicked.count = 0;
      assert_status(uvpool_func_invoke_done(func, name, on_panic_done), 0);
      loop_run(*state);
      assert_int_equal(panicked.count, 11);
      assert_ptr_equal(panicked.arg, name);
      assert_string_equal(panicked.reason, "of an invoke");
    }
    func_close(*state, func);
  }
}

/* Without a function: before everything else is looked at. */
static void einval(void** state) {
  uvpool_func_t* func = NULL;
  uvpool_options_t bad = pool_options(1, 8);
  bad.expiry_ms = -1;
  assert_status(uvpool_func_create(*state, NULL, &bad, &func), UV_EINVAL);
  assert_status(uvpool_func_create(NULL, NULL, NULL, NULL), UV_EINVAL);
  assert_status(uvpool_func_create(*state, look, &bad, &func), UV_EINVAL);
  assert_status(uvpool_func_create(NULL, look, NULL, &func), UV_EINVAL);
  assert_status(uvpool_func_create(*state, look, NULL, NULL), UV_EINVAL);
  static const int64_t counts[] = {0, -1, UVPOOL_MULTI_MAX + 1};
  for (size_t i = 0; i < KIT_COUNT(counts); i++) {
    assert_status(uvpool_func_create_multi(
                      *state, counts[i], UVPOOL_ROUND_ROBIN, look, NULL, &func),
                  UV_EINVAL);
  }
  assert_null(func);
  assert_status(uvpool_func_invoke(NULL, NULL), UV_EINVAL);
  assert_status(uvpool_func_invoke_wait(NULL, NULL, NULL, 0), UV_EINVAL);
  assert_status(uvpool_func_close(NULL, NULL), UV_EINVAL);
  assert_null(uvpool_func_pool(NULL));
  assert_null(uvpool_func_multi(NULL));
  func = func_open(*state, 0, NULL);
  assert_status(uvpool_func_invoke_value(func, &func, NULL), UV_EINVAL);
  assert_status(uvpool_func_invoke_wait(func, NULL, NULL, 0), UV_EPERM);
  func_close(*state, func);
}

typedef struct waiter_s {
  helper_t helper;
  uvpool_func_t* func;
  seen_t* seen;
  uint64_t timeout_ms;
  int result;
} waiter_t;

static void invoke_wait(void* arg) {
  waiter_t* w = arg;
  w->result = uvpool_func_invoke_wait(w->func, w->seen, on_done, w->timeout_ms);
}

/* A thread may wait for room; for a while, or until there is some. */
static void waits_for_room(void** state) {
  for (int64_t count = 0; count <= 1; count++) {
    gate_t gate;
    gate_init(&gate);
    uvpool_options_t options = pool_options(1, 0);
    uvpool_func_t* func = func_open(*state, count, &options);
    seen_t first = {.gate = &gate};
    seen_t second = {0};
    assert_status(uvpool_func_invoke_done(func, &first, on_done), 0);
    waiter_t waiter = {.func = func, .seen = &second, .timeout_ms = 1};
    helper_start(&waiter.helper, invoke_wait, &waiter);
    helper_join(*state, &waiter.helper);
    assert_status(waiter.result, UV_ETIMEDOUT);
    waiter.timeout_ms = UINT64_MAX;
    helper_start(&waiter.helper, invoke_wait, &waiter);
    gate_open(&gate);
    helper_join(*state, &waiter.helper);
    assert_status(waiter.result, 0);
    func_close(*state, func);
    assert_int_equal(first.done, 1);
    assert_int_equal(second.done, 1);
    gate_destroy(&gate);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(runs_once),
      loop_test(argument_may_be_null),
      loop_test(may_be_invoked_in_done),
      loop_test(obeys_the_bound),
      loop_test(what_waits_is_cancelled),
      loop_test(pool_behind_it),
      loop_test(allocates_nothing_in_a_steady_state),
      loop_test(no_memory_at_any_point),
      loop_test(panics),
      loop_test(einval),
      loop_test(waits_for_room),
  };
  return kit_run(argc, argv, tests);
}
