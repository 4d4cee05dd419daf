/* The command line: lists, presets of lists, and the rest. */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
  ROUNDS = 5,
  ROUND_MS = 150,
  CHECK_MS = 100,
  QUICK_MS = 60,
  MOST_THREADS = 1024
};

static const char usage[] =
    "Usage: uvpool-bench [options]\n"
    "\n"
    "Runs workloads on uvpool and on its rivals, in turn, and prints for each\n"
    "cell the median, the range, and the ratio of every rival to uvpool, "
    "above\n"
    "1 where uvpool is ahead; and how far uvpool is from itself.\n"
    "\n"
    "What is run; lists are separated by commas:\n"
    "  --threads LIST    worker threads (4)\n"
    "  --in-flight LIST  tasks in flight (4096)\n"
    "  --task LIST       no-op, 1us, 10us, 100us of processor time, sleep, or\n"
    "                    all (no-op)\n"
    "  --workload LIST   names below, or all (flood, which is the matrix of "
    "the\n"
    "                    three lists above)\n"
    "  --rivals LIST     names below (all)\n"
    "  --quick           a small matrix with short rounds\n"
    "  --full            the whole matrix and all workloads\n"
    "  --check           the targets of the project, by ratios, in at most "
    "five\n"
    "                    minutes; fails if one is missed\n"
    "  --busy            with --check: the machine has other things to do, so\n"
    "                    that of what is timed two thirds will do\n"
    "\n"
    "How:\n"
    "  --rounds N        rounds of each, 1 to 99 (5)\n"
    "  --round-ms N      about how long a round takes (150; 100 for --check, "
    "60\n"
    "                    for --quick)\n"
    "  --tasks N         tasks for each, all rounds together, in place of "
    "that\n"
    "  --time-limit S    begin no cell after so many seconds\n"
    "  --max-ratio R     fail if in a cell of the flood uvpool's time by that\n"
    "                    of uv_queue_work is above R, or if uvpool allocates\n"
    "  --json            print JSON\n"
    "  --json-file FILE  print the table, and write JSON to a file\n"
    "  --help            print this\n";

static void print_usage(void) {
  fputs(usage, stdout);
  puts("\nWorkloads:");
  for (size_t i = 0; i < bench_workload_count; i++) {
    printf("  %-14s %s\n", bench_workloads[i].name, bench_workloads[i].what);
  }
  puts("\nRivals, and limits of the machine:");
  for (enum bench_who who = 0; who < BENCH_CONTENDERS; who++) {
    printf("  %-14s %s%s\n",
           bench_contenders[who].key,
           bench_contenders[who].what,
           bench_is_built(who) ? "" : " (not in this build)");
  }
}

static void reject(const char* option, const char* text) {
  fprintf(stderr,
          "uvpool-bench: --%s: '%s' will not do. Try --help.\n",
          option,
          text);
  exit(2);
}

static uint64_t parse_number(const char* option,
                             const char* text,
                             size_t length,
                             uint64_t most) {
  char digits[24];
  char* end = NULL;
  if (length == 0 || length >= sizeof(digits)) {
    reject(option, text);
  }
  memcpy(digits, text, length);
  digits[length] = '\0';
  unsigned long long value = strtoull(digits, &end, 10);
  if (digits[0] == '-' || *end != '\0' || value == 0 || value > most) {
    reject(option, text);
  }
  return value;
}

static uint64_t number(const char* option, const char* text, uint64_t most) {
  return parse_number(option, text, strlen(text), most);
}

static void append(struct bench_list* list, uint64_t value) {
  if (list->count < BENCH_LIST_MAX) {
    list->value[list->count++] = value;
  }
}

/* ---- Items of lists, each of `length` characters ------------------------- */

static void add_threads(struct bench_options* options,
                        const char* text,
                        size_t length) {
  append(&options->threads,
         parse_number("threads", text, length, MOST_THREADS));
}

static void add_in_flight(struct bench_options* options,
                          const char* text,
                          size_t length) {
  append(&options->in_flight,
         parse_number("in-flight", text, length, 10000000));
}

static bool is_item(const char* name, const char* text, size_t length) {
  return strlen(name) == length && strncmp(name, text, length) == 0;
}

static void add_task(struct bench_options* options,
                     const char* text,
                     size_t length) {
  size_t before = options->task.count;
  bool all = is_item("all", text, length);
  for (int kind = 0; kind < BENCH_TASKS; kind++) {
    if (all || is_item(bench_task_kinds[kind].key, text, length)) {
      append(&options->task, (uint64_t) kind);
    }
  }
  if (options->task.count == before) {
    reject("task", text);
  }
}

static void add_workload(struct bench_options* options,
                         const char* text,
                         size_t length) {
  if (is_item("all", text, length)) {
    for (unsigned i = 0; i < bench_workload_count; i++) {
      append(&options->workload, i);
    }
    return;
  }
  unsigned index = bench_find_workload(text, length);
  if (index == bench_workload_count) {
    reject("workload", text);
  }
  append(&options->workload, index);
}

