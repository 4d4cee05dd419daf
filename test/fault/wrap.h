/* Faults in what the library asks of the system, put in by the linker.
 *
 * --wrap leads every call of these functions that is made from this program
 * (the test, its kit, and the library, which is linked in statically) to
 * wrap.c; calls from inside libuv or the C library do not come by. Each call is
 * one site. While the faults are armed, the n-th call fails, once or as all
 * after it. What was made and not yet unmade is counted all the time. */
#ifndef UVPOOL_TEST_WRAP_H
#define UVPOOL_TEST_WRAP_H

/* From now on the `nth` call, counted from 1, fails; with `for_ever` all that
 * follow, too. */
void wrap_arm(long nth, int for_ever);

/* uv_timer_init never fails in libuv as it is. The library checks it where it
 * makes a pool, and relies on it where it closes one: it is a site until this
 * call, and fails alone, not for ever. */
void wrap_trust_timers(void);

/* From now on there is no memory, and all else works. */
void wrap_starve(void);

/* Ends either; returns how many calls have failed. */
long wrap_disarm(void);

/* What lives: to be compared before and after. */
typedef struct wrap_census_s {
  long blocks; /* of malloc and calloc */
  long mutexes;
  long conds;
  long attrs;
  long threads; /* created and not joined */
} wrap_census_t;

wrap_census_t wrap_census(void);

#endif /* UVPOOL_TEST_WRAP_H */
