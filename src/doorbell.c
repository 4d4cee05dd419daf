/* The doorbell's two sides; the argument for them is in doorbell.h. */
#include "doorbell.h"

#include "util.h"

enum { AWAY, RUNG, DOZING, NUDGED };

int uvpool__doorbell_init(struct uvpool__doorbell* bell,
                          uv_loop_t* loop,
                          uv_async_cb cb) {
  atomic_init(&bell->rung, AWAY);
  atomic_init(&bell->notices, 0);
  atomic_init(&bell->senders, 0);
  return uv_async_init(loop, &bell->async, cb);
}

bool uvpool__doorbell_ring(struct uvpool__doorbell* bell) {
  /* Acq_rel pairs with the swaps in hush and doze, see doorbell.h. */
  if (atomic_exchange_explicit(&bell->rung, RUNG, memory_order_acq_rel) ==
      RUNG) {
    return false;
  }
  uv_async_send(&bell->async);
  return true;
}

bool uvpool__doorbell_nudge(struct uvpool__doorbell* bell) {
  /* Acq_rel as in ring, and also with the swap in resume. */
  if (atomic_fetch_or_explicit(&bell->rung, RUNG, memory_order_acq_rel) !=
      AWAY) {
    return false;
  }
  uv_async_send(&bell->async);
  return true;
}

bool uvpool__doorbell_dozes(const struct uvpool__doorbell* bell) {
  /* Relaxed: a guess. */
  return atomic_load_explicit(&bell->rung, memory_order_relaxed) >= DOZING;
}

void uvpool__doorbell_post(struct uvpool__doorbell* bell, unsigned notices) {
  /* Release pairs with the acquire in take: what they are a summary of. */
  atomic_fetch_or_explicit(&bell->notices, notices, memory_order_release);
  uvpool__doorbell_ring(bell);
}

unsigned uvpool__doorbell_take(struct uvpool__doorbell* bell) {
  /* The load spares the swap, as there mostly is none; relaxed, as a miss is
   * caught by the look after hush. */
  if (atomic_load_explicit(&bell->notices, memory_order_relaxed) == 0) {
    return 0;
  }
  return atomic_exchange_explicit(&bell->notices, 0, memory_order_acquire);
}

void uvpool__doorbell_hush(struct uvpool__doorbell* bell) {
  /* Acq_rel: acquire sees what was published before a ring that read 1;
   * release orders libuv's cleared flag before a ring that reads 0. */
  atomic_exchange_explicit(&bell->rung, AWAY, memory_order_acq_rel);
}

void uvpool__doorbell_doze(struct uvpool__doorbell* bell) {
  /* Acq_rel as in hush; a nudge that reads this is seen by the alarm's
   * resume. */
  atomic_exchange_explicit(&bell->rung, DOZING, memory_order_acq_rel);
}

bool uvpool__doorbell_resume(struct uvpool__doorbell* bell) {
  return atomic_exchange_explicit(&bell->rung, RUNG, memory_order_acq_rel) !=
         RUNG;
}

void uvpool__doorbell_again(struct uvpool__doorbell* bell) {
  /* The bell stays rung: nobody else will send for this turn. */
  uv_async_send(&bell->async);
}
