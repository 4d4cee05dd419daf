/* uvpool-bench: uvpool against libuv's pool, GLib's, a thread for each task,
 * and the machine itself, under the same loads, in turn. Only ratios of one run
 * say something on a shared machine.
 *
 * bench.h has the words; measure.c how a cell comes about; child.c and serve.c
 * the processes; pool_*.c and limit_*.c the contenders; workloads.c and the
 * load_*.c what they do; check*.c the targets. */
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "options.h"
#include "pool.h"

/* What goes on, from cell to cell. */
struct run {
  const struct bench_options* options;
  FILE* json; /* NULL: not wanted */
  time_t began;
  size_t cells;
  size_t left_out; /* for want of time */
  bool failed;     /* --max-ratio */
};

static void judge(struct run* run, const struct bench_cell* cell) {
  const struct bench_figure* ours = cell->figure[BENCH_UVPOOL];
  double ratio = 1 / bench_ratio(cell, BENCH_UV, BENCH_TIME);
  bool allocates = ours[BENCH_ALLOCATIONS].median > 0;
  if (run->options->max_ratio <= 0 || cell->order.workload != 0) {
    return;
  }
  if (ratio > run->options->max_ratio || allocates) {
    fprintf(stderr,
            "uvpool-bench: uvpool / uv_queue_work is %.2f, --max-ratio is "
            "%.2f%s\n",
            ratio,
            run->options->max_ratio,
            allocates ? ", and uvpool allocates" : "");
    run->failed = true;
  }
}

static void run_cell(struct run* run, struct bench_order order) {
  static struct bench_cell cell;
  const struct bench_options* options = run->options;
  size_t most = bench_workloads[order.workload].rounds_max;
  size_t rounds = most != 0 && most < options->rounds ? most : options->rounds;
  char text[160];
  if (options->time_limit_s != 0 &&
      time(NULL) - run->began > (time_t) options->time_limit_s) {
    run->left_out++;
    return;
  }
  order.round_ms = options->round_ms;
  if (options->tasks != 0 && bench_workloads[order.workload].sized) {
    order.tasks = options->tasks / rounds;
    order.tasks = order.tasks == 0 ? 1 : order.tasks;
  }
  bench_describe(&order, text, sizeof(text));
  bench_progress("%zu: %s", ++run->cells, text);
  bench_measure(&order, options->who, rounds, &cell);
  bench_progress("%s", "");
  if (!options->json) {
    bench_print_cell(stdout, &cell);
  }
  if (run->json != NULL) {
    bench_json_cell(run->json, &cell);
  }
  judge(run, &cell);
}

static void run_matrix(struct run* run, unsigned workload) {
  const struct bench_options* options = run->options;
  for (size_t i = 0; i < options->threads.count; i++) {
    for (size_t j = 0; j < options->in_flight.count; j++) {
      for (size_t k = 0; k < options->task.count; k++) {
        struct bench_order order = {
            .workload = workload,
            .threads = (unsigned) options->threads.value[i],
            .in_flight = options->in_flight.value[j],
            .task = (enum bench_task) options->task.value[k],
        };
        run_cell(run, order);
      }
    }
  }
}

static void run_workload(struct run* run, unsigned index) {
  const struct bench_workload* workload = &bench_workloads[index];
  if (workload->orders == NULL) {
    run_matrix(run, index);
    return;
  }
  for (size_t i = 0; i < workload->order_count; i++) {
    struct bench_order order = workload->orders[i];
    order.workload = index;
    run_cell(run, order);
  }
}

static void open_json(struct run* run) {
  if (run->options->json) {
    run->json = stdout;
  } else if (run->options->json_file != NULL) {
    run->json = fopen(run->options->json_file, "w");
    if (run->json == NULL) {
      bench_fail("cannot write %s", run->options->json_file);
    }
  }
  if (run->json != NULL) {
    bench_json_begin(run->json);
  }
}

static void close_json(struct run* run) {
  if (run->json == NULL) {
    return;
  }
  bench_json_end(run->json);
  if (run->json != stdout && fclose(run->json) != 0) {
    bench_fail("cannot write %s", run->options->json_file);
  }
}

int main(int argc, char** argv) {
  struct bench_options options;
  bench_parse(argc, argv, &options);
  bench_calibrate_spin();
  if (options.check) {
    return bench_check(options.rounds, options.round_ms, options.busy);
  }
  struct run run = {.options = &options, .began = time(NULL)};
  open_json(&run);
  for (size_t i = 0; i < options.workload.count; i++) {
    run_workload(&run, (unsigned) options.workload.value[i]);
  }
  bench_end_children();
  close_json(&run);
  if (run.left_out != 0) {
    fprintf(stderr,
            "uvpool-bench: %zu cells left out for want of time\n",
            run.left_out);
  }
  return run.failed ? 1 : 0;
}
