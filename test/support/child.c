/* The child's time limit is an alarm that nobody handles: a child that hangs is
 * ended by its signal, and the parent's assertion shows it. */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

void child_fail(const char* what, const char* file, int line) {
  fprintf(stderr, "in the child: %s:%d: not so: %s\n", file, line, what);
  _exit(1);
}

int child_wait(int pid) {
  int status = 0;
  pid_t rc = 0;
  do {
    rc = waitpid((pid_t) pid, &status, 0);
  } while (rc == -1 && errno == EINTR);
  if (rc != pid) {
    return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run(void (*body)(void* arg), void* arg, void (*leave)(int)) {
  fflush(NULL);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    signal(SIGALRM, SIG_DFL);
    alarm(KIT_WATCHDOG_MS / 1000);
    body(arg);
    leave(0);
  }
  int code = child_wait(pid);
  if (code > 128) {
    fail_msg("the child was ended by signal %d", code - 128);
  }
  assert_int_equal(code, 0);
}

void child_run(void (*body)(void* arg), void* arg) {
  run(body, arg, _exit);
}

void child_run_to_exit(void (*body)(void* arg), void* arg) {
  run(body, arg, exit);
}
