/* What a process has used: the wall's time, its processor time, its context
 * switches, its memory. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pool.h"

static uint64_t to_ns(struct timeval time) {
  return (uint64_t) time.tv_sec * 1000000000u + (uint64_t) time.tv_usec * 1000u;
}

struct bench_usage bench_usage_now(void) {
  struct rusage used;
  struct bench_usage now = {.wall_ns = uv_hrtime()};
  getrusage(RUSAGE_SELF, &used);
  now.cpu_ns = to_ns(used.ru_utime) + to_ns(used.ru_stime);
  now.switches = (uint64_t) used.ru_nvcsw + (uint64_t) used.ru_nivcsw;
  now.allocations_known = bench_allocations(&now.allocations);
  return now;
}

void bench_clear_sample(struct bench_sample* sample) {
  memset(sample, 0, sizeof(*sample));
  for (int i = 0; i < BENCH_METRICS; i++) {
    sample->value[i] = NAN;
  }
}

void bench_note_usage(struct bench_sample* sample,
                      const struct bench_usage* began,
                      const struct bench_usage* ended,
                      uint64_t tasks) {
  double count = (double) tasks;
  sample->value[BENCH_TIME] =
      (double) (ended->wall_ns - began->wall_ns) / count;
  sample->value[BENCH_CPU] = (double) (ended->cpu_ns - began->cpu_ns) / count;
  sample->value[BENCH_SWITCHES] =
      (double) (ended->switches - began->switches) / count;
  if (ended->allocations_known) {
    sample->value[BENCH_ALLOCATIONS] =
        (double) (ended->allocations - began->allocations);
  }
  sample->tasks = tasks;
}

void bench_note_quantiles(struct bench_sample* sample,
                          double* values,
                          size_t count) {
  sample->value[BENCH_P50] = bench_quantile(values, count, 0.5);
  sample->value[BENCH_P99] = bench_quantile(values, count, 0.99);
  sample->value[BENCH_P999] = bench_quantile(values, count, 0.999);
}

/* The number after `name` in a file of lines "name: number ..."; 0 if there is
 * none. */
static uint64_t read_field(const char* path, const char* name) {
  char line[256];
  uint64_t value = 0;
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    return 0;
  }
  while (fgets(line, sizeof(line), file) != NULL) {
    if (strncmp(line, name, strlen(name)) == 0) {
      value = strtoull(line + strlen(name), NULL, 10);
      break;
    }
  }
  fclose(file);
  return value;
}

uint64_t bench_resident(void) {
  /* Walks the page tables; the counters of statm lag behind by threads. */
  return read_field("/proc/self/smaps_rollup", "Rss:") * 1024;
}

uint64_t bench_sleeps_of_others(void) {
  uint64_t sum = 0;
  char self[32];
  snprintf(self, sizeof(self), "%ld", (long) syscall(SYS_gettid));
  DIR* threads = opendir("/proc/self/task");
  struct dirent* entry;
  while (threads != NULL && (entry = readdir(threads)) != NULL) {
    char path[300];
    if (entry->d_name[0] == '.' || strcmp(entry->d_name, self) == 0) {
      continue;
    }
    snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
    sum += read_field(path, "voluntary_ctxt_switches:");
  }
  if (threads != NULL) {
    closedir(threads);
  }
  return sum;
}
