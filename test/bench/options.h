/* The command line of uvpool-bench. */
#ifndef UVPOOL_TEST_BENCH_OPTIONS_H
#define UVPOOL_TEST_BENCH_OPTIONS_H

#include "bench.h"

enum { BENCH_LIST_MAX = 16 };

/* Numbers that were asked for. */
struct bench_list {
  uint64_t value[BENCH_LIST_MAX];
  size_t count;
};

struct bench_options {
  struct bench_list threads;
  struct bench_list in_flight;
  struct bench_list task;     /* enum bench_task */
  struct bench_list workload; /* indices */
  unsigned who;               /* bits */
  uint64_t tasks;             /* of all rounds of one contender; 0: by time */
  size_t rounds;
  unsigned round_ms;
  unsigned time_limit_s; /* 0: none */
  double max_ratio;      /* 0: not looked at */
  bool json;
  bool check;
  bool busy;             /* the machine, with check */
  const char* json_file; /* NULL: none */
};

/* Exits with 2 and a message if it is wrong, with 0 after --help. */
void bench_parse(int argc, char** argv, struct bench_options* options);

#endif /* UVPOOL_TEST_BENCH_OPTIONS_H */
