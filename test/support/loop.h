/* The fixture of most tests: a loop on the test thread, that must end as it
 * began.
 *
 *     static void closes(void** state) {
 *       uv_loop_t* loop = *state;
 *       ...
 *     }
 *     const struct CMUnitTest tests[] = {loop_test(closes)};
 *
 * The teardown asserts that no handle survives, that uv_loop_close returns 0,
 * and that there are no more threads and descriptors than before. */
#ifndef UVPOOL_TEST_LOOP_H
#define UVPOOL_TEST_LOOP_H

#include <uv.h>
#include <uvpool.h>

/* A test with this fixture; *state is the uv_loop_t*. */
#define loop_test(function)                                                    \
  cmocka_unit_test_setup_teardown(function, loop_setup, loop_teardown)

int loop_setup(void** state);
int loop_teardown(void** state);

/* Runs the loop until it ends by itself, as a program would: nobody helps, no
 * timer of the test wakes it. Fails after the watchdog time. */
void loop_run(uv_loop_t* loop);

/* uv_run(loop, mode) and what it returned, bounded likewise. */
int loop_run_mode(uv_loop_t* loop, uv_run_mode mode);

/* Runs the loop until `condition(arg)` is true, looking at it about every
 * millisecond; keeps the loop alive meanwhile. Fails after the watchdog time,
 * saying that it waited for `what`. */
void loop_run_until(uv_loop_t* loop,
                    int (*condition)(void* arg),
                    void* arg,
                    const char* what);

/* Runs the loop for so long: only for "and nothing more happens", where there
 * is no event to wait for. */
void loop_run_for(uv_loop_t* loop, uint64_t ms);

/* Turns the loop `turns` times without waiting. */
void loop_turn(uv_loop_t* loop, int turns);

/* Closes a handle of the test and waits for it. */
void loop_close_handle(uv_loop_t* loop, uv_handle_t* handle);

/* Closes every handle of the loop but the fixture's own, as a program does that
 * wants to end and knows no better. */
void loop_close_all(uv_loop_t* loop);

/* How many timers other than the fixture's are running. */
int loop_active_timers(uv_loop_t* loop);

/* How many handles other than the fixture's the loop has. */
int loop_handles(uv_loop_t* loop);

/* Threads and open descriptors of this process, or -1 where the system does not
 * tell. */
int process_threads(void);
int process_descriptors(void);

#endif /* UVPOOL_TEST_LOOP_H */
