/* Cells for people and for programs. In a table each contender has a line: the
 * first metric with its range and its ratio to uvpool's, above 1 where uvpool
 * is ahead, and the medians of the others. In JSON each has an object. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

const struct bench_metric_info bench_metrics[BENCH_METRICS] = {
    [BENCH_TIME] = {"time_ns", "time/task", "ns"},
    [BENCH_CPU] = {"cpu_ns", "CPU/task", "ns"},
    [BENCH_SWITCHES] = {"switches", "switches/task", ""},
    [BENCH_ALLOCATIONS] = {"allocations", "allocations", ""},
    [BENCH_P50] = {"p50_ns", "p50", "ns"},
    [BENCH_P99] = {"p99_ns", "p99", "ns"},
    [BENCH_P999] = {"p999_ns", "p99.9", "ns"},
    [BENCH_SYSCALLS] = {"syscalls", "system calls", ""},
    [BENCH_LATE] = {"late_ns", "late at worst", "ns"},
    [BENCH_OWN_LATE] = {"own_late_ns", "own doing", "ns"},
    [BENCH_CREATE] = {"create_ns", "create", "ns"},
    [BENCH_RELEASE] = {"release_ns", "release", "ns"},
    [BENCH_CLOSE] = {"close_ns", "close", "ns"},
    [BENCH_MEMORY] = {"bytes", "memory", "B"},
    [BENCH_WAKEUPS] = {"wakeups", "wake-ups/s", ""},
};

/* Appends to what is there. */
__attribute__((format(printf, 3, 4))) static void add(char* text,
                                                      size_t size,
                                                      const char* format,
                                                      ...) {
  size_t used = 0;
  va_list args;
  while (used < size && text[used] != '\0') {
    used++;
  }
  va_start(args, format);
  vsnprintf(text + used, size - used, format, args);
  va_end(args);
}

void bench_describe(const struct bench_order* order, char* text, size_t size) {
  const struct bench_workload* workload = &bench_workloads[order->workload];
  text[0] = '\0';
  add(text,
      size,
      "%s: %u %s",
      workload->name,
      order->threads,
      order->threads == 1 ? "thread" : "threads");
  if (order->in_flight != 0) {
    add(text, size, ", %llu in flight", (unsigned long long) order->in_flight);
  }
  if (workload->sized || order->task != BENCH_NOOP) {
    add(text, size, ", %s", bench_task_kinds[order->task].name);
  }
  if (order->slow_percent != 0) {
    add(text, size, ", %u %% slow", order->slow_percent);
  }
  if (order->producers != 0) {
    add(text, size, ", %u producers", order->producers);
  }
  if (order->burst != 0) {
    add(text, size, ", bursts of %u", order->burst);
  }
  if (order->gap_us != 0) {
    add(text, size, ", gap %u us", order->gap_us);
  }
  if (order->awake) {
    add(text, size, ", loop awake");
  }
  if (order->busy) {
    add(text, size, ", workers busy");
  }
}

/* A value with a unit that suits it. */
static void format_value(char* text,
                         size_t size,
                         double value,
                         const char* unit) {
  static const char* const times[] = {"ns", "us", "ms", "s"};
  static const char* const memories[] = {"B", "KiB", "MiB"};
  if (isnan(value)) {
    snprintf(text, size, "-");
  } else if (unit[0] == 'n') {
    size_t i = 0;
    for (; i < 3 && fabs(value) >= 1000; i++) {
      value /= 1000;
    }
    snprintf(text, size, "%.*f %s", value < 100 ? 1 : 0, value, times[i]);
  } else if (unit[0] == 'B') {
    size_t i = 0;
    for (; i < 2 && fabs(value) >= 1024; i++) {
      value /= 1024;
    }
    snprintf(text, size, "%.*f %s", value < 100 ? 1 : 0, value, memories[i]);
  } else {
    snprintf(text, size, "%.*f", fabs(value) < 10 ? 3 : 0, value);
  }
}

static void print_range(FILE* out,
                        struct bench_figure figure,
                        const char* unit) {
  char median[32];
  char low[32];
  char high[32];
  char range[80];
  format_value(median, sizeof(median), figure.median, unit);
  format_value(low, sizeof(low), figure.low, unit);
  format_value(high, sizeof(high), figure.high, unit);
  snprintf(range, sizeof(range), "%s to %s", low, high);
  fprintf(out, " %12s %22s", median, range);
}

static void print_line(FILE* out,
                       const struct bench_cell* cell,
                       enum bench_who who) {
  const struct bench_workload* workload =
      &bench_workloads[cell->order.workload];
  const struct bench_figure* figures = cell->figure[who];
  enum bench_metric first = workload->shown[0];
  fprintf(out, "  %-20s", bench_contenders[who].name);
  print_range(out, figures[first], bench_metrics[first].unit);
  double ratio = bench_ratio(cell, who, first);
  if (isfinite(ratio)) {
    fprintf(out, " %8.2f", ratio);
  } else {
    fprintf(out, " %8s", "-");
  }
  for (size_t i = 1; i < workload->shown_count; i++) {
    char text[32];
    enum bench_metric metric = workload->shown[i];
    format_value(
        text, sizeof(text), figures[metric].median, bench_metrics[metric].unit);
    fprintf(out, " %13s", text);
  }
  fputc('\n', out);
}

