/* uvpool-bench: uvpool and uv_queue_work under the same flood of no-op tasks.
 *
 * Both run in one process, in alternation, after one round each that is not
 * counted; only the ratio of their medians says something on a shared machine.
 * With --max-ratio the exit status is 1 when uvpool needs more than that part
 * of uv_queue_work's time, or allocates. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

#include "bench.h"

enum { ROUNDS_MAX = 99 };

struct settings {
  struct bench_flood flood;
  size_t rounds;
  double max_ratio; /* 0: not looked at */
  bool json;
};

struct result {
  double ours[ROUNDS_MAX];
  double theirs[ROUNDS_MAX];
  uint64_t allocations; /* in all counted rounds of uvpool */
  bool allocations_known;
};

static const char usage[] =
    "Usage: uvpool-bench [options]\n"
    "\n"
    "Runs no-op tasks through uvpool and through uv_queue_work, in turn, and\n"
    "prints the time per task, the ratio, and uvpool's heap allocations.\n"
    "\n"
    "  --tasks N       tasks for each, all rounds together (10000000)\n"
    "  --threads N     worker threads (4)\n"
    "  --in-flight N   tasks in flight (4096)\n"
    "  --rounds N      rounds of each, 1 to 99 (5)\n"
    "  --max-ratio R   fail if uvpool / uv_queue_work is above R, or if "
    "uvpool\n"
    "                  allocates\n"
    "  --json          print JSON\n"
    "  --help          print this\n";

static uint64_t number(const char* name, const char* text, uint64_t most) {
  char* end = NULL;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text == '\0' || *text == '-' || *end != '\0' || value == 0 ||
      value > most) {
    fprintf(stderr,
            "uvpool-bench: --%s wants a number from 1 to %llu, not '%s'\n",
            name,
            (unsigned long long) most,
            text);
    exit(2);
  }
  return value;
}

static void parse(int argc, char** argv, struct settings* settings) {
  static const struct option options[] = {
      {"tasks", required_argument, NULL, 't'},
      {"threads", required_argument, NULL, 'n'},
      {"in-flight", required_argument, NULL, 'f'},
      {"rounds", required_argument, NULL, 'r'},
      {"max-ratio", required_argument, NULL, 'm'},
      {"json", no_argument, NULL, 'j'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  uint64_t tasks = 10000000;
  int option;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    switch (option) {
      case 't':
        tasks = number("tasks", optarg, 1000000000000u);
        break;
      case 'n':
        settings->flood.threads = (unsigned) number("threads", optarg, 1024);
        break;
      case 'f':
        settings->flood.in_flight = number("in-flight", optarg, 10000000);
        break;
      case 'r':
        settings->rounds = (size_t) number("rounds", optarg, ROUNDS_MAX);
        break;
      case 'm':
        settings->max_ratio = strtod(optarg, NULL);
        break;
      case 'j':
        settings->json = true;
        break;
      case 'h':
        fputs(usage, stdout);
        exit(0);
      default:
        fputs("Try 'uvpool-bench --help'.\n", stderr);
        exit(2);
    }
  }
  settings->flood.tasks = tasks / settings->rounds;
  if (settings->flood.tasks < settings->flood.in_flight) {
    fputs("uvpool-bench: fewer --tasks in a round than --in-flight\n", stderr);
    exit(2);
  }
}

static void open_rival(const struct bench_rival* rival,
                       const struct bench_flood* flood) {
  int err = rival->open(flood);
  if (err != 0) {
    fprintf(stderr, "%s: %s\n", rival->name, uvpool_strerror(err));
    exit(1);
  }
}

static void measure(const struct settings* settings, struct result* result) {
  const struct bench_flood* flood = &settings->flood;
  open_rival(&bench_uvpool, flood);
  open_rival(&bench_uv_queue_work, flood);
  bench_uvpool.run(flood);
  bench_uv_queue_work.run(flood);
  for (size_t i = 0; i < settings->rounds; i++) {
    uint64_t before = 0;
    uint64_t after = 0;
    bench_allocations(&before);
    result->ours[i] = bench_uvpool.run(flood);
    result->allocations_known = bench_allocations(&after);
    result->allocations += after - before;
    result->theirs[i] = bench_uv_queue_work.run(flood);
  }
  bench_uvpool.close();
  bench_uv_queue_work.close();
}

static void print_table(const struct settings* settings,
                        const struct result* result,
                        struct bench_figure ours,
                        struct bench_figure theirs) {
  printf(
      "%llu no-op tasks each, %u threads, %llu in flight, %zu rounds in "
      "alternation\n\n",
      (unsigned long long) (settings->flood.tasks * settings->rounds),
      settings->flood.threads,
      (unsigned long long) settings->flood.in_flight,
      settings->rounds);
  printf("%-16s %14s %20s\n", "", "ns per task", "lowest to highest");
  printf("%-16s %14.1f %12.1f to %.1f\n",
         bench_uvpool.name,
         ours.median,
         ours.low,
         ours.high);
  printf("%-16s %14.1f %12.1f to %.1f\n",
         bench_uv_queue_work.name,
         theirs.median,
         theirs.low,
         theirs.high);
  printf("%-16s %14.2f\n", "ratio", ours.median / theirs.median);
  if (result->allocations_known) {
    printf("%-16s %14llu\n",
           "heap allocations",
           (unsigned long long) result->allocations);
  }
}

static void print_json(const struct settings* settings,
                       const struct result* result,
                       struct bench_figure ours,
                       struct bench_figure theirs) {
  printf(
      "{\"tasks\": %llu, \"threads\": %u, \"in_flight\": %llu, "
      "\"rounds\": %zu, \"uvpool_ns\": %.1f, \"uv_queue_work_ns\": %.1f, "
      "\"ratio\": %.3f, \"allocations\": ",
      (unsigned long long) (settings->flood.tasks * settings->rounds),
      settings->flood.threads,
      (unsigned long long) settings->flood.in_flight,
      settings->rounds,
      ours.median,
      theirs.median,
      ours.median / theirs.median);
  if (result->allocations_known) {
    printf("%llu}\n", (unsigned long long) result->allocations);
  } else {
    printf("null}\n");
  }
}

int main(int argc, char** argv) {
  struct settings settings = {
      .flood = {.in_flight = 4096, .threads = 4},
      .rounds = 5,
  };
  static struct result result;
  parse(argc, argv, &settings);
  measure(&settings, &result);
  struct bench_figure ours = bench_sum_up(result.ours, settings.rounds);
  struct bench_figure theirs = bench_sum_up(result.theirs, settings.rounds);
  if (settings.json) {
    print_json(&settings, &result, ours, theirs);
  } else {
    print_table(&settings, &result, ours, theirs);
  }
  if (settings.max_ratio > 0 &&
      (ours.median > settings.max_ratio * theirs.median ||
       result.allocations > 0)) {
    fprintf(stderr,
            "uvpool-bench: above the ratio of %.2f, or allocations\n",
            settings.max_ratio);
    return 1;
  }
  return 0;
}
