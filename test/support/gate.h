/* A gate holds workers inside their work until the test lets them through.
 *
 * It is what makes the tests deterministic: with every worker known to stand at
 * the gate, the state of the pool is known too, without sleeping. */
#ifndef UVPOOL_TEST_GATE_H
#define UVPOOL_TEST_GATE_H

#include <uv.h>

typedef struct gate_s {
  uv_mutex_t mutex;
  uv_cond_t changed; /* anything below has changed */

  /* Guarded by `mutex`. */
  unsigned arrived; /* how many have come so far, also those gone through */
  unsigned passed;  /* how many of them have gone through */
  unsigned allowed; /* how many may; not looked at when open */
  int open;
} gate_t;

/* Makes a closed gate. Thread: test. */
void gate_init(gate_t* gate);

/* Thread: test, when nobody stands at the gate any more. */
void gate_destroy(gate_t* gate);

/* Arrives at the gate and stays until let through. Thread: any worker. */
void gate_pass(gate_t* gate);

/* Waits until `count` have arrived since gate_init; fails the test after the
 * watchdog time. Thread: test. */
void gate_await(gate_t* gate, unsigned count);

/* How many have arrived. Thread: any. */
unsigned gate_arrived(gate_t* gate);

/* Lets `count` more through. Thread: any. */
void gate_admit(gate_t* gate, unsigned count);

/* Lets everybody through from now on. Thread: any. */
void gate_open(gate_t* gate);

#endif /* UVPOOL_TEST_GATE_H */
