/* The command line. Numbers are described by a table: name, place, range,
 * default and the sentence that --help prints. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

typedef struct {
  const char* name;
  size_t offset; /* of an unsigned in options_t */
  unsigned min;
  unsigned max;
  unsigned initial;
  const char* help;
} number_t;

static const number_t numbers[] = {
    {"port",
     offsetof(options_t, port),
     0,
     65535,
     8080,
     "port to listen on; 0: a free one, which is printed"},
    {"loops",
     offsetof(options_t, loops),
     1,
     LOOPS_MAX,
     1,
     "event loops, each on a thread of its own"},
    {"max-connections",
     offsetof(options_t, max_connections),
     1,
     100000,
     1024,
     "open connections; beyond, 503"},
    {"db-threads",
     offsetof(options_t, db_threads),
     1,
     64,
     2,
     "searches that run at once"},
    {"db-waiting",
     offsetof(options_t, db_waiting),
     0,
     100000,
     128,
     "searches that may wait; beyond, 503"},
    {"auth-threads",
     offsetof(options_t, auth_threads),
     1,
     64,
     2,
     "logins that run at once, 64 MiB each"},
    {"auth-waiting",
     offsetof(options_t, auth_waiting),
     0,
     100000,
     32,
     "logins that may wait; beyond, 503"},
    {"deadline-ms",
     offsetof(options_t, deadline_ms),
     0,
     3600000,
     0,
     "a search or login not begun by then: 504; 0: waits"},
    {"max-results",
     offsetof(options_t, max_results),
     1,
     100,
     10,
     "matches in one answer"},
    {"max-file-kib",
     offsetof(options_t, max_file_kib),
     1,
     4096,
     256,
     "larger files are not indexed"},
    {"max-index-mib",
     offsetof(options_t, max_index_mib),
     1,
     4096,
     64,
     "text to index; the rest is left out"},
    {"idle-timeout-ms",
     offsetof(options_t, idle_timeout_ms),
     10,
     3600000,
     15000,
     "between two requests of a connection"},
    {"request-timeout-ms",
     offsetof(options_t, request_timeout_ms),
     10,
     3600000,
     10000,
     "from the first byte of a request to its last"},
    {"write-timeout-ms",
     offsetof(options_t, write_timeout_ms),
     10,
     3600000,
     10000,
     "for a client to take its answer"},
    {"drain-timeout-ms",
     offsetof(options_t, drain_timeout_ms),
     200,
     3600000,
     7000,
     "for requests in flight, after SIGTERM or SIGINT"},
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

/* Values of getopt_long: a number's index from FIRST_NUMBER on. */
enum {
  OPT_HELP = 256,
  OPT_ENGINE,
  OPT_HOST,
  OPT_USERS,
  OPT_HASH,
  OPT_ONE_POOL,
  FIRST_NUMBER
};

static unsigned* number_at(options_t* options, const number_t* number) {
  return (unsigned*) (void*) ((char*) options + number->offset);
}

static void usage(FILE* out) {
  fprintf(
      out,
      "usage: search_server --users=FILE [OPTION]... DIRECTORY...\n"
      "       search_server --hash-password=NAME < PASSWORD >> FILE\n"
      "\n"
      "Full-text search over the text files of the directories, and logins,"
      "\n"
      "over HTTP: GET /search?q=words, POST /login, GET /healthz, GET "
      "/metrics.\n"
      "\n"
      "  --users=FILE              who may log in, a name:hash on each line\n"
      "  --hash-password=NAME      print such a line for a password on "
      "stdin\n"
      "  --host=ADDRESS            address to listen on [127.0.0.1]\n"
      "  --engine=uvpool|libuv     bounded pools, or uv_queue_work: no bounds "
      "and "
      "no\n"
      "                            deadlines, and the environment variable\n"
      "                            UV_THREADPOOL_SIZE says how many threads "
      "all work\n"
      "                            shares [uvpool]\n"
      "  --one-pool                one pool of --db-threads + --auth-threads, "
      "of\n"
      "                            which logins get --auth-threads at most, "
      "and\n"
      "                            searches all that are free\n");
  for (size_t i = 0; i < NUMBERS; i++) {
    fprintf(out,
            "  --%s=N%*s%s [%u]\n",
            numbers[i].name,
            (int) (22 - strlen(numbers[i].name)),
            "",
            numbers[i].help,
            numbers[i].initial);
  }
  fprintf(
      out,
      "  --help                    this text\n"
      "\n"
      "SIGTERM and SIGINT end it: no new connections, requests in flight are"
      "\n"
      "answered. A second one ends it at once.\n");
}

static int complain(const char* text, const char* what) {
  fprintf(
      stderr, "search_server: %s%s\nTry: search_server --help\n", text, what);
  return 2;
}

static int set_number(options_t* options, const number_t* number) {
  char* end;
  errno = 0;
  unsigned long value = strtoul(optarg, &end, 10);
  if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || errno != 0 ||
      value < number->min || value > number->max) {
    fprintf(stderr,
            "search_server: --%s is a number from %u to %u.\n",
            number->name,
            number->min,
            number->max);
    return 2;
  }
  *number_at(options, number) = (unsigned) value;
  return -1;
}

