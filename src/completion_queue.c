/* Completions: a list that any thread pushes to and the loop takes whole.
 *
 * Happy path. A worker swaps its task in as the new head. If the list was not
 * empty, that is all: whoever pushed onto the empty list has rung the doorbell
 * or is about to. The loop takes the list with one swap, turns it round, and
 * calls the done callbacks in the order of completion.
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
 * Strides. The loop reads the clock once in a stride of callbacks, which grows
 * while callbacks are quick and shrinks when they are slow, so that a stride
 * takes some 20 us. At its end the budget is looked at: a flood must not starve
 * the loop's other business, and after so many callbacks or so much time the
 * rest waits for the next turn. Until then the loop goes on with what arrives
 * meanwhile, as a turn costs it a system call. */
#include "completion_queue.h"

#include "handle.h"
#include "hold.h"
#include "liveness.h"
#include "member.h"
#include "panic.h"
#include "pool.h"
#include "task.h"
#include "util.h"

/* How long a stride should take, how many callbacks it has at most, and how
 * many tasks are turned round in one. */
enum { STRIDE_NS = 20000, STRIDE_MAX = 64, TURN_MAX = 1024 };

/* Pushes [first, last], linked by next from newest to oldest, unless the list
 * is empty and `may_be_edge` is false. Returns whether it pushed; *edge is
 * whether the list was empty. */
static bool push(struct uvpool__completion_queue* queue,
                 uvpool_task_t* first,
                 uvpool_task_t* last,
                 bool may_be_edge,
                 bool* edge) {
  /* Relaxed: only compared; nothing is read through it. */
  uvpool_task_t* head =
      atomic_load_explicit(&queue->head, memory_order_relaxed);
  do {
    if (head == NULL && !may_be_edge) {
      return false;
    }
    last->next = head;
    /* Release pairs with the acquire in take: the loop sees the result. As a
     * read-modify-write it also carries the earlier pushers' releases on. */
  } while (!atomic_compare_exchange_weak_explicit(
      &queue->head, &head, first, memory_order_release, memory_order_relaxed));
  *edge = head == NULL;
  return true;
}

static void push_range(uvpool_t* handle,
                       uvpool_task_t* first,
                       uvpool_task_t* last) {
  struct uvpool__port* port = handle->port;
  bool edge = false;
  if (push(&port->completions, first, last, false, &edge)) {
    return;
  }
  uvpool__doorbell_enter(&port->doorbell);
  push(&port->completions, first, last, true, &edge);
  if (edge) {
    uvpool__doorbell_ring(&port->doorbell);
  }
  uvpool__doorbell_leave(&port->doorbell);
}

void uvpool__completion_push(uvpool_task_t* task) {
  push_range(task->handle, task, task);
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
static uint64_t deliver_stride(struct uvpool__port* port, uint64_t count) {
  uint64_t delivered = 0;
  uvpool__hold_begin(port);
  while (delivered < count) {
    uvpool_task_t* task = next_ready(&port->completions);
    if (task == NULL) {
      break;
    }
    deliver(task);
    delivered++;
  }
  uvpool__hold_end(port);
  return delivered;
}

static uint64_t next_stride(uint64_t stride, uint64_t took_ns) {
  if (took_ns > STRIDE_NS) {
    return stride > 1 ? stride / 2 : 1;
  }
  return stride < STRIDE_MAX ? stride * 2 : stride;
}

bool uvpool__completion_deliver(struct uvpool__port* port) {
  if (!uvpool__completion_pending(port)) {
    return false;
  }
  uint64_t left = port->completions_per_turn;
  uint64_t began = uvpool__monotonic_ns();
  uint64_t before = began;
  uint64_t stride = 1;
  while (uvpool__completion_pending(port)) {
    uint64_t delivered = deliver_stride(port, stride < left ? stride : left);
    uint64_t now = uvpool__monotonic_ns();
    left -= delivered;
    if (left == 0 || now - began >= port->completion_budget_ns) {
      break;
    }
    stride = next_stride(stride, now - before);
    before = now;
  }
  return uvpool__completion_pending(port);
}
