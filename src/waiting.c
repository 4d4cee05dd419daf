/* The waiting room; see waiting.h. */
#include "waiting.h"

uint64_t uvpool__waiting_of_class(const struct uvpool__waiting* waiting,
                                  unsigned task_class) {
  uint64_t count = waiting->of_class[task_class];
  if (task_class == 0) { /* plain ones are not counted by class */
    count = waiting->len;
    for (unsigned c = 1; c < UVPOOL_CLASSES; c++) {
      count -= waiting->of_class[c];
    }
  }
  return count;
}

uint64_t uvpool__waiting_in_lanes(const struct uvpool__waiting* waiting,
                                  unsigned task_class) {
  uint64_t count = 0;
  for (unsigned i = 0; i < UVPOOL__PRIORITIES; i++) {
    count += waiting->lanes[task_class * UVPOOL__PRIORITIES + i].len;
  }
  return count;
}

uvpool_task_t* uvpool__waiting_first(const struct uvpool__waiting* waiting,
                                     unsigned classes,
                                     uint64_t ageing_us) {
  static const unsigned handicap[UVPOOL__PRIORITIES] = {
      [UVPOOL_PRIORITY_HIGH] = 0,
      [UVPOOL_PRIORITY_NORMAL] = 1,
      [UVPOOL_PRIORITY_LOW] = 2,
  };
  uvpool_task_t* first = NULL;
  uint64_t first_key = UINT64_MAX;
  for (uint32_t left = waiting->occupied; left != 0; left &= left - 1) {
    unsigned lane = (unsigned) __builtin_ctz(left);
    unsigned rank = handicap[lane % UVPOOL__PRIORITIES];
    uvpool_task_t* head = waiting->lanes[lane].head;
    uint64_t key = uvpool__task_since_us(head) + rank * ageing_us;
    if ((classes >> (lane / UVPOOL__PRIORITIES) & 1u) != 0 && key < first_key) {
      first = head;
      first_key = key;
    }
  }
  return first;
}

uvpool_task_t* uvpool__waiting_oldest(const struct uvpool__waiting* waiting) {
  return uvpool__waiting_first(waiting, UINT32_MAX, 0);
}
