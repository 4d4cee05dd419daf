/* A child process that a test forks and whose end it judges. */
#ifndef UVPOOL_TEST_CHILD_H
#define UVPOOL_TEST_CHILD_H

/* In a child: leaves with a code that names the line, so that the parent's
 * failure says where. cmocka's assertions must not be used in a child. */
#define CHILD_CHECK(condition)                                                 \
  do {                                                                         \
    if (!(condition))                                                          \
      child_fail(#condition, __FILE__, __LINE__);                              \
  } while (0)

void child_fail(const char* what, const char* file, int line);

/* Forks; the child runs `body(arg)` under a time limit and leaves by _exit(0)
 * when it returns. Asserts that it left with 0. Thread: test. */
void child_run(void (*body)(void* arg), void* arg);

/* The same, but the child leaves by exit(0), as a program that returns from
 * main does: what was registered with atexit runs. */
void child_run_to_exit(void (*body)(void* arg), void* arg);

/* Waits for a child that the caller forked itself: its exit code, or 128 plus
 * the signal that ended it. Thread: any. */
int child_wait(int pid);

#endif /* UVPOOL_TEST_CHILD_H */
