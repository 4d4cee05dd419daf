/* The command line. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

typedef struct {
  const char* name;
  size_t offset; /* of an unsigned or a string in options_t */
  unsigned min;
  unsigned max;
  unsigned initial;
  const char* help;
} number_t;

static const number_t numbers[] = {
    {"port", offsetof(options_t, port), 1, 65535, 8080, "of the server"},
    {"search",
     offsetof(options_t, connections[0]),
     0,
     4096,
     16,
     "connections that search"},
    {"login",
     offsetof(options_t, connections[1]),
     0,
     4096,
     64,
     "connections that log in"},
    {"healthz",
     offsetof(options_t, connections[2]),
     0,
     4096,
     1,
     "connections that ask for the health"},
    {"search-rate",
     offsetof(options_t, rate[0]),
     0,
     100000,
     0,
     "searches per second; 0: each after the last"},
    {"login-rate", offsetof(options_t, rate[1]), 0, 100000, 0, "logins"},
    {"healthz-rate",
     offsetof(options_t, rate[2]),
     0,
     100000,
     0,
     "questions for the health"},
    {"duration-ms",
     offsetof(options_t, duration_ms),
     100,
     3600000,
     10000,
     "how long requests are sent"},
    {"grace-ms",
     offsetof(options_t, grace_ms),
     0,
     600000,
     30000,
     "how long answers are waited for then"},
    {"pause-ms",
     offsetof(options_t, pause_ms),
     1,
     60000,
     50,
     "pause of a client that was refused: 503, 504"},
    {"healthz-pause-ms",
     offsetof(options_t, healthz_pause_ms),
     0,
     60000,
     10,
     "pause between two questions for the health"},
    {"pipeline",
     offsetof(options_t, pipeline),
     1,
     PIPELINE_LIMIT,
     1,
     "requests on the way per connection"},
};

typedef struct {
  const char* name;
  size_t offset;
  const char* initial;
  const char* help;
} string_t;

static const string_t strings[] = {
    {"host", offsetof(options_t, host), "127.0.0.1", "address of the server"},
    {"user", offsetof(options_t, user), "alice", "who logs in"},
    {"password", offsetof(options_t, password), "secret", "and how"},
    {"words",
     offsetof(options_t, words),
     "thread,queue,buffer,memory",
     "to search for, separated by commas"},
    {"label", offsetof(options_t, label), "", "first column of the table"},
    {"json", offsetof(options_t, json), NULL, "write the figures to this file"},
};

enum {
  NUMBERS = sizeof numbers / sizeof numbers[0],
  STRINGS = sizeof strings / sizeof strings[0]
};

enum {
  OPT_HELP = 256,
  OPT_NO_HEADER,
  OPT_URL,
  FIRST_NUMBER,
  FIRST_STRING = FIRST_NUMBER + NUMBERS
};

static void* at(options_t* options, size_t offset) {
  return (char*) options + offset;
}

static void usage(FILE* out) {
  fprintf(
      out,
      "usage: load [OPTION]...\n"
      "\n"
      "Sends requests to a search_server and prints, for every route, the "
      "answers\n"
      "per second, their latency, and how many had which status. Answers of "
      "503 and\n"
      "504 are refusals: they count as such only. Ends with 1 if a request was "
      "not\n"
      "answered, or twice, or out of order.\n"
      "\n"
      "  --url=http://HOST:PORT    both at once\n");
  for (size_t i = 0; i < STRINGS; i++) {
    fprintf(out,
            "  --%s=TEXT%*s%s%s%s%s\n",
            strings[i].name,
            (int) (19 - strlen(strings[i].name)),
            "",
            strings[i].help,
            strings[i].initial == NULL || *strings[i].initial == 0 ? "" : " [",
            strings[i].initial == NULL ? "" : strings[i].initial,
            strings[i].initial == NULL || *strings[i].initial == 0 ? "" : "]");
  }
  for (size_t i = 0; i < NUMBERS; i++) {
    fprintf(out,
            "  --%s=N%*s%s [%u]\n",
            numbers[i].name,
            (int) (22 - strlen(numbers[i].name)),
            "",
            numbers[i].help,
            numbers[i].initial);
  }
  fprintf(out,
          "  --no-header               only the rows of the table\n"
          "  --help                    this text\n");
}

static int complain(const char* text, const char* what) {
  fprintf(stderr, "load: %s%s\nTry: load --help\n", text, what);
  return 2;
}

static int set_number(options_t* options,
                      const number_t* number,
                      const char* text) {
  char* end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
      value < number->min || value > number->max) {
    fprintf(stderr,
            "load: --%s is a number from %u to %u.\n",
            number->name,
            number->min,
            number->max);
    return 2;
  }
  *(unsigned*) at(options, number->offset) = (unsigned) value;
  return -1;
}

/* Cuts "http://host:port/" in place. */
static int set_url(options_t* options, char* url) {
  static const char scheme[] = "http://";
  if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
    return complain("--url begins with http://, not ", url);
  }
  char* host = url + sizeof scheme - 1;
  char* colon = strrchr(host, ':');
  if (colon == NULL) {
    return complain("--url needs a port: ", url);
  }
  *colon = '\0';
  colon[1 + strcspn(colon + 1, "/")] = '\0';
  options->host = host;
  return set_number(options, &numbers[0], colon + 1);
}

static int set(options_t* options, int opt) {
  switch (opt) {
    case OPT_HELP:
      usage(stdout);
      return 0;
    case OPT_NO_HEADER:
      options->no_header = 1;
      return -1;
    case OPT_URL:
      return set_url(options, optarg);
    default:
      break;
  }
  if (opt >= FIRST_STRING) {
    *(const char**) at(options, strings[opt - FIRST_STRING].offset) = optarg;
    return -1;
  }
  if (opt >= FIRST_NUMBER) {
    return set_number(options, &numbers[opt - FIRST_NUMBER], optarg);
  }
  return complain("the command line is not right.", "");
}

static void set_defaults(options_t* options) {
  memset(options, 0, sizeof *options);
  for (size_t i = 0; i < NUMBERS; i++) {
    *(unsigned*) at(options, numbers[i].offset) = numbers[i].initial;
  }
  for (size_t i = 0; i < STRINGS; i++) {
    *(const char**) at(options, strings[i].offset) = strings[i].initial;
  }
}

static void fill_table(struct option* table) {
  int n = 0;
  table[n++] = (struct option) {"help", no_argument, NULL, OPT_HELP};
  table[n++] = (struct option) {"no-header", no_argument, NULL, OPT_NO_HEADER};
  table[n++] = (struct option) {"url", required_argument, NULL, OPT_URL};
  for (int i = 0; i < NUMBERS; i++) {
    table[n++] = (struct option) {
        numbers[i].name, required_argument, NULL, FIRST_NUMBER + i};
  }
  for (int i = 0; i < STRINGS; i++) {
    table[n++] = (struct option) {
        strings[i].name, required_argument, NULL, FIRST_STRING + i};
  }
  table[n] = (struct option) {NULL, 0, NULL, 0};
}

int options_parse(options_t* options, int argc, char** argv) {
  struct option table[4 + NUMBERS + STRINGS];
  int opt;
  set_defaults(options);
  fill_table(table);
  while ((opt = getopt_long(argc, argv, "", table, NULL)) != -1) {
    int rc = set(options, opt);
    if (rc >= 0) {
      return rc;
    }
  }
  if (optind < argc) {
    return complain("what is ", argv[optind]);
  }
  if (strlen(options->user) > 64 || strlen(options->password) > 64) {
    return complain("--user and --password have at most 64 bytes.", "");
  }
  return -1;
}
