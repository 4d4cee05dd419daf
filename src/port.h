/* The port: where handles meet their loop.
 *
 * It owns every libuv handle that serves them, one async and one set of timers,
 * and the list of finished tasks. A handle made by uvpool_create or
 * uvpool_attach has a port to itself; the pools of a multi-pool share one, so
 * that their number costs the loop nothing and their done callbacks come in one
 * order.
 *
 * A port lives from its open until the last of its handles has left it and
 * libuv has closed what it owns; then the handles are freed, and the port after
 * them. It is touched by the loop's thread alone, but for the doorbell and the
 * list, which any thread may add to. */
#ifndef UVPOOL_SRC_PORT_H
#define UVPOOL_SRC_PORT_H

#include <uv.h>
#include <uvpool/options.h>

#include "doorbell.h"
#include "spin.h"
#include "sync.h"

struct uvpool__settings;

/* Tasks whose work is over, on their way to done; see completion_queue.c. */
struct uvpool__completion_queue {
  /* Any thread pushes, the loop takes all. Newest first. */
  _Atomic(uvpool_task_t*) head;

  /* Loop thread only: what was taken. Newest first, and being turned round; the
   * part that is, oldest first; and, when all is, in order of completion. */
  uvpool_task_t* turning;
  uvpool_task_t* turned;
  uvpool_task_t* ready_head;
};

struct uvpool__port {
  /* Set by open, constant after. */
  uv_loop_t* loop;
  pthread_t thread;
  uvpool_allocator_t allocator;
  uint64_t completions_per_turn;
  uint64_t completion_budget_ns;
  uint64_t spin_ns;
  uint64_t period_ms; /* of clock and purge */

  /* Any thread, by their own rules. */
  struct uvpool__doorbell doorbell;
  _Alignas(UVPOOL__CACHE_LINE) struct uvpool__completion_queue completions;

  /* Loop thread only, all of the rest. */
  _Alignas(UVPOOL__CACHE_LINE) uvpool_t* handles; /* through next_in_port */
  uvpool_t* gone; /* those that have left, and are freed at the end */
  struct uvpool__spin spin;
  uint64_t holds;    /* reasons to keep the loop alive; see liveness.h */
  bool winding_down; /* shutdown.c has to look after one of the handles */
  bool holding;      /* inside a stride of done callbacks, see hold.h */
  bool hold_used;    /* one of the handles has submitted meanwhile */

  bool timers_on; /* clock and purge run */
  uv_timer_t clock_timer;
  uint64_t clock_ns; /* when the clock last ticked */
  uv_timer_t purge_timer;
  uv_timer_t retry_timer;
  uv_timer_t release_timer;
  uv_timer_t deadline_timer;
  uv_timer_t alarm_timer; /* while the bell dozes, see doorbell.h */
  bool alarm_on;

  unsigned inner_open; /* libuv handles that were initialised and not closed */
  uv_timer_t witness_timer; /* both: see port.c */
  bool witness_called;
  bool witness_open;
  uv_timer_t rescue_timer;

  /* When all is closed, before anything is freed; may be NULL. */
  void (*on_closed)(struct uvpool__port* port);
  void* owner; /* for on_closed */
};

/* Loop thread. Makes a port for pools with these settings. A failure leaves
 * nothing behind but what libuv frees in its next turns. */
int uvpool__port_open(uv_loop_t* loop,
                      const struct uvpool__settings* settings,
                      struct uvpool__port** out);

/* Loop thread. A port without handles that was never used. */
void uvpool__port_abandon(struct uvpool__port* port);

/* Loop thread. The handle is served by this port from now on. */
void uvpool__port_join(struct uvpool__port* port, uvpool_t* handle);

/* Loop thread. The handle has nothing more to expect; after the last one has
 * left, uvpool__port_end begins the end. */
void uvpool__port_leave(uvpool_t* handle);

/* Loop thread. Begins to close, if all handles have left and nobody is about to
 * ring; with somebody about to, it asks for another turn. */
void uvpool__port_end(struct uvpool__port* port);

/* Loop thread, when a handle begins to close; the first call counts. Sees to
 * it that the end comes also if the user's own uv_walk closes, or has closed,
 * the async. */
void uvpool__port_call_witness(struct uvpool__port* port);

/* Loop thread. All handles have left, in a forked child. */
void uvpool__port_end_inherited(struct uvpool__port* port);

/* Loop thread. What the loop does whenever the doorbell has rung. */
void uvpool__port_turn(struct uvpool__port* port);

#endif /* UVPOOL_SRC_PORT_H */