static void add_rival(struct bench_options* options,
                      const char* text,
                      size_t length) {
  for (enum bench_who who = 0; who < BENCH_CONTENDERS; who++) {
    if (is_item(bench_contenders[who].key, text, length)) {
      options->who |= BENCH_BIT(who);
      return;
    }
  }
  reject("rivals", text);
}

static void each_item(struct bench_options* options,
                      const char* list,
                      void (*add)(struct bench_options*,
                                  const char* text,
                                  size_t length)) {
  for (;;) {
    size_t length = strcspn(list, ",");
    add(options, list, length);
    if (list[length] == '\0') {
      return;
    }
    list += length + 1;
  }
}

/* ---- All of it ----------------------------------------------------------- */

enum { FULL = 256, QUICK, TASKS, ROUND, LIMIT, RATIO, JSON_FILE };

static const struct option long_options[] = {
    {"threads", required_argument, NULL, 'n'},
    {"in-flight", required_argument, NULL, 'f'},
    {"task", required_argument, NULL, 't'},
    {"workload", required_argument, NULL, 'w'},
    {"rivals", required_argument, NULL, 'v'},
    {"quick", no_argument, NULL, QUICK},
    {"full", no_argument, NULL, FULL},
    {"check", no_argument, NULL, 'c'},
    {"busy", no_argument, NULL, 'b'},
    {"rounds", required_argument, NULL, 'r'},
    {"round-ms", required_argument, NULL, ROUND},
    {"tasks", required_argument, NULL, TASKS},
    {"time-limit", required_argument, NULL, LIMIT},
    {"max-ratio", required_argument, NULL, RATIO},
    {"json", no_argument, NULL, 'j'},
    {"json-file", required_argument, NULL, JSON_FILE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void use_full(struct bench_options* options) {
  each_item(options, "1,2,4,16,64,256", add_threads);
  each_item(options, "1,16,256,4096,100000", add_in_flight);
  each_item(options, "all", add_task);
  each_item(options, "all", add_workload);
}

static void use_quick(struct bench_options* options) {
  each_item(options, "1,4,64", add_threads);
  each_item(options, "1,256,4096", add_in_flight);
  each_item(options, "no-op,1us,sleep", add_task);
  options->round_ms = QUICK_MS;
}

static bool parse_list(int option, struct bench_options* options) {
  switch (option) {
    case 'n':
      each_item(options, optarg, add_threads);
      return true;
    case 'f':
      each_item(options, optarg, add_in_flight);
      return true;
    case 't':
      each_item(options, optarg, add_task);
      return true;
    case 'w':
      each_item(options, optarg, add_workload);
      return true;
    case 'v':
      each_item(options, optarg, add_rival);
      return true;
    case FULL:
      use_full(options);
      return true;
    case QUICK:
      use_quick(options);
      return true;
    default:
      return false;
  }
}

static void parse_ratio(struct bench_options* options) {
  char* end = NULL;
  options->max_ratio = strtod(optarg, &end);
  if (*end != '\0' || !(options->max_ratio > 0)) {
    reject("max-ratio", optarg);
  }
}

static void parse_other(int option, struct bench_options* options) {
  switch (option) {
    case 'c':
      options->check = true;
      break;
    case 'b':
      options->busy = true;
      break;
    case 'r':
      options->rounds = (size_t) number("rounds", optarg, BENCH_ROUNDS_MAX);
      break;
    case ROUND:
      options->round_ms = (unsigned) number("round-ms", optarg, 10000);
      break;
    case TASKS:
      options->tasks = number("tasks", optarg, 1000000000000u);
      break;
    case LIMIT:
      options->time_limit_s = (unsigned) number("time-limit", optarg, 1000000);
      break;
    case RATIO:
      parse_ratio(options);
      break;
    case 'j':
      options->json = true;
      break;
    case JSON_FILE:
      options->json_file = optarg;
      break;
    case 'h':
      print_usage();
      exit(0);
    default:
      fputs("Try 'uvpool-bench --help'.\n", stderr);
      exit(2);
  }
}

/* What nobody has asked for has its default. */
static void fill_up(struct bench_options* options) {
  if (options->threads.count == 0) {
    append(&options->threads, 4);
  }
  if (options->in_flight.count == 0) {
    append(&options->in_flight, 4096);
  }
  if (options->task.count == 0) {
    append(&options->task, BENCH_NOOP);
  }
  if (options->workload.count == 0) {
    append(&options->workload, 0);
  }
  if (options->who == 0) {
    options->who = BENCH_BIT(BENCH_CONTENDERS) - 1;
  }
  if (options->round_ms == 0) {
    options->round_ms = options->check ? CHECK_MS : ROUND_MS;
  }
  /* There is nothing to compare without it. */
  options->who |= BENCH_BIT(BENCH_UVPOOL) | BENCH_BIT(BENCH_UVPOOL_AGAIN);
}

void bench_parse(int argc, char** argv, struct bench_options* options) {
  int option;
  memset(options, 0, sizeof(*options));
  options->rounds = ROUNDS;
  while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
    if (!parse_list(option, options)) {
      parse_other(option, options);
    }
  }
  if (optind < argc) {
    reject("help", argv[optind]);
  }
  fill_up(options);
}
