/* The doorbell: how any thread gets the attention of a loop, once.
 *
 * uv_async_send alone may lose a wake-up: it starts with an unordered read of
 * its own flag, which may overtake what the caller has just published. The
 * doorbell therefore has a flag of its own, changed by read-modify-write on
 * both sides:
 *
 *   ring (any thread)              answer (loop thread)
 *     publish                        look for work, do it
 *     if (swap(rung, 1) == 0)        swap(rung, 0)
 *       uv_async_send()              look again; if there is some:
 *                                      if (swap(rung, 1) == 0) start over
 *
 * The swaps of one flag are totally ordered, and each sees what happened before
 * those ahead of it. If a ringer's swap reads 1, the swap to 0 that follows
 * sees its publication, and the second look finds it. If it reads 0, it comes
 * after a swap to 0, hence after libuv's own flag was cleared for that turn,
 * and the send cannot be swallowed. While the loop is at work the flag stays 1,
 * and ringers make no system call.
 *
 * Dozing. A loop with an alarm, a timer that makes it look soon anyway, swaps a
 * 2 in where the above has 0. Whoever is in no hurry only nudges:
 *
 *     publish
 *     if (fetch_or(rung, 1) == 0)
 *       uv_async_send()
 *
 * which sends to a loop that has no alarm, and leaves a dozing one alone. A
 * ring sends to both. The argument is the same, as a nudge is a
 * read-modify-write too: if it reads 1 or 3, the swap to 0 or 2 that follows,
 * or the one with which the alarm begins, sees its publication. If it reads 2,
 * the alarm, which is due after that 2 was put there, does. A loop that lets
 * its alarm go swaps 0 in and looks again, as ever.
 *
 *     AWAY 0   hears only a send          DOZING 2   will look soon
 *     RUNG 1   at work, or sent for       NUDGED 3   the same, nudged
 *
 * Closing. uv_close on the async must not begin while somebody may still call
 * uv_async_send. There are two kinds of ringers. Those who ring under the
 * pool's lock, and only handles in pool->handles: taking the handle off that
 * list under the lock shuts them out. Those who push completions without the
 * lock: they announce themselves in `senders` before they push, so that the
 * loop, having delivered all it owes, sees whether one still stands between
 * its push and the end of its send. */
#ifndef UVPOOL_SRC_DOORBELL_H
#define UVPOOL_SRC_DOORBELL_H

#include <uv.h>

#include "sync.h"

struct uvpool__doorbell {
  uv_async_t async; /* loop thread; uv_async_send from any */

  /* Any thread. AWAY to NUDGED, see above. Always changed by acq_rel
   * read-modify-writes, which pair with one another. */
  atomic_uint rung;

  /* Any thread. Which notices there are, not yet seen by the loop. */
  atomic_uint notices;

  /* Any thread. Who may be about to ring without the pool's lock. */
  atomic_uint senders;
};

int uvpool__doorbell_init(struct uvpool__doorbell* bell,
                          uv_loop_t* loop,
                          uv_async_cb cb);

/* Any thread that is a sender, holds the pool's lock with the handle listed,
 * or is the loop's. True: the loop was not awake. */
bool uvpool__doorbell_ring(struct uvpool__doorbell* bell);

/* The same for those who are in no hurry. */
bool uvpool__doorbell_nudge(struct uvpool__doorbell* bell);

/* Any thread that may ring: is it likely that a nudge would leave the loop
 * alone? */
bool uvpool__doorbell_dozes(const struct uvpool__doorbell* bell);

/* Ring, with notices for the loop. */
void uvpool__doorbell_post(struct uvpool__doorbell* bell, unsigned notices);

/* Around a push and its ring; see above. */
static inline void uvpool__doorbell_enter(struct uvpool__doorbell* bell) {
  /* Relaxed: the push that follows is a release and carries it along to the
   * loop, which looks at senders only after it has taken that push. */
  atomic_fetch_add_explicit(&bell->senders, 1, memory_order_relaxed);
}

static inline void uvpool__doorbell_leave(struct uvpool__doorbell* bell) {
  /* Release pairs with the acquire in busy: the send is over. */
  atomic_fetch_sub_explicit(&bell->senders, 1, memory_order_release);
}

/* Loop thread: does somebody stand between enter and leave? */
static inline bool uvpool__doorbell_busy(struct uvpool__doorbell* bell) {
  return atomic_load_explicit(&bell->senders, memory_order_acquire) != 0;
}

/* Loop thread: takes the notices that were posted. */
unsigned uvpool__doorbell_take(struct uvpool__doorbell* bell);

/* Loop thread: are there any? */
static inline bool uvpool__doorbell_has_notices(
    const struct uvpool__doorbell* bell) {
  /* Relaxed: after hush its swap has ordered it. */
  return atomic_load_explicit(&bell->notices, memory_order_relaxed) != 0;
}

/* Loop thread, when all is done: puts the bell back. Then look again. */
void uvpool__doorbell_hush(struct uvpool__doorbell* bell);

/* The same while an alarm is set. */
void uvpool__doorbell_doze(struct uvpool__doorbell* bell);

/* Loop thread, when the second look found something, or the alarm has gone off:
 * true if the bell is ours again; false if somebody has rung, and another turn
 * will come. */
bool uvpool__doorbell_resume(struct uvpool__doorbell* bell);

/* Loop thread: asks for another turn without having put the bell back. */
void uvpool__doorbell_again(struct uvpool__doorbell* bell);

#endif /* UVPOOL_SRC_DOORBELL_H */
