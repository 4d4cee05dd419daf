/* Death tests: a call that breaks a rule of the library's own must fail one of
 * its assertions, which ends the process. It is made in a forked child, so no
 * other thread of the test may live meanwhile.
 *
 * Builds with NDEBUG have no assertions: there such a test is skipped. */
#ifndef UVPOOL_TEST_DIES_H
#define UVPOOL_TEST_DIES_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "kit.h"

/* First in a test of this kind. */
static inline void dies_or_skip(void) {
#ifdef NDEBUG
  print_message("skipped: this build has no assertions\n");
  skip();
#endif
}

/* In the child: no message and no core file, as its death is expected. */
static inline void dies_quietly(void) {
  struct rlimit none = {0, 0};
  int nowhere = open("/dev/null", O_WRONLY);
  (void) setrlimit(RLIMIT_CORE, &none);
  if (nowhere >= 0) {
    (void) dup2(nowhere, STDERR_FILENO);
  }
}

/* Does `body(arg)` abort? */
static inline int dies(void (*body)(void* arg), void* arg) {
  fflush(NULL);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    dies_quietly();
    signal(SIGABRT, SIG_DFL);
    alarm(KIT_WATCHDOG_MS / 1000);
    body(arg);
    _exit(0);
  }
  return child_wait((int) pid) == 128 + SIGABRT;
}

#endif /* UVPOOL_TEST_DIES_H */
