/* Notices: from the pool's lock to a loop. */
#include "notice.h"

#include "handle.h"
#include "pool.h"

void uvpool__notice_keeper_locked(struct uvpool__pool* pool, unsigned notices) {
  uvpool_t* keeper = pool->handles;
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    if (!h->closing) {
      keeper = h;
      break;
    }
  }
  if (keeper != NULL) {
    uvpool__doorbell_post(&keeper->doorbell, notices);
  }
}

void uvpool__notice_all_locked(struct uvpool__pool* pool, unsigned notices) {
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    uvpool__doorbell_post(&h->doorbell, notices);
  }
}

void uvpool__notice_room_locked(struct uvpool__pool* pool) {
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    if (h->wants_room && !h->closing) {
      h->wants_room = false;
      uvpool__doorbell_post(&h->doorbell, UVPOOL__NOTICE_ROOM);
    }
  }
}
