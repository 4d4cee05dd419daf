/* The figures, as a table for people and as JSON for programs.
 *
 * In the table p50, p99 and max are of answers that are no refusals, and
 * "queue" is the longest that one of those had waited for a worker, as the
 * server tells in Server-Timing. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

/* "12.3 ms", "4.56 s", "789 us": three digits are as good as the figure is. */
static const char* duration(uint64_t us, char* out, size_t size) {
  if (us >= 10000000) {
    snprintf(out, size, "%.1f s", (double) us / 1e6);
  } else if (us >= 1000000) {
    snprintf(out, size, "%.2f s", (double) us / 1e6);
  } else if (us >= 1000) {
    snprintf(out, size, "%.1f ms", (double) us / 1e3);
  } else {
    snprintf(out, size, "%" PRIu64 " us", us);
  }
  return out;
}

static uint64_t other_statuses(const route_t* route) {
  uint64_t n = 0;
  for (unsigned status = 0; status < STATUS_LIMIT; status++) {
    if (status != 200 && status != 401 && status != 503 && status != 504) {
      n += route->status[status];
    }
  }
  return n;
}

static double per_second(const load_t* load, const route_t* route) {
  return (double) route->in_time * 1000.0 / load->options->duration_ms;
}

/* A percentile for the table; "-" if there is nothing to tell. */
static const char* percentile(const histogram_t* h,
                              double percent,
                              char* out,
                              size_t size) {
  if (h->count == 0) {
    return "-";
  }
  return duration(histogram_percentile(h, percent), out, size);
}

static void print_header(void) {
  printf("%-8s %-8s %5s %9s %8s %8s %8s %8s ",
         "server",
         "route",
         "conns",
         "answers/s",
         "p50",
         "p99",
         "max",
         "queue");
  printf("%6s %4s %6s %8s %6s %8s %5s %4s %5s\n",
         "200",
         "401",
         "503",
         "its p99",
         "504",
         "its p99",
         "other",
         "lost",
         "twice");
}

static void print_row(const load_t* load, const route_t* route) {
  char text[6][32];
  const histogram_t* h = &route->latency;
  printf("%-8s %-8s %5u %9.1f %8s %8s %8s %8s ",
         load->options->label,
         route->name,
         route->connections,
         per_second(load, route),
         percentile(h, 50, text[0], sizeof text[0]),
         percentile(h, 99, text[1], sizeof text[1]),
         percentile(h, 100, text[2], sizeof text[2]),
         percentile(&route->queue, 100, text[3], sizeof text[3]));
  printf("%6" PRIu64 " %4" PRIu64 " %6" PRIu64 " %8s %6" PRIu64 " %8s",
         route->status[200],
         route->status[401],
         route->status[503],
         percentile(&route->refused, 99, text[4], sizeof text[4]),
         route->status[504],
         percentile(&route->expired, 99, text[5], sizeof text[5]));
  printf(" %5" PRIu64 " %4" PRIu64 " %5" PRIu64 "\n",
         other_statuses(route),
         route->lost,
         route->duplicate + route->misordered);
}

void report_table(const load_t* load) {
  if (!load->options->no_header) {
    print_header();
  }
  for (int i = 0; i < ROUTE_COUNT; i++) {
    if (load->routes[i].connections > 0) {
      print_row(load, &load->routes[i]);
    }
  }
}

static void write_statuses(FILE* out, const route_t* route) {
  const char* separator = "";
  for (unsigned status = 0; status < STATUS_LIMIT; status++) {
    if (route->status[status] == 0) {
      continue;
    }
    fprintf(out, "%s\"%u\":%" PRIu64, separator, status, route->status[status]);
    separator = ",";
  }
}

/* One route a line, so that line tools can read it too. */
static void write_route(FILE* out, const load_t* load, const route_t* route) {
  const histogram_t* h = &route->latency;
  fprintf(out,
          "{\"route\":\"%s\",\"connections\":%u,\"answers_per_second\":%.1f,"
          "\"p50_us\":%" PRIu64 ",\"p99_us\":%" PRIu64 ",\"max_us\":%" PRIu64
          ",\"queue_p99_us\":%" PRIu64 ",\"queue_max_us\":%" PRIu64
          ",\"503_p99_us\":%" PRIu64 ",\"504_p99_us\":%" PRIu64
          ",\"late_p99_us\":%" PRIu64 ",\"arrived\":%" PRIu64
          ",\"unsent\":%" PRIu64 ",\"answers\":%" PRIu64 ",\"lost\":%" PRIu64
          ",\"duplicate\":%" PRIu64 ",\"misordered\":%" PRIu64 ",\"status\":{",
          route->name,
          route->connections,
          per_second(load, route),
          histogram_percentile(h, 50),
          histogram_percentile(h, 99),
          h->max,
          histogram_percentile(&route->queue, 99),
          route->queue.max,
          histogram_percentile(&route->refused, 99),
          histogram_percentile(&route->expired, 99),
          histogram_percentile(&route->late, 99),
          route->arrived,
          route->arrived - route->taken,
          h->count,
          route->lost,
          route->duplicate,
          route->misordered);
  write_statuses(out, route);
  fputs("}}", out);
}

int report_json(const load_t* load) {
  const char* path = load->options->json;
  FILE* out = fopen(path, "w");
  if (out == NULL) {
    fprintf(stderr, "load: %s cannot be written: %s.\n", path, strerror(errno));
    return -1;
  }
  fprintf(
      out, "{\"duration_ms\":%u,\"routes\":[\n", load->options->duration_ms);
  for (int i = 0; i < ROUTE_COUNT; i++) {
    write_route(out, load, &load->routes[i]);
    fputs(i + 1 < ROUTE_COUNT ? ",\n" : "\n]}\n", out);
  }
  return fclose(out);
}

int report_is_wrong(const load_t* load) {
  for (int i = 0; i < ROUTE_COUNT; i++) {
    const route_t* r = &load->routes[i];
    if (r->lost + r->duplicate + r->misordered > 0) {
      return 1;
    }
  }
  return 0;
}
