/* Notices: from the pool's lock to a loop. */
#include "notice.h"

#include "handle.h"
#include "pool.h"

uvpool_t* uvpool__keeper_locked(const struct uvpool__pool* pool) {
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    if (!h->closing) {
      return h;
    }
  }
  return pool->handles;
}

void uvpool__notice_keeper_locked(struct uvpool__pool* pool, unsigned notices) {
  uvpool_t* keeper = uvpool__keeper_locked(pool);
  if (keeper != NULL) {
    uvpool__handle_post(keeper, notices);
  }
}

void uvpool__notice_all_locked(struct uvpool__pool* pool, unsigned notices) {
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    uvpool__handle_post(h, notices);
  }
}

void uvpool__notice_room_locked(struct uvpool__pool* pool) {
  for (uvpool_t* h = pool->handles; h != NULL; h = h->next) {
    if (h->wants_room && !h->closing) {
      h->wants_room = false;
      uvpool__handle_post(h, UVPOOL__NOTICE_ROOM);
    }
  }
}
