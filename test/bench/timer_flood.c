/* uvpool-timer-flood: how late a timer of the loop is while completions flood
 * it.
 *
 * All tasks are submitted at once and are done at once; each done callback then
 * takes up to 10 us of the loop's thread. A timer of 1 ms is started over and
 * over, and the worst delay beyond that is what counts. uvpool is run with
 * several budgets, uv_queue_work as it is, and the timer alone on an idle loop,
 * which shows what the machine itself does to it. */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

#include "late_timer.h"

enum { THREADS = 2, IDLE_MS = 2000, BUDGETS_MAX = 8 };

static const char usage[] =
    "Usage: uvpool-timer-flood [options]\n"
    "\n"
    "Prints how late a 1 ms timer is while completions arrive.\n"
    "\n"
    "  --tasks N         completions (1000000)\n"
    "  --callback-us N   each takes 0 to N microseconds of the loop (10)\n"
    "  --budget-us N     completion_budget_us; may be given up to 8 times\n"
    "                    (the default of the library)\n"
    "  --max-late-ms N   fail if uvpool's worst is later\n"
    "  --help            print this\n";

/* Loop thread only, all of it. */
static uv_loop_t loop;
static struct late_timer late;
static uint64_t left;
static uint32_t dice = 1;
static uint64_t callback_ns = 10000;

/* What a done callback does: 0 to callback_ns of work. */
static void spin(void) {
  dice = dice * 1664525u + 1013904223u;
  uint64_t until = uv_hrtime() + callback_ns * (dice >> 16) / 65536u;
  while (uv_hrtime() < until) {
  }
  if (--left == 0) {
    late_timer_stop(&late);
  }
}

static int work(uvpool_task_t* task) {
  (void) task;
  return 0;
}

static void done(uvpool_task_t* task, int status) {
  (void) task;
  (void) status;
  spin();
}

static void their_work(uv_work_t* req) {
  (void) req;
}

static void their_done(uv_work_t* req, int status) {
  (void) req;
  (void) status;
  spin();
}

static void must(int err, const char* what) {
  if (err != 0) {
    fprintf(stderr, "uvpool-timer-flood: %s: %s\n", what, uvpool_strerror(err));
    exit(1);
  }
}

static void* allocate(uint64_t count, size_t size) {
  void* memory = calloc(count, size);
  must(memory == NULL ? UV_ENOMEM : 0, "memory for the tasks");
  return memory;
}

static void flood_uvpool(uint64_t count, int64_t budget_us) {
  uvpool_t* pool = NULL;
  uvpool_options_t options;
  uvpool_options_init(&options);
  options.capacity = THREADS;
  options.max_waiting = UVPOOL_UNLIMITED;
  if (budget_us != 0) {
    options.completion_budget_us = budget_us;
  }
  must(uvpool_create(&loop, &options, &pool), "uvpool_create");
  uvpool_task_t* tasks = allocate(count, sizeof(*tasks));
  for (left = 0; left < count; left++) {
    must(uvpool_submit(pool, &tasks[left], work, done), "uvpool_submit");
  }
  late_timer_start(&late, &loop);
  uv_run(&loop, UV_RUN_DEFAULT);
  uvpool_close(pool, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  free(tasks);
}

static void flood_libuv(uint64_t count) {
  uv_work_t* reqs = allocate(count, sizeof(*reqs));
  for (left = 0; left < count; left++) {
    must(uv_queue_work(&loop, &reqs[left], their_work, their_done),
         "uv_queue_work");
  }
  late_timer_start(&late, &loop);
  uv_run(&loop, UV_RUN_DEFAULT);
  free(reqs);
}

static void stop_idling(uv_timer_t* stop) {
  late_timer_stop(&late);
  uv_close((uv_handle_t*) stop, NULL);
}

static void idle(void) {
  uv_timer_t stop;
  uv_timer_init(&loop, &stop);
  late_timer_start(&late, &loop);
  uv_timer_start(&stop, stop_idling, IDLE_MS, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
}

static void report(const char* name) {
  printf(
      "%-24s %9.2f ms late at worst, fired %6llu times, %llu of them more "
      "than %d ms late\n",
      name,
      (double) late.worst_ns / 1e6,
      (unsigned long long) late.fired,
      (unsigned long long) late.too_late,
      LATE_TIMER_TOO_LATE_MS);
  fflush(stdout);
}

static uint64_t number(const char* text) {
  char* end = NULL;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text == '\0' || *text == '-' || *end != '\0' || value == 0) {
    fprintf(stderr, "uvpool-timer-flood: '%s' is not a number\n", text);
    exit(2);
  }
  return value;
}

struct settings {
  uint64_t tasks;
  int64_t budgets_us[BUDGETS_MAX]; /* 0: the default */
  int budget_count;
  uint64_t max_late_ms; /* 0: not looked at */
};

static void parse(int argc, char** argv, struct settings* settings) {
  static const struct option options[] = {
      {"tasks", required_argument, NULL, 't'},
      {"callback-us", required_argument, NULL, 'c'},
      {"budget-us", required_argument, NULL, 'b'},
      {"max-late-ms", required_argument, NULL, 'm'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int option;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 't') {
      settings->tasks = number(optarg);
    } else if (option == 'c') {
      callback_ns = number(optarg) * 1000u;
    } else if (option == 'b' && settings->budget_count < BUDGETS_MAX) {
      settings->budgets_us[settings->budget_count++] = (int64_t) number(optarg);
    } else if (option == 'm') {
      settings->max_late_ms = number(optarg);
    } else {
      fputs(option == 'h' ? usage : "Try 'uvpool-timer-flood --help'.\n",
            option == 'h' ? stdout : stderr);
      exit(option == 'h' ? 0 : 2);
    }
  }
  if (settings->budget_count == 0) {
    settings->budget_count = 1;
  }
}

int main(int argc, char** argv) {
  struct settings settings = {.tasks = 1000000};
  bool failed = false;
  parse(argc, argv, &settings);
  must(uv_loop_init(&loop), "uv_loop_init");
  idle();
  report("idle loop");
  for (int i = 0; i < settings.budget_count; i++) {
    char name[40] = "uvpool, default budget";
    if (settings.budgets_us[i] != 0) {
      snprintf(name,
               sizeof(name),
               "uvpool, %lld us",
               (long long) settings.budgets_us[i]);
    }
    flood_uvpool(settings.tasks, settings.budgets_us[i]);
    report(name);
    failed = failed || (settings.max_late_ms != 0 &&
                        late.worst_ns > settings.max_late_ms * 1000000u);
  }
  flood_libuv(settings.tasks);
  report("uv_queue_work");
  uv_loop_close(&loop);
  if (failed) {
    fputs("uvpool-timer-flood: later than --max-late-ms\n", stderr);
  }
  return failed ? 1 : 0;
}
