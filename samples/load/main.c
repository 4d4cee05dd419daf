/* load: sends requests to a search_server and measures its answers.
 *
 * Build:  cmake -S . -B build && cmake --build build
 * Run:    load --port=8080 --search=16 --login=64 --duration-ms=10000
 *
 *         load --search=64 --search-rate=2000 --login=64 --login-rate=100
 *
 * Each route has its own connections; what one connection does is in client.c.
 * When the time is over nothing more is sent, and answers that are due are
 * waited for. The exit code is 0, or 1 if anything was lost, answered twice or
 * out of order, or if the server could not be reached; 2 for a wrong command
 * line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "load.h"

enum { PROGRESS_MS = 200 };

static void on_grace_over(uv_timer_t* timer) {
  load_t* load = timer->data;
  for (unsigned i = 0; i < load->client_count; i++) {
    client_abort(&load->clients[i]);
  }
  uv_close((uv_handle_t*) timer, NULL);
}

static void on_time_over(uv_timer_t* timer) {
  load_t* load = timer->data;
  load->stopping = 1;
  arrivals_stop(load);
  for (unsigned i = 0; i < load->client_count; i++) {
    client_stop(&load->clients[i]);
  }
  uv_timer_start(timer, on_grace_over, load->options->grace_ms, 0);
  uv_unref((uv_handle_t*) timer);
}

static void on_progress(uv_timer_t* timer) {
  load_t* load = timer->data;
  double seconds = (double) (uv_hrtime() - load->begun_at) / 1e9;
  fprintf(stderr,
          "\r\033[K%s: %.1f of %.1f s",
          load->options->label,
          seconds,
          load->options->duration_ms / 1000.0);
  if (load->stopping) {
    fprintf(stderr, ", %u connections still wait", load->open);
  }
}

static int parse_address(load_t* load) {
  int port = (int) load->options->port;
  const char* host = load->options->host;
  if (uv_ip4_addr(host, port, (struct sockaddr_in*) &load->address) == 0 ||
      uv_ip6_addr(host, port, (struct sockaddr_in6*) &load->address) == 0) {
    return 0;
  }
  fprintf(stderr, "load: %s is not an IPv4 or IPv6 address.\n", host);
  return -1;
}

static int make_clients(load_t* load) {
  static const char* const names[ROUTE_COUNT] = {"search", "login", "healthz"};
  unsigned total = 0;
  for (int i = 0; i < ROUTE_COUNT; i++) {
    load->routes[i].name = names[i];
    load->routes[i].connections = load->options->connections[i];
    load->routes[i].rate = load->options->rate[i];
    total += load->routes[i].connections;
  }
  load->clients = calloc(total > 0 ? total : 1, sizeof *load->clients);
  if (load->clients == NULL) {
    fprintf(stderr, "load: out of memory.\n");
    return -1;
  }
  load->client_count = total;
  return 0;
}

static void start_clients(load_t* load) {
  unsigned number = 0;
  for (int i = 0; i < ROUTE_COUNT; i++) {
    for (unsigned k = 0; k < load->routes[i].connections; k++, number++) {
      client_start(&load->clients[number], load, &load->routes[i], number + 1);
    }
  }
}

static void run(load_t* load) {
  int is_terminal = isatty(STDERR_FILENO);
  uv_timer_init(load->loop, &load->timer);
  uv_timer_init(load->loop, &load->progress);
  load->timer.data = load;
  load->progress.data = load;
  load->begun_at = uv_hrtime();
  uv_timer_start(&load->timer, on_time_over, load->options->duration_ms, 0);
  if (is_terminal) {
    uv_timer_start(&load->progress, on_progress, PROGRESS_MS, PROGRESS_MS);
  }
  uv_unref((uv_handle_t*) &load->progress);
  start_clients(load);
  arrivals_start(load);
  uv_run(load->loop, UV_RUN_DEFAULT);

  uv_close((uv_handle_t*) &load->progress, NULL);
  uv_close((uv_handle_t*) &load->arrivals, NULL);
  if (!uv_is_closing((uv_handle_t*) &load->timer)) {
    uv_close((uv_handle_t*) &load->timer, NULL);
  }
  uv_run(load->loop, UV_RUN_DEFAULT);
  if (is_terminal) {
    fputs("\r\033[K", stderr);
  }
}

static int report(const load_t* load) {
  if (load->connected == 0) {
    fprintf(stderr,
            "load: no connection to %s port %u: %s.\n",
            load->options->host,
            load->options->port,
            uv_strerror(load->connect_error));
    return 1;
  }
  report_table(load);
  if (load->options->json != NULL && report_json(load) != 0) {
    return 1;
  }
  return report_is_wrong(load);
}

int main(int argc, char** argv) {
  options_t options;
  uv_loop_t loop;
  static load_t load;
  int rc = options_parse(&options, argc, argv);
  if (rc >= 0) {
    return rc;
  }
  signal(SIGPIPE, SIG_IGN);
  load.options = &options;
  load.loop = &loop;
  if (parse_address(&load) != 0) {
    return 2;
  }
  if (make_clients(&load) != 0 || uv_loop_init(&loop) != 0) {
    free(load.clients);
    return 1;
  }
  run(&load);
  uv_loop_close(&loop);
  rc = report(&load);
  free(load.clients);
  return rc;
}
