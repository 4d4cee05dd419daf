/* Release, drain, reboot and tune of all pools of a multi-pool.
 *
 * Release and drain are asked of every pool at once, each with the whole time
 * limit, and the last answer is the answer of all: it takes as long as the
 * slowest. */
#include <stdlib.h>

#include "multi_pool.h"
#include "shutdown.h"

int uvpool_multi_release(uvpool_multi_t* multi) {
  int err = uvpool__multi_check(multi);
  for (size_t i = 0; err == 0 && i < multi->count; i++) {
    err = uvpool_release(multi->handles[i]);
  }
  return err;
}

/* ---- With a callback ----------------------------------------------------- */

static int ascending(const void* a, const void* b) {
  size_t x = *(const size_t*) a;
  size_t y = *(const size_t*) b;
  return (x > y) - (x < y);
}

static void answer(uvpool_multi_t* multi) {
  uvpool_multi_release_cb cb = multi->release_cb;
  multi->release_cb = NULL;
  if (multi->closing) {
    cb(multi, UV_ECANCELED, NULL, 0);
    return;
  }
  qsort(multi->late, multi->late_count, sizeof(multi->late[0]), ascending);
  cb(multi,
     multi->late_count > 0 ? UV_ETIMEDOUT : 0,
     multi->late,
     multi->late_count);
}

static void on_release(uvpool_t* handle, int status) {
  uvpool_multi_t* multi = handle->pool->multi;
  if (status == UV_ETIMEDOUT) {
    size_t index = 0;
    while (multi->handles[index] != handle) {
      index++;
    }
    multi->late[multi->late_count++] = index;
  }
  if (--multi->release_pending == 0) {
    answer(multi);
  }
}

/* May a release be asked of all of them? */
static int check_request(uvpool_multi_t* multi, uvpool_multi_release_cb cb) {
  int err = uvpool__multi_check(multi);
  if (err != 0) {
    return err;
  }
  if (cb == NULL) {
    return UV_EINVAL;
  }
  if (!uvpool__on_loop(multi->handles[0])) {
    return UV_EPERM;
  }
  if (multi->closing) {
    return UV_ESHUTDOWN;
  }
  for (size_t i = 0; i < multi->count; i++) {
    if (multi->handles[i]->release_cb != NULL) {
      return UV_EALREADY;
    }
  }
  return multi->release_cb != NULL ? UV_EALREADY : 0;
}

static int request(uvpool_multi_t* multi,
                   uint64_t timeout_ms,
                   uvpool_multi_release_cb cb,
                   int (*ask)(uvpool_t*, uint64_t, uvpool_release_cb)) {
  int err = check_request(multi, cb);
  if (err != 0) {
    return err;
  }
  multi->release_cb = cb;
  multi->release_pending = multi->count;
  multi->late_count = 0;
  for (size_t i = 0; i < multi->count; i++) {
    /* Whatever could be wrong has been looked at. */
    (void) ask(multi->handles[i], timeout_ms, on_release);
  }
  return 0;
}

int uvpool_multi_release_timeout(uvpool_multi_t* multi,
                                 uint64_t timeout_ms,
                                 uvpool_multi_release_cb cb) {
  return request(multi, timeout_ms, cb, uvpool_release_timeout);
}

int uvpool_multi_drain(uvpool_multi_t* multi,
                       uint64_t timeout_ms,
                       uvpool_multi_release_cb cb) {
  return request(multi, timeout_ms, cb, uvpool_drain);
}

/* ---- Reboot -------------------------------------------------------------- */

/* Opens the closed ones; if one cannot be, all that were opened here are
 * released again. */
static int reboot_all(uvpool_multi_t* multi) {
  int err = 0;
  size_t opened = 0; /* the indices of those, in `late`, which is free now */
  for (size_t i = 0; err == 0 && i < multi->count; i++) {
    if (uvpool_is_closed(multi->handles[i]) != 0) {
      err = uvpool_reboot(multi->handles[i]);
      multi->late[opened++] = i;
    }
  }
  while (err != 0 && opened > 0) {
    (void) uvpool_release(multi->handles[multi->late[--opened]]);
  }
  return err;
}

int uvpool_multi_reboot(uvpool_multi_t* multi) {
  int err = uvpool__multi_check(multi);
  if (err != 0) {
    return err;
  }
  if (!uvpool__on_loop(multi->handles[0])) {
    return UV_EPERM;
  }
  if (multi->closing) {
    return UV_ESHUTDOWN;
  }
  err = multi->release_cb != NULL ? UV_EBUSY : 0;
  for (size_t i = 0; err == 0 && i < multi->count; i++) {
    err = uvpool__shutdown_may_reboot(multi->handles[i]);
  }
  return err == 0 ? reboot_all(multi) : err;
}

/* ---- Tune ---------------------------------------------------------------- */

int uvpool_multi_tune(uvpool_multi_t* multi, int64_t capacity) {
  int result = uvpool__multi_check(multi);
  if (result != 0) {
    return result;
  }
  for (size_t i = 0; i < multi->count; i++) {
    int err = uvpool_tune(multi->handles[i], capacity);
    if (err != 0) {
      result = err;
    }
  }
  return result;
}
