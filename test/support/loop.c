/* The loop fixture.
 *
 * Its two timers are made with the loop and closed with it, so that bounded
 * running opens and closes nothing on the way: `watchdog` is unref'd and stops
 * the loop when a test hangs, `tick` is ref'd and makes loop_run_until look at
 * its condition. Both are inactive in between and do not count as life.
 *
 * A failing assertion leaves the test with handles open and works at gates. The
 * teardown then says what is left, and the next setup ends the program: works
 * that have yet to finish would write into the next test. */
#include "kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct loop_fixture_s {
  uv_loop_t loop; /* first: *state is its address */
  uv_timer_t watchdog;
  uv_timer_t tick;
  int expired; /* the watchdog has fired */
  int threads; /* before the test */
  int descriptors;
} loop_fixture_t;

static loop_fixture_t* fixture_of(uv_loop_t* loop) {
  return (loop_fixture_t*) loop;
}

/* The entries of a directory of numbers, without "." and "..". */
static int count_entries(const char* path) {
  DIR* directory = opendir(path);
  if (directory == NULL) {
    return -1;
  }
  int count = 0;
  for (struct dirent* e = readdir(directory); e != NULL;
       e = readdir(directory)) {
    if (e->d_name[0] != '.') {
      count++;
    }
  }
  closedir(directory);
  return count;
}

int process_threads(void) {
  return count_entries("/proc/self/task");
}

int process_descriptors(void) {
  return count_entries("/proc/self/fd");
}

/* A joined thread may stand in /proc for a moment more: look again for a while,
 * but once would do. */
static void assert_no_more_than(int (*count)(void),
                                int before,
                                const char* of) {
  int now = count();
  for (unsigned i = 0; now > before && i < KIT_WATCHDOG_MS / 4; i++) {
    uv_sleep(1);
    now = count();
  }
  if (now > before) {
    fail_msg("%d %s now, %d before the test", now, of, before);
  }
}

static void warm_up_thread(void* arg) {
  (void) arg;
}

/* The first loop of a process opens descriptors that stay, and with the first
 * thread ThreadSanitizer starts one of its own: neither must count as a
 * leak. */
static void warm_up(void) {
  static int warm = 0;
  uv_loop_t loop;
  uv_thread_t thread;
  if (warm) {
    return;
  }
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(uv_loop_close(&loop), 0);
  int threads = process_threads();
  assert_int_equal(uv_thread_create(&thread, warm_up_thread, NULL), 0);
  assert_int_equal(uv_thread_join(&thread), 0);
  assert_no_more_than(process_threads, threads + KIT_TSAN, "threads");
  warm = 1;
}

/* A failed test has left works in flight that use its memory. */
static int spoiled;

int loop_setup(void** state) {
  if (spoiled) {
    print_error("no further test is run after handles were left open\n");
    fflush(NULL);
    _exit(EXIT_FAILURE);
  }
  warm_up();
  loop_fixture_t* fixture = calloc(1, sizeof(*fixture));
  assert_non_null(fixture);
  fixture->threads = process_threads();
  fixture->descriptors = process_descriptors();
  assert_int_equal(uv_loop_init(&fixture->loop), 0);
  assert_int_equal(uv_timer_init(&fixture->loop, &fixture->watchdog), 0);
  assert_int_equal(uv_timer_init(&fixture->loop, &fixture->tick), 0);
  uv_unref((uv_handle_t*) &fixture->watchdog);
  *state = &fixture->loop;
  return 0;
}

static int is_own(uv_handle_t* handle) {
  loop_fixture_t* fixture = fixture_of(handle->loop);
  return handle == (uv_handle_t*) &fixture->watchdog ||
         handle == (uv_handle_t*) &fixture->tick;
}

typedef struct census_s {
  int handles;
  int active_timers;
  int print;
} census_t;

static void census_visit(uv_handle_t* handle, void* arg) {
  census_t* census = arg;
  if (is_own(handle)) {
    return;
  }
  census->handles++;
  if (handle->type == UV_TIMER && uv_is_active(handle)) {
    census->active_timers++;
  }
  if (census->print) {
    print_error("left on the loop: %s%s%s%s\n",
                uv_handle_type_name(handle->type),
                uv_is_active(handle) ? ", active" : "",
                uv_has_ref(handle) ? ", ref'd" : "",
                uv_is_closing(handle) ? ", closing" : "");
  }
}

