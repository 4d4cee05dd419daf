/* The child server and its files.
 *
 * The documents are chosen to be nasty: names that break JSON, bytes that are
 * not UTF-8, a binary file, one that is too large, a symbolic link out of the
 * tree, a hidden file, and a FIFO that nobody writes to. */
#include "test_support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_TIMEOUT_MS = 60000, ARGS_MAX = 32, PATH_BYTES = 512 };

/* A server whose test was killed ends by itself after this. */
enum { SERVER_LIFE_S = 600 };

const char* test_engine = "uvpool";

static pid_t running; /* the server that was started last, or 0 */

static char dir[PATH_BYTES];   /* everything below it is ours */
static char docs[PATH_BYTES];  /* dir/docs */
static char users[PATH_BYTES]; /* dir/users */
static char tmp[PATH_BYTES];   /* dir/tmp: the server's TMPDIR */

const char* fixture_dir(void) {
  return dir;
}

const char* fixture_docs(void) {
  return docs;
}

const char* fixture_users(void) {
  return users;
}

/* ---- Files --------------------------------------------------------------- */

static void join(char* out, const char* a, const char* b) {
  int n = snprintf(out, PATH_BYTES, "%s/%s", a, b);
  assert_true(n > 0 && n < PATH_BYTES);
}

static void write_file(const char* name, const void* data, size_t len) {
  char path[PATH_BYTES];
  join(path, docs, name);
  FILE* file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, len, file), len);
  assert_int_equal(fclose(file), 0);
}

static void write_text(const char* name, const char* text) {
  write_file(name, text, strlen(text));
}

static void write_large(const char* name, const char* word) {
  size_t len = 300 * 1024;
  char* text = malloc(len);
  assert_non_null(text);
  memset(text, 'x', len);
  memcpy(text, word, strlen(word));
  text[strlen(word)] = ' ';
  write_file(name, text, len);
  free(text);
}

static void make_docs(void) {
  char path[PATH_BYTES];
  write_text("plain.txt", "The quick brown fox jumps over the lazy dog.\n");
  write_text("quote\"back\\slash.txt", "needle \"quoted\" \\ back\n");
  write_text("new\nline\ttab\x01.txt", "needle with control \x02 bytes\n");
  write_text("not-utf8-\xff\xc0\xaf.txt", "needle \xe9t\xe9 latin1 \xff\n");
  write_text("utf8-\xc3\xa9\xe2\x82\xac.txt", "needle caf\xc3\xa9\n");
  write_file("binary.bin", "binaryword\0binaryword", 21);
  write_text("empty.txt", "");
  write_large("large.txt", "hugeword");
  write_text(".hidden.txt", "hiddenword\n");
  join(path, docs, "link.txt");
  assert_int_equal(symlink("/etc/passwd", path), 0);
  join(path, docs, "fifo");
  assert_int_equal(mkfifo(path, 0600), 0);
  join(path, docs, "sub");
  assert_int_equal(mkdir(path, 0700), 0);
  write_text("sub/deep.txt", "deepword needle\n");
}

/* Lets the server itself make the line of the users file. */
static void make_users(void) {
  char command[3 * PATH_BYTES];
  snprintf(command,
           sizeof command,
           "echo '%s' | '%s' --hash-password='%s' > '%s'",
           TEST_PASSWORD,
           SEARCH_SERVER,
           TEST_USER,
           users);
  assert_int_equal(system(command), 0);
}

int fixture_init(int argc, char** argv) {
  const char* base = getenv("TMPDIR");
  if (argc > 1) {
    test_engine = argv[1];
  }
  snprintf(dir,
           sizeof dir,
           "%s/search_server-test-XXXXXX",
           base == NULL || *base == '\0' ? "/tmp" : base);
  if (mkdtemp(dir) == NULL) {
    return -1;
  }
  join(docs, dir, "docs");
  join(users, dir, "users");
  join(tmp, dir, "tmp");
  if (mkdir(docs, 0700) != 0 || mkdir(tmp, 0700) != 0) {
    return -1;
  }
  make_docs();
  make_users();
  return setenv("TMPDIR", tmp, 1);
}

static int remove_one(const char* path,
                      const struct stat* st,
                      int type,
                      struct FTW* ftw) {
  (void) st;
  (void) type;
  (void) ftw;
  return remove(path);
}

/* Ends the server of a test that has failed before it could. */
static void kill_running(void) {
  if (running != 0) {
    kill(running, SIGTERM);
    server_wait(running, 10);
  }
}

void fixture_end(void) {
  kill_running();
  nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int fixture_leftovers(void) {
  int count = 0;
  DIR* d = opendir(tmp);
  assert_non_null(d);
  for (struct dirent* e; (e = readdir(d)) != NULL;) {
    count += e->d_name[0] != '.';
  }
  closedir(d);
  return count;
}

/* ---- The child ----------------------------------------------------------- */

pid_t server_spawn(int* out, const char* const* args) {
  int fds[2];
  char* argv[ARGS_MAX + 2] = {SEARCH_SERVER};
  for (int i = 0; args[i] != NULL; i++) {
    assert_true(i < ARGS_MAX);
    argv[i + 1] = (char*) (uintptr_t) args[i];
  }
  assert_int_equal(pipe(fds), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    dup2(fds[1], STDOUT_FILENO);
    close(fds[0]);
    close(fds[1]);
    alarm(SERVER_LIFE_S);
    execv(SEARCH_SERVER, argv);
    _exit(127);
  }
  close(fds[1]);
  fcntl(fds[0], F_SETFD, FD_CLOEXEC);
  *out = fds[0];
  return pid;
}

/* Reads "listening on http://127.0.0.1:PORT". */
static int read_port(int out) {
  char line[256] = "";
  size_t len = 0;
  struct pollfd p = {.fd = out, .events = POLLIN};
  while (strchr(line, '\n') == NULL && len + 1 < sizeof line) {
    if (poll(&p, 1, START_TIMEOUT_MS) <= 0) {
      return -1;
    }
    ssize_t n = read(out, line + len, sizeof line - 1 - len);
    if (n <= 0) {
      return -1;
    }
    len += (size_t) n;
    line[len] = '\0';
  }
  const char* colon = strrchr(line, ':');
  return colon == NULL ? -1 : atoi(colon + 1);
}

void server_start(test_server_t* server, const char* const* options) {
  char users_option[PATH_BYTES + 16];
  char engine_option[64];
  const char* args[ARGS_MAX] = {users_option, engine_option, "--port=0"};
  int n = 3;
  snprintf(users_option, sizeof users_option, "--users=%s", users);
  snprintf(engine_option, sizeof engine_option, "--engine=%s", test_engine);
  for (int i = 0; options != NULL && options[i] != NULL; i++) {
    assert_true(n < ARGS_MAX - 2);
    args[n++] = options[i];
  }
  args[n++] = docs;
  args[n] = NULL;
  kill_running();
  server->pid = server_spawn(&server->out, args);
  running = server->pid;
  server->port = read_port(server->out);
  if (server->port <= 0) {
    fail_msg("the server does not start");
  }
}

int server_wait(pid_t pid, int seconds) {
  int status;
  if (pid == running) {
    running = 0;
  }
  for (int i = 0; i < seconds * 100; i++) {
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == pid) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    nanosleep(&(struct timespec) {0, 10 * 1000000L}, NULL);
  }
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  return -1;
}

void server_stop(test_server_t* server) {
  kill(server->pid, SIGTERM);
  assert_int_equal(server_wait(server->pid, 10), 0);
  close(server->out);
  assert_int_equal(fixture_leftovers(), 0);
}
