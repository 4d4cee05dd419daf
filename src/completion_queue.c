/* Completions: a list that any thread pushes to and the loop takes whole.
 *
 * Happy path. A worker swaps its task in as the new head. If the list was not
 * empty, that is all: whoever pushed onto the empty list has rung the doorbell
 * or is about to. The loop takes the list with one swap, turns it round, and
 * calls the done callbacks in the order of completion.
 *
 * Whoever is in no hurry (coalesce.h) nudges in place of ringing; whoever is,
 * and finds the loop dozing, rings whatever the list was (doorbell.h). If the
 * loop falls asleep just then, its alarm makes up for it.
 *
 * Pushing by compare-and-swap and taking everything at once leaves no ABA: the
 * head is only compared to be replaced by a task that links to it, which is
 * right for whatever the head has been in the meantime.
 *
 * Whoever finds the list empty becomes a sender before it pushes (doorbell.h);
 * whoever does not touches nothing of the handle after its push, and so need
 * not be waited for by close.
 *
 * What is taken stands newest first, and has to be turned round before the
 * oldest can be delivered. Of a long list that takes milliseconds, so it is
 * done piece by piece, and counts against the budget as callbacks do.
 *
 * Steps. The loop reads the clock once in a step of callbacks, up to 16 of them
 * while they are quick, one while they are slow. At its end the budget is
 * looked at: a flood must not starve the loop's other business, and after so
 * many callbacks or so much time the rest waits for the next turn. Until then
 * the loop goes on with what arrives meanwhile, as a turn costs it a system
 * call.
 *
 * Strides. What the callbacks submit is held back (hold.h) and handed over in
 * one go when some 40 us have passed; but for the first time after the first
 * callback, so that a worker can wake up while the loop goes on. A hand-over
 * wakes workers, who may well take the loop's processor: that time is not the
 * callbacks'. */
#include "completion_queue.h"

#include "handle.h"
#include "hold.h"
#include "liveness.h"
#include "member.h"
#include "panic.h"
#include "pool.h"
#include "task.h"
#include "util.h"

/* How long a step may take to be followed by a longer one, how many callbacks
 * it has at most, how long a stride is, and how many tasks are turned round in
 * one step. */
enum { STEP_NS = 5000, STEP_MAX = 16, STRIDE_NS = 40000, TURN_MAX = 1024 };

/* Pushes a task, unless the list is empty and `may_be_edge` is false. Returns
 * whether it pushed; *edge is whether the list was empty. */
static bool push(struct uvpool__completion_queue* queue,
                 uvpool_task_t* task,
                 bool may_be_edge,
                 bool* edge) {
  /* Relaxed: only compared; nothing is read through it. */
  uvpool_task_t* head =
      atomic_load_explicit(&queue->head, memory_order_relaxed);
  do {
    if (head == NULL && !may_be_edge) {
      return false;
    }
    task->next = head;
    /* Release pairs with the acquire in take: the loop sees the result. As a
     * read-modify-write it also carries the earlier pushers' releases on. */
  } while (!atomic_compare_exchange_weak_explicit(
      &queue->head, &head, task, memory_order_release, memory_order_relaxed));
  *edge = head == NULL;
  return true;
}

/* Pushes as a sender, and rings if the list was empty, or `always`. */
static bool push_and(uvpool_task_t* task,
                     bool always,
                     bool (*ring)(struct uvpool__doorbell* bell)) {
  struct uvpool__port* port = task->handle->port;
  bool edge = false;
  bool sent = false;
  uvpool__doorbell_enter(&port->doorbell);
  push(&port->completions, task, true, &edge);
  if (edge || always) {
    sent = ring(&port->doorbell);
  }
  uvpool__doorbell_leave(&port->doorbell);
  return sent;
}

bool uvpool__completion_push(uvpool_task_t* task) {
  struct uvpool__port* port = task->handle->port;
  bool edge = false;
  if (uvpool__doorbell_dozes(&port->doorbell)) {
    /* Whoever found the list empty may have left the loop asleep. */
    return push_and(task, true, uvpool__doorbell_ring);
  }
  return !push(&port->completions, task, false, &edge) &&
         push_and(task, false, uvpool__doorbell_ring);
}

bool uvpool__completion_push_quietly(uvpool_task_t* task) {
  bool edge = false;
  return !push(&task->handle->port->completions, task, false, &edge) &&
         push_and(task, false, uvpool__doorbell_nudge);
}

bool uvpool__completion_pending(const struct uvpool__port* port) {
  const struct uvpool__completion_queue* queue = &port->completions;
  /* Relaxed: after hush its swap has ordered it; before, a miss is caught by
   * the look after hush. */
  return queue->ready_head != NULL || queue->turning != NULL ||
         atomic_load_explicit(&queue->head, memory_order_relaxed) != NULL;
}