static int set(options_t* options, int opt) {
  switch (opt) {
    case OPT_HELP:
      usage(stdout);
      return 0;
    case OPT_ENGINE:
      options->engine = engine_find(optarg);
      return options->engine != NULL
                 ? -1
                 : complain("--engine is uvpool or libuv, not ", optarg);
    case OPT_HOST:
      options->host = optarg;
      return -1;
    case OPT_USERS:
      options->users = optarg;
      return -1;
    case OPT_ONE_POOL:
      options->one_pool = 1;
      return -1;
    case OPT_HASH:
      options->hash_password = optarg;
      return -1;
    default:
      if (opt < FIRST_NUMBER) {
        return complain("the command line is not right.", "");
      }
      return set_number(options, &numbers[opt - FIRST_NUMBER]);
  }
}

static void set_defaults(options_t* options) {
  *options = (options_t) {.engine = &engine_uvpool, .host = "127.0.0.1"};
  for (size_t i = 0; i < NUMBERS; i++) {
    *number_at(options, &numbers[i]) = numbers[i].initial;
  }
}

static void fill_table(struct option* table) {
  table[0] = (struct option) {"help", no_argument, NULL, OPT_HELP};
  table[1] = (struct option) {"engine", required_argument, NULL, OPT_ENGINE};
  table[2] = (struct option) {"host", required_argument, NULL, OPT_HOST};
  table[3] = (struct option) {"users", required_argument, NULL, OPT_USERS};
  table[4] =
      (struct option) {"hash-password", required_argument, NULL, OPT_HASH};
  table[5] = (struct option) {"one-pool", no_argument, NULL, OPT_ONE_POOL};
  for (int i = 0; i < NUMBERS; i++) {
    table[6 + i] = (struct option) {
        numbers[i].name, required_argument, NULL, FIRST_NUMBER + i};
  }
  table[6 + NUMBERS] = (struct option) {NULL, 0, NULL, 0};
}

int options_parse(options_t* options, int argc, char** argv) {
  struct option table[7 + NUMBERS];
  int opt;
  set_defaults(options);
  fill_table(table);
  while ((opt = getopt_long(argc, argv, "", table, NULL)) != -1) {
    int rc = set(options, opt);
    if (rc >= 0) {
      return rc;
    }
  }
  options->directories = argv + optind;
  options->directory_count = (unsigned) (argc - optind);
  if (options->hash_password != NULL) {
    return -1;
  }
  if (options->users == NULL) {
    return complain("say who may log in, with --users=FILE.", "");
  }
  if (options->directory_count == 0) {
    return complain("name a directory to search in.", "");
  }
  return -1;
}
