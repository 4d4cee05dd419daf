/* Classes: how many workers the tasks of one class may have.
 *
 * Two numbers for each: a cap, and a reservation; and a third for how many may
 * wait (admission.h). As long as fewer of a class run than are reserved for it,
 * the difference is left free by all others. So with `free` = capacity - busy,
 * and `unfilled` = reserved - busy of a class,
 *
 *     shared  = free - the sum of unfilled
 *     vacancy = min(cap - busy of the class, unfilled of the class + shared)
 *
 * is how many tasks of a class could begin now. A pool without caps and
 * reservations is not `classed`, and never comes here.
 *
 * All functions are called with the pool's lock held. */
#ifndef UVPOOL_SRC_CLASSES_H
#define UVPOOL_SRC_CLASSES_H

#include "pool.h"

/* As a validated option: a cap of UINT64_MAX is none. */
uint64_t uvpool__class_vacancy_locked(const struct uvpool__pool* pool,
                                      unsigned task_class);

/* Is there room for `more` tasks of a class? See admission.h. */
bool uvpool__class_has_room_locked(const struct uvpool__pool* pool,
                                   unsigned task_class,
                                   uint64_t more);

/* A bit for each class of which a task may begin. */
unsigned uvpool__class_eligible_locked(const struct uvpool__pool* pool);

/* Of the tasks that wait in lanes, and `more` of one class, how many could
 * begin now. */
uint64_t uvpool__class_runnable_locked(const struct uvpool__pool* pool,
                                       unsigned task_class,
                                       uint64_t more);

/* Workers that are reserved for any class. Constant. */
uint64_t uvpool__class_reserved(const struct uvpool__settings* settings);

/* ---- The same for every pool --------------------------------------------- */

static inline unsigned uvpool__eligible_locked(
    const struct uvpool__pool* pool) {
  return pool->settings.classed ? uvpool__class_eligible_locked(pool)
                                : UINT32_MAX;
}

static inline uint64_t uvpool__runnable_locked(
    const struct uvpool__pool* pool) {
  return pool->settings.classed ? uvpool__class_runnable_locked(pool, 0, 0)
                                : uvpool__waiting_ready(&pool->waiting);
}

#endif /* UVPOOL_SRC_CLASSES_H */