/* Nothing is ready: takes what has arrived, and turns some of it round. When
 * all of it is, it is ready, oldest first. */
static void take(struct uvpool__completion_queue* queue) {
  if (queue->turning == NULL) {
    if (atomic_load_explicit(&queue->head, memory_order_relaxed) == NULL) {
      return; /* spares the swap; see pending */
    }
    /* Acquire pairs with the release of every push in the list. */
    queue->turning =
        atomic_exchange_explicit(&queue->head, NULL, memory_order_acquire);
  }
  for (int i = 0; i < TURN_MAX && queue->turning != NULL; i++) {
    uvpool_task_t* task = queue->turning;
    queue->turning = task->next;
    task->next = queue->turned;
    queue->turned = task;
  }
  if (queue->turning == NULL) {
    queue->ready_head = queue->turned;
    queue->turned = NULL;
  }
}

/* The next task to deliver; NULL: none, or not ready yet. */
static uvpool_task_t* next_ready(struct uvpool__completion_queue* queue) {
  if (queue->ready_head == NULL) {
    take(queue);
    if (queue->ready_head == NULL) {
      return NULL;
    }
  }
  uvpool_task_t* task = queue->ready_head;
  queue->ready_head = task->next;
  return task;
}

/* Tasks that ask for more than their done. */
enum {
  SPECIAL = UVPOOL__TASK_PANICKED | UVPOOL__TASK_GROUPED | UVPOOL__TASK_SERIAL
};

static void before_done(uvpool_task_t* task, struct uvpool__member_rest* rest) {
  *rest = (struct uvpool__member_rest) {0};
  if (uvpool__task_is(task, UVPOOL__TASK_PANICKED)) {
    uvpool__panic_report(task->handle, task);
  }
  uvpool__member_deliver(task, rest);
}

/* Ends one task. From the callback on, the task is the user's. */
static void deliver(uvpool_task_t* task) {
  uvpool_t* handle = task->handle;
  bool held = uvpool__task_is(task, UVPOOL__TASK_HOLDS_LOOP);
  bool special = uvpool__task_is(task, SPECIAL);
  uvpool_done_cb done = task->done;
  int status = task->end.status;
  struct uvpool__member_rest rest;
  if (special) {
    before_done(task, &rest);
  }
  uvpool__task_free(task);
  done(task, status);
  handle->delivered++;
  if (special) {
    uvpool__member_delivered(&rest);
  }
  if (held) {
    uvpool__liveness_drop(handle->port);
  }
}

/* Up to `count` callbacks; returns how many there were. */
static uint64_t deliver_step(struct uvpool__port* port, uint64_t count) {
  uint64_t delivered = 0;
  while (delivered < count) {
    uvpool_task_t* task = next_ready(&port->completions);
    if (task == NULL) {
      break;
    }
    deliver(task);
    delivered++;
  }
  return delivered;
}

static uint64_t next_step(uint64_t step, uint64_t took_ns) {
  if (took_ns > STEP_NS) {
    return step > 1 ? step / 2 : 1;
  }
  return step < STEP_MAX ? step * 2 : step;
}

static uint64_t later(uint64_t now_ns, uint64_t span_ns) {
  return span_ns < UINT64_MAX - now_ns ? now_ns + span_ns : UINT64_MAX;
}

struct uvpool__budget uvpool__budget_of_turn(const struct uvpool__port* port) {
  return (struct uvpool__budget) {.left = port->completions_per_turn};
}

bool uvpool__completion_deliver(struct uvpool__port* port,
                                struct uvpool__budget* budget) {
  if (!uvpool__completion_pending(port)) {
    return false;
  }
  uint64_t step_ns = uvpool__monotonic_ns(); /* when the step began, ... */
  uint64_t stride_ns = 0;                    /* ... and the stride */
  uint64_t step = 1;
  bool over = false;
  if (budget->until_ns == 0) {
    budget->until_ns = later(step_ns, port->completion_budget_ns);
  }
  uvpool__hold_begin(port);
  while (!over && uvpool__completion_pending(port)) {
    uint64_t most = step < budget->left ? step : budget->left;
    uint64_t delivered = deliver_step(port, most);
    uint64_t now_ns = uvpool__monotonic_ns();
    budget->left -= delivered;
    budget->delivered += delivered;
    over = budget->left == 0 || now_ns >= budget->until_ns;
    step = next_step(step, now_ns - step_ns);
    if (now_ns - stride_ns >= STRIDE_NS && !over) {
      uvpool__hold_end(port);
      uvpool__hold_begin(port);
      now_ns = uvpool__monotonic_ns();
      stride_ns = now_ns;
    }
    step_ns = now_ns;
  }
  uvpool__hold_end(port);
  return over && uvpool__completion_pending(port);
}
