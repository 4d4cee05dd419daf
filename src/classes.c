/* Caps and reservations; see classes.h. */
#include "classes.h"

static uint64_t minus(uint64_t a, uint64_t b) {
  return a > b ? a - b : 0;
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t unfilled(const struct uvpool__pool* pool, unsigned c) {
  return minus(pool->settings.classes[c].reserved,
               uvpool__busy_of_class_locked(pool, c));
}

static uint64_t under_cap(const struct uvpool__pool* pool, unsigned c) {
  return minus(pool->settings.classes[c].cap,
               uvpool__busy_of_class_locked(pool, c));
}

/* Free workers that are reserved for nobody. */
static uint64_t shared(const struct uvpool__pool* pool) {
  uint64_t left = minus(pool->capacity, pool->busy);
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    left = minus(left, unfilled(pool, c));
  }
  return left;
}

static uint64_t vacancy(const struct uvpool__pool* pool,
                        unsigned c,
                        uint64_t shared_ones) {
  uint64_t all = minus(pool->capacity, pool->busy); /* less than reserved, after
                                                       a tune */
  return least(under_cap(pool, c), least(unfilled(pool, c) + shared_ones, all));
}

uint64_t uvpool__class_vacancy_locked(const struct uvpool__pool* pool,
                                      unsigned task_class) {
  return vacancy(pool, task_class, shared(pool));
}

/* Does the bound of the class allow for `more` of its tasks? */
static bool may_wait(const struct uvpool__pool* pool,
                     unsigned task_class,
                     uint64_t more) {
  uint64_t waiting =
      uvpool__waiting_of_class(&pool->waiting, task_class) + more;
  uint64_t vacant = uvpool__class_vacancy_locked(pool, task_class);
  return waiting <= vacant ||
         waiting - vacant <= pool->settings.classes[task_class].max_waiting;
}

bool uvpool__class_has_room_locked(const struct uvpool__pool* pool,
                                   unsigned task_class,
                                   uint64_t more) {
  /* What is promised are plain tasks, and counts as if they were here. */
  uint64_t promised = task_class == 0 ? pool->reserved : 0;
  uint64_t waiting = pool->waiting.len + pool->reserved + more;
  uint64_t runnable =
      uvpool__class_runnable_locked(pool, task_class, promised + more);
  return may_wait(pool, task_class, promised + more) &&
         waiting - runnable <= pool->settings.max_waiting;
}

unsigned uvpool__class_eligible_locked(const struct uvpool__pool* pool) {
  uint64_t shared_ones = shared(pool);
  unsigned classes = 0;
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    if (vacancy(pool, c, shared_ones) > 0) {
      classes |= 1u << c;
    }
  }
  return classes;
}

uint64_t uvpool__class_runnable_locked(const struct uvpool__pool* pool,
                                       unsigned task_class,
                                       uint64_t more) {
  uint64_t on_reserved = 0; /* on workers of their own */
  uint64_t others = 0;      /* that need a shared one */
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    uint64_t ready = uvpool__waiting_in_lanes(&pool->waiting, c) +
                     (c == task_class ? more : 0);
    uint64_t mine = least(ready, under_cap(pool, c));
    uint64_t own = least(mine, unfilled(pool, c));
    on_reserved += own;
    others += mine - own;
  }
  return least(on_reserved + least(others, shared(pool)),
               minus(pool->capacity, pool->busy));
}

uint64_t uvpool__class_reserved(const struct uvpool__settings* settings) {
  uint64_t all = 0;
  for (unsigned c = 0; c < UVPOOL_CLASSES; c++) {
    all += settings->classes[c].reserved;
  }
  return all;
}
