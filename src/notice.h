/* Notices: what any thread may ask the keeper's loop to do for the pool.
 *
 * This face is for files that know no libuv. All calls are made under the
 * pool's lock, and so may ring the doorbell of any handle in pool->handles
 * (doorbell.h says why). They are rare: none is made per task. */
#ifndef UVPOOL_SRC_NOTICE_H
#define UVPOOL_SRC_NOTICE_H

struct uvpool__pool;
struct uvpool_s;

enum {
  UVPOOL__NOTICE_TIMERS = 1 << 0,   /* start clock and purge */
  UVPOOL__NOTICE_RETRY = 1 << 1,    /* start the retry timer */
  UVPOOL__NOTICE_REAP = 1 << 2,     /* join exited threads */
  UVPOOL__NOTICE_ROOM = 1 << 3,     /* call on_drain */
  UVPOOL__NOTICE_STATE = 1 << 4,    /* look after the shutdown */
  UVPOOL__NOTICE_DEADLINE = 1 << 5, /* set the timer of deadlines */
  UVPOOL__NOTICE_MEMBERS = 1 << 6   /* end the members that are due */
};

/* The first handle that is not closing, else the first; NULL if there is
 * none. */
struct uvpool_s* uvpool__keeper_locked(const struct uvpool__pool* pool);

/* To the keeper. */
void uvpool__notice_keeper_locked(struct uvpool__pool* pool, unsigned notices);

/* To every handle. */
void uvpool__notice_all_locked(struct uvpool__pool* pool, unsigned notices);

/* ROOM to every handle that was refused since its last on_drain. */
void uvpool__notice_room_locked(struct uvpool__pool* pool);

#endif /* UVPOOL_SRC_NOTICE_H */
