/* A crowd: the tasks of one handle, as the stress tests want them. They come
 * and go at random, with groups, serial queues, deadlines, priorities, posts
 * and panics, and are cancelled one by one or by group; groups and serial
 * queues are closed and opened again meanwhile.
 *
 * It keeps its own books, and remembers the first thing that was not as the
 * contract says: a task that ended twice or on a wrong thread, or with a status
 * it cannot have; two of a serial queue at once or in a wrong order; a post
 * that came after the done of its work; a group that was said to be empty, or a
 * member closed, with a task in flight.
 *
 * A crowd belongs to the thread of its handle's loop; only works run elsewhere.
 * It must outlive a failing test: static or never freed. */
#ifndef UVPOOL_TEST_CROWD_H
#define UVPOOL_TEST_CROWD_H

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>
#include <uvpool.h>

#include "dice.h"

enum { CROWD_FLIGHTS = 48, CROWD_GROUPS = 3, CROWD_QUEUES = 3 };

typedef struct crowd_s crowd_t;

/* A group or a serial queue. Loop thread, but for the last three. */
typedef struct crowd_member_s {
  crowd_t* crowd;
  union {
    uvpool_group_t group;
    uvpool_serial_t serial;
  } as;
  long flying; /* accepted, and their done not yet entered */
  int closing; /* until its close_cb */
  long joined; /* tasks so far: the next one's number */

  atomic_int inside; /* works that run now */
  long last;         /* number of the last that ran; ordered by the queue */
  atomic_int odd; /* works that found another inside, or a later one before */
} crowd_member_t;

/* One task, used again and again. Loop thread while it is not in flight; what
 * its work writes, the loop reads in done. */
typedef struct crowd_flight_s {
  uvpool_task_t task;
  uvpool_post_t post;
  crowd_t* crowd;
  crowd_member_t* group;  /* NULL: none */
  crowd_member_t* serial; /* NULL: none */
  long number;            /* in that queue */
  uint64_t deadline_ns;   /* 0: none */
  int flying;
  int panics;
  int posts;   /* its work posts */
  int arrived; /* posts that have come */
  int worked;  /* how often its work began */
} crowd_flight_t;

struct crowd_s {
  /* Set by the test before crowd_open; the last three also between its
   * steps. */
  uvpool_t* pool;
  dice_t dice;
  int no_panics;
  long quota;      /* accepted tasks after which it submits no more */
  int may_refuse;  /* the pool is bounded: UV_EAGAIN is an answer */
  int is_shut;     /* the pool is not open: UV_ESHUTDOWN is the only one */
  int keeps_still; /* done callbacks submit nothing */

  /* Loop thread. */
  uv_thread_t thread;
  crowd_flight_t flights[CROWD_FLIGHTS];
  crowd_member_t groups[CROWD_GROUPS];
  crowd_member_t queues[CROWD_QUEUES];
  int closing; /* crowd_close was called */
  int closed;  /* close callbacks of the handle */
  long members_closing;
  long accepted;
  long ended;
  long expired;
  long cancelled;
  long panicked;
  long posts;
  const char* odd; /* the first thing that was wrong; NULL: nothing */

  atomic_long progress; /* ended, for other threads to watch */
};

/* Opens its members. `pool` must be a handle of this thread's loop. */
void crowd_open(crowd_t* crowd);

/* Does something at random, mostly a submit. */
void crowd_step(crowd_t* crowd);

/* Is everything that was accepted over? `crowd` is a crowd_t*. */
int crowd_is_still(void* crowd);

/* Closes the handle, whatever is in flight; the loop has to be run to its end
 * after that. Members that are open are left to the handle. */
void crowd_close(crowd_t* crowd);

/* Looks at the books once more, when all is over. */
void crowd_audit(crowd_t* crowd);

#endif /* UVPOOL_TEST_CROWD_H */