void bench_print_cell(FILE* out, const struct bench_cell* cell) {
  const struct bench_workload* workload =
      &bench_workloads[cell->order.workload];
  char text[160];
  bench_describe(&cell->order, text, sizeof(text));
  fprintf(out, "%s", text);
  if (!isnan(cell->spread)) {
    fprintf(out, " (uvpool against itself: %.1f %%)", cell->spread * 100);
  }
  fprintf(out,
          "\n  %-20s %12s %22s %8s",
          "",
          bench_metrics[workload->shown[0]].name,
          "lowest to highest",
          "ratio");
  for (size_t i = 1; i < workload->shown_count; i++) {
    fprintf(out, " %13s", bench_metrics[workload->shown[i]].name);
  }
  fputc('\n', out);
  for (enum bench_who who = 0; who < BENCH_CONTENDERS; who++) {
    if ((cell->who & BENCH_BIT(who)) != 0) {
      print_line(out, cell, who);
    } else if ((cell->failed & BENCH_BIT(who)) != 0) {
      fprintf(
          out, "  %-20s could not be measured\n", bench_contenders[who].name);
    }
  }
  fputc('\n', out);
  fflush(out);
}

/* ---- JSON ---------------------------------------------------------------- */

static bool is_first_object;

static void json_number(FILE* out, double value) {
  if (isfinite(value)) {
    fprintf(out, "%.6g", value);
  } else {
    fputs("null", out);
  }
}

void bench_json_begin(FILE* out) {
  struct utsname system;
  char date[32] = "";
  time_t now = time(NULL);
  strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  uname(&system);
  fprintf(out,
          "{\"date\": \"%s\", \"system\": \"%s %s %s\", \"processors\": %ld,\n"
          " \"results\": [",
          date,
          system.sysname,
          system.release,
          system.machine,
          sysconf(_SC_NPROCESSORS_ONLN));
  is_first_object = true;
}

static void json_order(FILE* out, const struct bench_order* order) {
  fprintf(out,
          "{\"workload\": \"%s\", \"threads\": %u, \"in_flight\": %llu, "
          "\"task\": \"%s\", \"slow_percent\": %u, \"producers\": %u, "
          "\"gap_us\": %u, \"burst\": %u, \"awake\": %s, \"busy\": %s",
          bench_workloads[order->workload].name,
          order->threads,
          (unsigned long long) order->in_flight,
          bench_task_kinds[order->task].key,
          order->slow_percent,
          order->producers,
          order->gap_us,
          order->burst,
          order->awake ? "true" : "false",
          order->busy ? "true" : "false");
}

static void json_figures(FILE* out,
                         const struct bench_cell* cell,
                         enum bench_who who) {
  for (int metric = 0; metric < BENCH_METRICS; metric++) {
    const struct bench_figure* figure = &cell->figure[who][metric];
    if (isnan(figure->median)) {
      continue;
    }
    fprintf(out, ", \"%s\": ", bench_metrics[metric].key);
    json_number(out, figure->median);
    fprintf(out, ", \"%s_low\": ", bench_metrics[metric].key);
    json_number(out, figure->low);
    fprintf(out, ", \"%s_high\": ", bench_metrics[metric].key);
    json_number(out, figure->high);
  }
}

void bench_json_cell(FILE* out, const struct bench_cell* cell) {
  enum bench_metric first = bench_workloads[cell->order.workload].shown[0];
  for (enum bench_who who = 0; who < BENCH_CONTENDERS; who++) {
    if ((cell->who & BENCH_BIT(who)) == 0) {
      continue;
    }
    fputs(is_first_object ? "\n  " : ",\n  ", out);
    is_first_object = false;
    json_order(out, &cell->order);
    fprintf(out,
            ", \"who\": \"%s\", \"rounds\": %zu, \"tasks\": %llu, \"ratio\": ",
            bench_contenders[who].key,
            cell->rounds,
            (unsigned long long) cell->tasks[who]);
    json_number(out, bench_ratio(cell, who, first));
    fputs(", \"spread\": ", out);
    json_number(out, cell->spread);
    json_figures(out, cell, who);
    fputc('}', out);
  }
  fflush(out);
}

void bench_json_end(FILE* out) {
  fputs("\n]}\n", out);
}

/* ---- Progress ------------------------------------------------------------ */

void bench_progress(const char* format, ...) {
  va_list args;
  if (!isatty(STDERR_FILENO)) {
    return;
  }
  fputs("\r\033[K", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fflush(stderr);
}

void bench_fail(const char* format, ...) {
  va_list args;
  fputs("uvpool-bench: ", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  exit(1);
}
