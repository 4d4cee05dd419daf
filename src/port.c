/* The port: its libuv handles, and what a turn of its loop does.
 *
 * If the user closed our libuv handles by a uv_walk of his own, the doorbell is
 * dumb. Close then takes a timer that was not initialised before, and its ticks
 * take the place of the bell's turns until all is done. */
#include "port.h"

#include "alloc.h"
#include "clock.h"
#include "completion_queue.h"
#include "process.h"
#include "handle.h"
#include "pool.h"
#include "shutdown.h"
#include "util.h"

enum { SPIN_TURN_MAX_NS = 1000000 };

/* A loop dozes while so many tasks are in flight, and no longer than that. */
enum { DOZE_IN_FLIGHT = 32, ALARM_MS = 1 };

/* ---- A turn -------------------------------------------------------------- */

static void hear_notices(struct uvpool__port* port) {
  if (uvpool__doorbell_take(&port->doorbell) == 0) {
    return;
  }
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    uvpool__handle_heed(h);
  }
}

static bool has_work(const struct uvpool__port* port) {
  return uvpool__completion_pending(port) ||
         uvpool__doorbell_has_notices(&port->doorbell);
}

/* Nothing has arrived: polls for it, while the bell is still ours and nobody
 * who rings makes a system call. Not beyond `until_ns`, as the loop has other
 * business too. True: something has. */
static bool spin_for_work(struct uvpool__port* port, uint64_t until_ns) {
  uint64_t now_ns = uvpool__monotonic_ns();
  if (port->holds == 0 || now_ns >= until_ns ||
      !uvpool__spin_is_due(&port->spin)) {
    return false;
  }
  uint64_t end_ns = now_ns + port->spin_ns;
  bool found = false;
  do {
    for (int i = 0; i < UVPOOL__SPIN_POLLS && !found; i++) {
      uvpool__cpu_relax();
      found = has_work(port);
    }
  } while (!found && uvpool__monotonic_ns() < end_ns);
  uvpool__spin_learn(&port->spin, found);
  return found;
}

/* When a turn that polls has to end: with its budget, and soon anyway. */
static uint64_t end_of_spinning(const struct uvpool__port* port) {
  if (port->spin_ns == 0) {
    return 0;
  }
  uint64_t most_ns = port->completion_budget_ns < SPIN_TURN_MAX_NS
                         ? port->completion_budget_ns
                         : SPIN_TURN_MAX_NS;
  return uvpool__monotonic_ns() + most_ns;
}

static void on_alarm(uv_timer_t* timer) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(timer, struct uvpool__port, alarm_timer);
  /* If somebody has rung meanwhile, one more turn will find nothing. */
  (void) uvpool__doorbell_resume(&port->doorbell);
  uvpool__port_turn(port);
}

/* Nothing is left to do: puts the bell back. A loop that has had something to
 * deliver, and for which much is in flight, dozes, so that workers may let a
 * few completions come together; but not one that would rather poll. */
static void rest(struct uvpool__port* port, bool has_delivered) {
  bool doze = has_delivered && port->holds >= DOZE_IN_FLIGHT &&
              port->spin_ns == 0 && !port->winding_down;
  if (doze && !port->alarm_on) {
    port->alarm_on =
        uv_timer_start(&port->alarm_timer, on_alarm, ALARM_MS, ALARM_MS) == 0;
  }
  if (doze && port->alarm_on) {
    uvpool__doorbell_doze(&port->doorbell);
    return;
  }
  if (port->alarm_on) {
    uv_timer_stop(&port->alarm_timer);
    port->alarm_on = false;
  }
  uvpool__doorbell_hush(&port->doorbell);
}

