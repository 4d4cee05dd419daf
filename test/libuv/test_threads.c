/* What a worker thread is like: after libuv's thread_name_threadpool and
 * thread_stack_size. libuv's workers share one fixed name and one fixed stack
 * size; here both are options. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_getname_np, pthread_getattr_np */
#endif
#include "item.h"

#include <pthread.h>

enum { WORKERS = 4, NAME_SIZE = 64, MIB = 1 << 20 };

static void read_name(item_t* item) {
#if defined(__linux__)
  (void) pthread_getname_np(pthread_self(), item->arg, NAME_SIZE);
#else
  strcpy(item->arg, "uvpool"); /* names cannot be read back everywhere */
#endif
}

/* Every worker bears the pool's name. All of them meet at the gate, so that
 * none can do another's share and be looked at twice. */
static void all_are_named(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, WORKERS, 0);
  item_t* items = items_new(WORKERS, &gate);
  char names[WORKERS][NAME_SIZE] = {""};
  for (int i = 0; i < WORKERS; i++) {
    items[i].in_work = read_name;
    items[i].arg = names[i];
  }
  items_queue(pool, items, WORKERS);
  gate_await(&gate, WORKERS);
  gate_open(&gate);
  loop_run(*state);
  items_assert_ran(items, WORKERS);
  for (int i = 0; i < WORKERS; i++) {
    assert_memory_equal(names[i], "uvpool", strlen("uvpool"));
    for (int k = 0; k < i; k++) {
      assert_false(uv_thread_equal(&items[i].worker, &items[k].worker));
    }
  }
  pool_close(*state, pool);
  free(items);
  gate_destroy(&gate);
}

/* Writes to as much stack as arg says, from its top to its bottom. */
static void use_stack(item_t* item) {
  enum { PAGE = 4096 };
  size_t size = *(size_t*) item->arg;
  volatile char frame[size];
  size_t sum = 0;
  for (size_t at = size; at >= PAGE; at -= PAGE) {
    frame[at - 1] = 1;
    sum += (size_t) frame[at - 1];
  }
  *(size_t*) item->arg = sum;
}

static void runs_with(uv_loop_t* loop, int64_t stack_size, size_t used) {
  uvpool_options_t options = pool_options(1, 0);
  options.stack_size = stack_size;
  uvpool_t* pool = pool_open_with(loop, &options);
  item_t item;
  size_t pages = used;
  item_init(&item, NULL);
  item.in_work = use_stack;
  item.arg = &pages;
  items_queue(pool, &item, 1);
  loop_run(loop);
  items_assert_ran(&item, 1);
  assert_int_equal(pages, used / 4096);
  pool_close(loop, pool);
}

/* Work that was written for libuv's workers finds as much stack: 8 MiB. */
static void as_much_stack_as_libuv(void** state) {
  runs_with(*state, 0, 7 * MIB);
}

/* More where it is asked for. */
static void more_stack(void** state) {
  runs_with(*state, 32 * MIB, 30 * MIB);
}

#if defined(__linux__)
static void measure_stack(item_t* item) {
  pthread_attr_t attr;
  void* lowest = NULL;
  if (pthread_getattr_np(pthread_self(), &attr) == 0) {
    (void) pthread_attr_getstack(&attr, &lowest, item->arg);
    (void) pthread_attr_destroy(&attr);
  }
}
#endif

/* And less: not below what was asked for, and well below the default. */
static void less_stack(void** state) {
#if defined(__linux__)
  uvpool_options_t options = pool_options(1, 0);
  options.stack_size = 2 * MIB;
  uvpool_t* pool = pool_open_with(*state, &options);
  item_t item;
  size_t size = 0;
  item_init(&item, NULL);
  item.in_work = measure_stack;
  item.arg = &size;
  items_queue(pool, &item, 1);
  loop_run(*state);
  items_assert_ran(&item, 1);
  assert_in_range(size, 2 * MIB, 4 * MIB);
  pool_close(*state, pool);
#else
  (void) state;
  skip();
#endif
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(all_are_named),
      loop_test(as_much_stack_as_libuv),
      loop_test(more_stack),
      loop_test(less_stack),
  };
  return kit_run(argc, argv, tests);
}
