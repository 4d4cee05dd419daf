/* A search_server of its own for each group of tests: started as a child on a
 * free port, with a directory of files and a users file made for it. */
#ifndef SEARCH_SERVER_TEST_FIXTURE_H
#define SEARCH_SERVER_TEST_FIXTURE_H

#include <stddef.h>
#include <sys/types.h>

/* The user that can log in. */
#define TEST_USER "alice"
#define TEST_PASSWORD "correct horse"

typedef struct server_s {
  pid_t pid;
  int port;
  int out; /* the read end of its stdout */
} test_server_t;

/* The engine of this run, from the command line; "uvpool" if none is given. */
extern const char* test_engine;

/* For main: reads the engine, makes the files; removes them. 0 or not. */
int fixture_init(int argc, char** argv);
void fixture_end(void);

/* Where the files are, and below it what the server indexes. */
const char* fixture_dir(void);
const char* fixture_docs(void);
const char* fixture_users(void);

/* How many files of the server are left in its TMPDIR. */
int fixture_leftovers(void);

/* Starts the program with these arguments, the last of which is NULL. */
pid_t server_spawn(int* out, const char* const* args);

/* Starts a server with more options, NULL at the end, and waits until it
 * listens. Fails the test otherwise. */
void server_start(test_server_t* server, const char* const* options);

/* Waits for the end; the exit code, or 128 + signal, or -1 if it takes more
 * than `seconds`, when it is killed. */
int server_wait(pid_t pid, int seconds);

/* SIGTERM, and asserts that the exit code is 0 and nothing is left behind. */
void server_stop(test_server_t* server);

#endif /* SEARCH_SERVER_TEST_FIXTURE_H */