void uvpool__port_turn(struct uvpool__port* port) {
  struct uvpool__doorbell* bell = &port->doorbell;
  struct uvpool__budget budget = uvpool__budget_of_turn(port);
  uint64_t spin_until_ns = end_of_spinning(port);
  for (;;) {
    hear_notices(port);
    if (uvpool__completion_deliver(port, &budget)) {
      uvpool__doorbell_again(bell);
      break;
    }
    if (port->spin_ns != 0 && spin_for_work(port, spin_until_ns)) {
      continue;
    }
    rest(port, budget.delivered > 0);
    if (!has_work(port) || !uvpool__doorbell_resume(bell)) {
      break;
    }
  }
  if (port->winding_down) {
    uvpool__shutdown_step(port);
  }
}

static void on_bell(uv_async_t* async) {
  uvpool__port_turn(
      UVPOOL__CONTAINER_OF(async, struct uvpool__port, doorbell.async));
}

/* ---- Open ---------------------------------------------------------------- */

enum { INNER_TIMERS = 6 };

static void list_timers(struct uvpool__port* port,
                        uv_timer_t* timers[INNER_TIMERS]) {
  timers[0] = &port->clock_timer;
  timers[1] = &port->purge_timer;
  timers[2] = &port->retry_timer;
  timers[3] = &port->release_timer;
  timers[4] = &port->deadline_timer;
  timers[5] = &port->alarm_timer;
}

/* inner_open says how far it came. */
static int open_inner(struct uvpool__port* port) {
  uv_timer_t* timers[INNER_TIMERS];
  list_timers(port, timers);
  int err = uvpool__doorbell_init(&port->doorbell, port->loop, on_bell);
  if (err != 0) {
    return err;
  }
  uv_unref((uv_handle_t*) &port->doorbell.async);
  port->inner_open = 1;
  for (int i = 0; i < INNER_TIMERS; i++) {
    err = uv_timer_init(port->loop, timers[i]);
    if (err != 0) {
      return err;
    }
    uv_unref((uv_handle_t*) timers[i]);
    port->inner_open++;
  }
  return 0;
}

int uvpool__port_open(uv_loop_t* loop,
                      const struct uvpool__settings* settings,
                      struct uvpool__port** out) {
  struct uvpool__port* port =
      uvpool__alloc(&settings->allocator, sizeof(*port));
  if (port == NULL) {
    return UV_ENOMEM;
  }
  port->loop = loop;
  port->thread = pthread_self();
  port->allocator = settings->allocator;
  port->completions_per_turn = settings->completions_per_turn;
  port->completion_budget_ns = settings->completion_budget_ns;
  port->spin_ns = settings->spin_us * 1000u;
  port->period_ms = uvpool__clock_period_ms(settings);
  atomic_init(&port->completions.head, NULL);
  int err = open_inner(port);
  if (err != 0) {
    uvpool__port_abandon(port);
    return err;
  }
  *out = port;
  return 0;
}

/* ---- Shut ---------------------------------------------------------------- */

/* The last uv_close callback. */
static void finish(struct uvpool__port* port) {
  uvpool_allocator_t allocator = port->allocator;
  for (uvpool_t* h = port->gone; h != NULL; h = h->next_in_port) {
    if (h->close_cb != NULL) {
      h->close_cb(h);
    }
  }
  if (port->on_closed != NULL) {
    port->on_closed(port);
  }
  while (port->gone != NULL) {
    uvpool_t* handle = port->gone;
    struct uvpool__pool* pool = handle->pool;
    port->gone = handle->next_in_port;
    bool inherited = pool->fork_generation != uvpool__fork_generation();
    uvpool__free(&allocator, handle);
    uvpool__pool_unref(pool, inherited);
  }
  uvpool__free(&allocator, port);
}

/* One inner handle is closed; the last one ends the port. */
static void count_down(struct uvpool__port* port) {
  if (--port->inner_open == 0) {
    finish(port);
  }
}

static void on_async_closed(uv_handle_t* async) {
  count_down(UVPOOL__CONTAINER_OF(async, struct uvpool__port, doorbell.async));
}

static void on_timer_closed(uv_handle_t* timer) {
  /* A timer cannot tell which of ours it is, so its data does. */
  count_down(timer->data);
}

