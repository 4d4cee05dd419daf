/* The parent's side of the child processes. Orders and samples go through a
 * socket pair as they are: both ends are the same program. The parent has no
 * threads, so that fork alone is enough. */
#include "child.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN_MAX = 16 };

struct bench_child {
  pid_t pid; /* 0: free */
  int fd;
  enum bench_who who;
  unsigned threads;
  bool fresh;
};

static struct bench_child children[CHILDREN_MAX];

static void start(struct bench_child* child) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
    bench_fail("no socket pair");
  }
  fflush(NULL);
  child->pid = fork();
  if (child->pid < 0) {
    bench_fail("no process");
  }
  if (child->pid == 0) {
    for (int i = 0; i < CHILDREN_MAX; i++) {
      if (children[i].pid > 0) {
        close(children[i].fd); /* or the others would not see us go */
      }
    }
    close(fds[0]);
    bench_serve(fds[1], child->who);
  }
  close(fds[1]);
  child->fd = fds[0];
}

/* Those with other numbers of threads are not needed any more: orders come by
 * threads. */
static void end_others(unsigned threads) {
  for (int i = 0; i < CHILDREN_MAX; i++) {
    if (children[i].pid != 0 && children[i].threads != threads) {
      bench_child_end(&children[i]);
    }
  }
}

struct bench_child* bench_child_for(enum bench_who who,
                                    const struct bench_order* order) {
  struct bench_child* child = NULL;
  bool fresh = bench_workloads[order->workload].fresh;
  end_others(order->threads);
  for (int i = 0; i < CHILDREN_MAX; i++) {
    if (children[i].pid == 0) {
      child = &children[i];
    } else if (children[i].who == who && children[i].fresh == fresh) {
      return &children[i];
    }
  }
  if (child == NULL) {
    bench_fail("too many children");
  }
  child->who = who;
  child->threads = order->threads;
  child->fresh = fresh;
  start(child);
  return child;
}

void bench_child_ask(struct bench_child* child,
                     const struct bench_order* order,
                     struct bench_sample* sample) {
  const char* name = bench_contenders[child->who].name;
  if (send(child->fd, order, sizeof(*order), MSG_NOSIGNAL) !=
          (ssize_t) sizeof(*order) ||
      recv(child->fd, sample, sizeof(*sample), MSG_WAITALL) !=
          (ssize_t) sizeof(*sample)) {
    bench_fail("%s has died in workload %s, threads %u, in flight %llu",
               name,
               bench_workloads[order->workload].name,
               order->threads,
               (unsigned long long) order->in_flight);
  }
}

void bench_child_end(struct bench_child* child) {
  int status = 0;
  pid_t pid = child->pid;
  close(child->fd);
  waitpid(pid, &status, 0);
  memset(child, 0, sizeof(*child));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    bench_fail("a child has not ended well");
  }
}

void bench_end_children(void) {
  end_others(0);
}
