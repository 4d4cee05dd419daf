/* ants: the same work without a pool, as a base line (TestNoPool), and on the
 * default pool (TestAntsPool).
 *
 * A hundred thousand threads are not what a hundred thousand goroutines are:
 * here a thread for each of a few tasks, and libuv's own pool. */
#include "child.h"
#include "subject.h"

enum { THREADS = 100, COUNT = 1000 };

static void run_one(void* arg) {
  subject_run(arg, 1);
}

static void run_request(uv_work_t* request) {
  subject_run(request->data, 1);
}

static void after_request(uv_work_t* request, int status) {
  subject_done(request->data, 1, status);
  free(request);
}

static void subject_without_pool(subject_t* subject, uv_loop_t* loop) {
  memset(subject, 0, sizeof(*subject));
  subject->loop = loop;
  gauge_init(&subject->gauge);
}

static void test_no_pool(void** state) {
  subject_t subject;
  uv_thread_t threads[THREADS];
  subject_without_pool(&subject, *state);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(uv_thread_create(&threads[i], run_one, &subject), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(uv_thread_join(&threads[i]), 0);
  }
  assert_int_equal(atomic_load(&subject.ran), THREADS);
}

/* In a child of its own: libuv's threads never leave. */
static void queue_work(void* arg) {
  uv_loop_t loop;
  subject_t subject;
  (void) arg;
  CHILD_CHECK(uv_loop_init(&loop) == 0);
  subject_without_pool(&subject, &loop);
  for (int i = 0; i < COUNT; i++) {
    uv_work_t* request = malloc(sizeof(*request));
    CHILD_CHECK(request != NULL);
    request->data = &subject;
    CHILD_CHECK(uv_queue_work(&loop, request, run_request, after_request) == 0);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHILD_CHECK(atomic_load(&subject.ran) == COUNT && subject.done == COUNT);
  CHILD_CHECK(uv_loop_close(&loop) == 0);
}

static void no_pool_on_loop(void** state) {
  (void) state;
  if (KIT_TSAN) {
    skip(); /* it does not let a child of a threaded process start threads */
  }
  child_run(queue_work, NULL);
}

/* The default pool has a bound, unlike ants': submitting more than fits
 * waits. */
static void test_ants_pool(void** state) {
  subject_t subject;
  producer_t producer;
  subject_without_pool(&subject, *state);
  assert_status(uvpool_default(*state, &subject.pool), 0);
  assert_int_equal(uvpool_capacity(subject.pool), 4);
  producer_start(&producer, &subject, COUNT, UINT64_MAX);
  subject_await_done(&subject, COUNT);
  helper_join(*state, &producer.helper);
  subject_assert_ended(&subject, COUNT, 4);
  assert_int_equal(uvpool_available(subject.pool), 4);
  pool_close(*state, subject.pool);
}

static void ants_pool_on_loop(void** state) {
  subject_t subject;
  subject_without_pool(&subject, *state);
  assert_status(uvpool_default(*state, &subject.pool), 0);
  for (int i = 0; i < COUNT; i++) {
    assert_status(subject_submit(&subject, i), 0);
  }
  loop_run(*state);
  subject_assert_ended(&subject, COUNT, 4);
  pool_close(*state, subject.pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(test_no_pool),
      loop_test(no_pool_on_loop),
      loop_test(test_ants_pool),
      loop_test(ants_pool_on_loop),
  };
  return kit_run(argc, argv, tests);
}