/* Closes what open_inner has initialised, at least the doorbell, which must
 * have no sender left. */
static void shut(struct uvpool__port* port) {
  uv_timer_t* timers[INNER_TIMERS];
  unsigned timers_open = port->inner_open - 1;
  list_timers(port, timers);
  /* The doorbell's share of the count is taken last, by itself or by the rescue
   * timer in its place. */
  for (unsigned i = 0; i < timers_open; i++) {
    timers[i]->data = port;
    if (uv_is_closing((uv_handle_t*) timers[i])) {
      port->inner_open--; /* by the user's uv_walk, and long ago */
    } else {
      uv_close((uv_handle_t*) timers[i], on_timer_closed);
    }
  }
  if (!uv_is_closing((uv_handle_t*) &port->doorbell.async)) {
    uv_close((uv_handle_t*) &port->doorbell.async, on_async_closed);
    return;
  }
  /* Whoever closed the doorbell's async has made us use the rescue timer. */
  port->rescue_timer.data = port;
  uv_close((uv_handle_t*) &port->rescue_timer, on_timer_closed);
}

void uvpool__port_abandon(struct uvpool__port* port) {
  if (port->inner_open > 0) {
    shut(port);
  } else {
    uvpool__free(&port->allocator, port);
  }
}

void uvpool__port_join(struct uvpool__port* port, uvpool_t* handle) {
  handle->next_in_port = port->handles;
  port->handles = handle;
}

void uvpool__port_leave(uvpool_t* handle) {
  struct uvpool__port* port = handle->port;
  uvpool_t** link = &port->handles;
  while (*link != handle) {
    link = &(*link)->next_in_port;
  }
  *link = handle->next_in_port;
  handle->next_in_port = port->gone;
  port->gone = handle;
}

void uvpool__port_end(struct uvpool__port* port) {
  if (port->handles != NULL) {
    return;
  }
  port->winding_down = uvpool__doorbell_busy(&port->doorbell);
  if (port->winding_down) {
    /* Somebody stands between its push and the end of its send. */
    uvpool__doorbell_ring(&port->doorbell);
  } else {
    shut(port);
  }
}

void uvpool__port_end_inherited(struct uvpool__port* port) {
  if (uv_is_closing((uv_handle_t*) &port->doorbell.async)) {
    uv_timer_init(port->loop, &port->rescue_timer);
  }
  shut(port);
}

/* ---- The user's own uv_walk ---------------------------------------------- */

static void on_rescue(uv_timer_t* timer) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(timer, struct uvpool__port, rescue_timer);
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    uvpool__shutdown_look(h);
  }
  port->winding_down = true;
  uvpool__port_turn(port);
}

/* Runs once in every close, at the end of the loop's turn: if the user's
 * uv_walk has closed the doorbell's async, before or after uvpool_close, polls
 * in its place. The first tick comes a turn after the async's own close
 * callback, so that its memory may go when all is done. */
static void on_witness_closed(uv_handle_t* witness) {
  struct uvpool__port* port =
      UVPOOL__CONTAINER_OF(witness, struct uvpool__port, witness_timer);
  port->witness_open = false;
  if (uv_is_closing((uv_handle_t*) &port->doorbell.async)) {
    uv_timer_init(port->loop, &port->rescue_timer);
    uv_timer_start(&port->rescue_timer, on_rescue, 1, 1);
    return;
  }
  for (uvpool_t* h = port->handles; h != NULL; h = h->next_in_port) {
    uvpool__handle_post(h, UVPOOL__NOTICE_STATE);
  }
}

/* A handle of ours that is closed from the start cannot be closed by others. */
void uvpool__port_call_witness(struct uvpool__port* port) {
  if (port->witness_called) {
    return;
  }
  port->witness_called = true;
  uv_timer_init(port->loop, &port->witness_timer);
  port->witness_open = true;
  uv_close((uv_handle_t*) &port->witness_timer, on_witness_closed);
}
