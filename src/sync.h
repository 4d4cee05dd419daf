/* Everything that threads share goes through this header: C11 atomics, POSIX
 * threads, the futex and the monotonic clock. Sources include nothing of the
 * kind on their own, so that a test build can put its own version in place of
 * this file and choose every schedule itself.
 *
 * Every ordering weaker than seq_cst in src/ has a sentence beside it that
 * names the operation it pairs with; DESIGN.md lists them all. */
#ifndef UVPOOL_SRC_SYNC_H
#define UVPOOL_SRC_SYNC_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Fields of one cache line are written together; others keep away. */
#define UVPOOL__CACHE_LINE 64

/* "For ever", as a deadline. */
#define UVPOOL__NEVER UINT64_MAX

static inline uint64_t uvpool__monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

/* The same clock, as of the last tick of the system's timer, a few milliseconds
 * ago at most: a fifth of the price. */
static inline uint64_t uvpool__coarse_ns(void) {
#if defined(CLOCK_MONOTONIC_COARSE)
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
#else
  return uvpool__monotonic_ns();
#endif
}

/* now + ms without wrapping around: too far is for ever. */
static inline uint64_t uvpool__deadline_ns(uint64_t timeout_ms) {
  uint64_t now = uvpool__monotonic_ns();
  if (timeout_ms >= (UVPOOL__NEVER - now) / 1000000u) {
    return UVPOOL__NEVER;
  }
  return now + timeout_ms * 1000000u;
}

/* From now until then, rounded up: how long a timer has to wait. */
static inline uint64_t uvpool__ms_until(uint64_t deadline_ns) {
  uint64_t now = uvpool__monotonic_ns();
  return deadline_ns > now ? (deadline_ns - now + 999999u) / 1000000u : 0;
}

/* Tells the core that we poll: it saves power and lets its sibling run. */
static inline void uvpool__cpu_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ __volatile__("yield");
#endif
}

/* Words in uvpool_task_t cannot have an _Atomic type, as C++ must be able to
 * read the header; the compilers' builtins give the same operations. */
static inline uint64_t uvpool__word_load(const uint64_t* word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void uvpool__word_store(uint64_t* word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline bool uvpool__word_swap(uint64_t* word,
                                     uint64_t* expected,
                                     uint64_t value) {
  return __atomic_compare_exchange_n(
      word, expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#endif /* UVPOOL_SRC_SYNC_H */
