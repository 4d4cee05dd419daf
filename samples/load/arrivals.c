/* Open loop: requests come at a rate, whether or not earlier ones have been
 * answered, as those of independent people do. A closed loop cannot overload a
 * server by ten: it asks no faster than it is answered.
 *
 * Request number n of a route is due n / rate seconds after the begin. Every
 * millisecond those that are due go to connections that are free. When none is,
 * they wait for one, and that time counts as the server's: their latency is
 * from when they were due. That of others is from when they were sent: if it is
 * this process that is late, because the machine has other things to do, that
 * is told apart, as `late`. */
#include "client.h"

enum { TICK_MS = 1 };

static uint64_t due_at(const load_t* load, const route_t* route, uint64_t n) {
  return load->begun_at + n * UINT64_C(1000000000) / route->rate;
}

static void note_late(const load_t* load, route_t* route, uint64_t now) {
  uint64_t us = (now - due_at(load, route, route->taken)) / 1000;
  histogram_add(&route->late, us > 1000 * TICK_MS ? us - 1000 * TICK_MS : 0);
}

static client_t* take_idle(route_t* route) {
  while (route->idle != NULL) {
    client_t* c = route->idle;
    route->idle = c->next_idle;
    c->idle = 0;
    if (client_is_free(c)) {
      return c;
    }
  }
  return NULL;
}

static void send_due(load_t* load, route_t* route) {
  uint64_t now = uv_hrtime();
  while (due_at(load, route, route->arrived) <= now) {
    route->arrived++;
  }
  while (route->taken < route->arrived) {
    client_t* c = take_idle(route);
    if (c == NULL) {
      return;
    }
    note_late(load, route, now);
    route->taken++;
    client_send(c);
  }
}

static void on_tick(uv_timer_t* timer) {
  load_t* load = timer->data;
  for (int i = 0; i < ROUTE_COUNT; i++) {
    if (load->routes[i].rate > 0 && load->routes[i].connections > 0) {
      send_due(load, &load->routes[i]);
    }
  }
}

int arrivals_take(route_t* route, client_t* c, uint64_t* due) {
  if (route->taken < route->arrived) {
    *due = due_at(c->load, route, route->taken++);
    return 1;
  }
  if (!c->idle) {
    c->idle = 1;
    c->next_idle = route->idle;
    route->idle = c;
  }
  return 0;
}

void arrivals_start(load_t* load) {
  uv_timer_init(load->loop, &load->arrivals);
  load->arrivals.data = load;
  uv_timer_start(&load->arrivals, on_tick, TICK_MS, TICK_MS);
  uv_unref((uv_handle_t*) &load->arrivals);
}

void arrivals_stop(load_t* load) {
  uv_timer_stop(&load->arrivals);
}
