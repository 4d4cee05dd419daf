/* Callers that wait for room in any pool of a multi-pool.
 *
 * A caller that found every pool full lines up here, and offers its task to
 * each of them once more, this time asking it to watch: a pool that is asked
 * so, under its lock, tells of the next room that comes up in it. Only then
 * does the caller sleep, so that no room goes unheard: it came up before the
 * second offer, which found it, or after, and the pool tells.
 *
 * What a pool tells wakes the oldest caller, who offers again. A caller that
 * goes away, with success or without, wakes the next one: what was told may
 * have been meant for more than one, or may have come to one who did not need
 * it any more. The last one to offer in vain has asked every pool to watch. */
#ifndef UVPOOL_SRC_MULTI_WAIT_H
#define UVPOOL_SRC_MULTI_WAIT_H

#include <uvpool/multi_pool.h>

#include "caller.h"
#include "lock.h"

struct uvpool__multi_wait {
  struct uvpool__lock lock;            /* rank leaf */
  struct uvpool__caller_queue callers; /* guarded by lock */
};

/* No lock held, any thread that may touch a pool of it: the oldest caller looks
 * again. */
void uvpool__multi_wake(uvpool_multi_t* multi);

#endif /* UVPOOL_SRC_MULTI_WAIT_H */
