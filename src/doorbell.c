/* The doorbell's two sides; the argument for them is in doorbell.h. */
#include "doorbell.h"

#include "util.h"

int uvpool__doorbell_init(struct uvpool__doorbell* bell,
                          uv_loop_t* loop,
                          uv_async_cb cb) {
  atomic_init(&bell->rung, 0);
  atomic_init(&bell->notices, 0);
  atomic_init(&bell->senders, 0);
  return uv_async_init(loop, &bell->async, cb);
}

void uvpool__doorbell_ring(struct uvpool__doorbell* bell) {
  /* Acq_rel pairs with the swap in hush, see doorbell.h. */
  if (atomic_exchange_explicit(&bell->rung, 1, memory_order_acq_rel) == 0) {
    uv_async_send(&bell->async);
  }
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
  atomic_exchange_explicit(&bell->rung, 0, memory_order_acq_rel);
}

bool uvpool__doorbell_resume(struct uvpool__doorbell* bell) {
  return atomic_exchange_explicit(&bell->rung, 1, memory_order_acq_rel) == 0;
}

void uvpool__doorbell_again(struct uvpool__doorbell* bell) {
  /* The flag stays 1: nobody else will send for this turn. */
  uv_async_send(&bell->async);
}
