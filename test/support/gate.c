/* The gate: one mutex, one condition variable, three counters.
 *
 * Waiting on the test thread is bounded, so that a lost wake-up of the library
 * shows as a failed test with a message and not as a hanging one. Workers wait
 * without a bound: a test that failed has already said why. */
#include "kit.h"

void gate_init(gate_t* gate) {
  assert_int_equal(uv_mutex_init(&gate->mutex), 0);
  assert_int_equal(uv_cond_init(&gate->changed), 0);
  gate->arrived = 0;
  gate->passed = 0;
  gate->allowed = 0;
  gate->open = 0;
}

void gate_destroy(gate_t* gate) {
  uv_cond_destroy(&gate->changed);
  uv_mutex_destroy(&gate->mutex);
}

void gate_pass(gate_t* gate) {
  uv_mutex_lock(&gate->mutex);
  gate->arrived++;
  uv_cond_broadcast(&gate->changed);
  while (!gate->open && gate->passed >= gate->allowed) {
    uv_cond_wait(&gate->changed, &gate->mutex);
  }
  gate->passed++;
  uv_mutex_unlock(&gate->mutex);
}

void gate_await(gate_t* gate, unsigned count) {
  uint64_t deadline = uv_hrtime() + KIT_WATCHDOG_MS * UINT64_C(1000000);
  uv_mutex_lock(&gate->mutex);
  while (gate->arrived < count && uv_hrtime() < deadline) {
    (void) uv_cond_timedwait(&gate->changed, &gate->mutex, UINT64_C(100000000));
  }
  unsigned arrived = gate->arrived;
  uv_mutex_unlock(&gate->mutex);
  if (arrived < count) {
    fail_msg("only %u of %u works reached the gate", arrived, count);
  }
}

unsigned gate_arrived(gate_t* gate) {
  uv_mutex_lock(&gate->mutex);
  unsigned arrived = gate->arrived;
  uv_mutex_unlock(&gate->mutex);
  return arrived;
}

void gate_admit(gate_t* gate, unsigned count) {
  uv_mutex_lock(&gate->mutex);
  gate->allowed += count;
  uv_cond_broadcast(&gate->changed);
  uv_mutex_unlock(&gate->mutex);
}

void gate_open(gate_t* gate) {
  uv_mutex_lock(&gate->mutex);
  gate->open = 1;
  uv_cond_broadcast(&gate->changed);
  uv_mutex_unlock(&gate->mutex);
}
