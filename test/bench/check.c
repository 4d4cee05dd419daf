/* --check: the targets of the project as a gate that a shared machine can run.
 *
 * Everything is a ratio between two things that were measured in turn, but for
 * what is counted rather than timed. A target that is missed is measured again,
 * up to TRIES times, while there is time: a neighbour that disturbs one try
 * seldom disturbs three. Where no more is asked for than not to be slower,
 * what uvpool differs by from itself in that cell is allowed for. */
#include <math.h>
#include <time.h>

#include "check.h"

enum { TRIES = 3, BUDGET_S = 200 };

static time_t began;

static bool is_met(const struct target* target, const struct finding* finding) {
  return target->direction == AT_LEAST ? finding->value >= finding->limit
                                       : finding->value <= finding->limit;
}

static bool has_time(void) {
  return time(NULL) - began < BUDGET_S;
}

static void print(const struct target* target,
                  const struct finding* finding,
                  const char* verdict) {
  const char* sign = target->direction == AT_LEAST ? ">=" : "<=";
  printf("%-6s %s: %.4g%s, wanted %s %.4g%s",
         verdict,
         target->text,
         finding->value,
         target->unit,
         sign,
         finding->limit,
         target->unit);
  if (!isnan(finding->spread)) {
    printf("; uvpool against itself %.1f %%", finding->spread * 100);
  }
  if (bench_attempt.number > 1) {
    printf("; try %u of %d", bench_attempt.number, TRIES);
  }
  putchar('\n');
  fflush(stdout);
}

/* What is wanted; of what is counted rather than timed, always all of it. */
static double limit_of(const struct target* target, bool busy) {
  if (!busy || target->measure == bench_measure_count) {
    return target->limit;
  }
  return target->direction == AT_LEAST ? target->limit * 2 / 3
                                       : target->limit * 3 / 2;
}

/* Returns false if it is missed in all tries. */
static bool try_target(const struct target* target, bool busy) {
  bench_attempt.oldest = 0;
  for (bench_attempt.number = 1;; bench_attempt.number++) {
    struct finding finding = {NAN, limit_of(target, busy), NAN};
    target->measure(target, &finding);
    if (isnan(finding.value)) {
      printf("-      %s: cannot be measured here\n", target->text);
      return true;
    }
    if (is_met(target, &finding)) {
      print(target, &finding, "ok");
      return true;
    }
    if (target->is_told_only) {
      print(target, &finding, "told");
      return true;
    }
    if (bench_attempt.number == TRIES || !has_time()) {
      print(target, &finding, "FAILS");
      return false;
    }
    bench_attempt.oldest = ++bench_attempt.serial;
  }
}

int bench_check(size_t rounds, unsigned round_ms, bool busy) {
  size_t missed = 0;
  bench_attempt.rounds = rounds;
  bench_attempt.round_ms = round_ms;
  began = time(NULL);
  for (size_t i = 0; i < bench_target_count; i++) {
    missed += try_target(&bench_targets[i], busy) ? 0 : 1;
  }
  bench_end_children();
  printf("%zu of %zu targets met or not to be measured, in %ld s\n",
         bench_target_count - missed,
         bench_target_count,
         (long) (time(NULL) - began));
  return missed == 0 ? 0 : 1;
}