int loop_handles(uv_loop_t* loop) {
  census_t census = {0, 0, 0};
  uv_walk(loop, census_visit, &census);
  return census.handles;
}

int loop_active_timers(uv_loop_t* loop) {
  census_t census = {0, 0, 0};
  uv_walk(loop, census_visit, &census);
  return census.active_timers;
}

static void close_visit(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (!is_own(handle) && !uv_is_closing(handle)) {
    uv_close(handle, NULL);
  }
}

void loop_close_all(uv_loop_t* loop) {
  uv_walk(loop, close_visit, NULL);
}

int loop_teardown(void** state) {
  loop_fixture_t* fixture = fixture_of(*state);
  census_t census = {0, 0, 1};
  uv_walk(&fixture->loop, census_visit, &census);
  if (census.handles > 0) {
    spoiled = 1;
    fail_msg("%d handles were left open", census.handles);
  }
  uv_close((uv_handle_t*) &fixture->watchdog, NULL);
  uv_close((uv_handle_t*) &fixture->tick, NULL);
  assert_int_equal(uv_run(&fixture->loop, UV_RUN_DEFAULT), 0);
  assert_status(uv_loop_close(&fixture->loop), 0);
  assert_no_more_than(process_threads, fixture->threads, "threads");
  assert_no_more_than(process_descriptors, fixture->descriptors, "descriptors");
  free(fixture);
  return 0;
}

static void on_watchdog(uv_timer_t* timer) {
  fixture_of(timer->loop)->expired = 1;
  uv_stop(timer->loop);
}

static void on_tick(uv_timer_t* timer) {
  (void) timer;
}

static void watchdog_start(loop_fixture_t* fixture) {
  fixture->expired = 0;
  uv_update_time(&fixture->loop);
  assert_int_equal(
      uv_timer_start(&fixture->watchdog, on_watchdog, KIT_WATCHDOG_MS, 0), 0);
}

static void fail_expired(loop_fixture_t* fixture, const char* what) {
  census_t census = {0, 0, 1};
  uv_walk(&fixture->loop, census_visit, &census);
  fail_msg("waited in vain for %s", what);
}

int loop_run_mode(uv_loop_t* loop, uv_run_mode mode) {
  loop_fixture_t* fixture = fixture_of(loop);
  watchdog_start(fixture);
  int more = uv_run(loop, mode);
  uv_timer_stop(&fixture->watchdog);
  if (fixture->expired) {
    fail_expired(fixture, "uv_run to return");
  }
  return more;
}

void loop_run(uv_loop_t* loop) {
  if (loop_run_mode(loop, UV_RUN_DEFAULT) != 0) {
    fail_msg("the loop was stopped before its end");
  }
}

void loop_run_until(uv_loop_t* loop,
                    int (*condition)(void* arg),
                    void* arg,
                    const char* what) {
  loop_fixture_t* fixture = fixture_of(loop);
  watchdog_start(fixture);
  assert_int_equal(uv_timer_start(&fixture->tick, on_tick, 1, 1), 0);
  int met = condition(arg);
  while (!met && !fixture->expired) {
    (void) uv_run(loop, UV_RUN_ONCE);
    met = condition(arg);
  }
  uv_timer_stop(&fixture->tick);
  uv_timer_stop(&fixture->watchdog);
  if (!met) {
    fail_expired(fixture, what);
  }
}

static int is_past(void* deadline) {
  return uv_hrtime() >= *(uint64_t*) deadline;
}

void loop_run_for(uv_loop_t* loop, uint64_t ms) {
  uint64_t deadline = uv_hrtime() + ms * UINT64_C(1000000);
  loop_run_until(loop, is_past, &deadline, "time to pass");
}

void loop_turn(uv_loop_t* loop, int turns) {
  for (int i = 0; i < turns; i++) {
    (void) uv_run(loop, UV_RUN_NOWAIT);
  }
}

static int is_gone(void* handle) {
  return ((uv_handle_t*) handle)->type == UV_UNKNOWN_HANDLE;
}

static void on_closed(uv_handle_t* handle) {
  handle->type = UV_UNKNOWN_HANDLE;
}

void loop_close_handle(uv_loop_t* loop, uv_handle_t* handle) {
  uv_close(handle, on_closed);
  loop_run_until(loop, is_gone, handle, "a handle of the test to close");
}
