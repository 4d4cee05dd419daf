/* Options: defaults, ranges and roundings, each in one place.
 *
 * The structure carries the size that its user was compiled with. Fields that
 * user does not know get their defaults; a size that we do not know means a
 * newer user, whose wishes we could not fulfil. */
#include "options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "util.h"

/* The first version's size; none is smaller. */
enum { OPTIONS_SIZE_V1 = sizeof(uvpool_options_t) };

static const int64_t STACK_DEFAULT = INT64_C(8) << 20;
static const int64_t STACK_MAX = INT64_C(1) << 30;

enum {
  DEFAULT_CAPACITY = 4,
  DEFAULT_MAX_WAITING = 65536,
  DEFAULT_EXPIRY_MS = 1000,
  DEFAULT_BUDGET_US = 1000,
  DEFAULT_AGEING_MS = 100,
  SPIN_MAX_US = 1000000
};

/* A year: longer is a slip, and products with it still fit. */
static const int64_t EXPIRY_MAX_MS = INT64_C(366) * 24 * 3600 * 1000;
static const int64_t BUDGET_MAX_US = INT64_C(3600) * 1000000;

#define NO_LIMITS                                                              \
  { .cap = UVPOOL_UNLIMITED, .max_waiting = UVPOOL_UNLIMITED }

_Static_assert(UVPOOL_CLASSES == 8, "defaults has one for each class");

static const uvpool_options_t defaults = {
    .size = sizeof(uvpool_options_t),
    .capacity = DEFAULT_CAPACITY,
    .max_waiting = DEFAULT_MAX_WAITING,
    .max_blocked = UVPOOL_UNLIMITED,
    .expiry_ms = DEFAULT_EXPIRY_MS,
    .completions_per_turn = UVPOOL_UNLIMITED,
    .completion_budget_us = DEFAULT_BUDGET_US,
    .ageing_ms = DEFAULT_AGEING_MS,
    .classes = {NO_LIMITS,
                NO_LIMITS,
                NO_LIMITS,
                NO_LIMITS,
                NO_LIMITS,
                NO_LIMITS,
                NO_LIMITS,
                NO_LIMITS},
    .name = "uvpool",
};

void uvpool_options_init_sized(uvpool_options_t* options, size_t size) {
  if (options == NULL) {
    return;
  }
  memset(options, 0, size);
  memcpy(options, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
  options->size = size;
}

static bool in_range(int64_t value, int64_t low, int64_t high) {
  return low <= value && value <= high;
}

/* A limit of at least 1, or none. */
static bool is_limit(int64_t value) {
  return value == UVPOOL_UNLIMITED || value >= 1;
}

/* Each reservation fits under its cap, and all of them leave somebody. */
static bool classes_are_sane(const uvpool_options_t* o) {
  int64_t left = o->capacity <= 0 ? 1 : o->capacity;
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    int64_t cap = o->classes[c].cap;
    int64_t reserved = o->classes[c].reserved;
    if (o->classes[c].max_waiting < UVPOOL_UNLIMITED || reserved < 0 ||
        reserved >= left || (cap > 0 && reserved > cap)) {
      return false;
    }
    left -= reserved;
  }
  return true;
}

static bool are_sane(const uvpool_options_t* o) {
  const uint32_t known = UVPOOL_NO_PURGE | UVPOOL_PREALLOC | UVPOOL_EXACT_TIMES;
  bool unlimited = o->capacity <= 0;
  int64_t ceiling = unlimited ? UVPOOL_CAPACITY_MAX : o->capacity;
  return (o->flags & ~known) == 0 && o->capacity <= UVPOOL_CAPACITY_MAX &&
         UVPOOL__IMPLIES((o->flags & UVPOOL_PREALLOC) != 0, !unlimited) &&
         o->max_waiting >= UVPOOL_UNLIMITED &&
         o->max_blocked >= UVPOOL_UNLIMITED &&
         in_range(o->min_workers, 0, ceiling) &&
         ((o->flags & UVPOOL_NO_PURGE) != 0 ||
          in_range(o->expiry_ms, 0, EXPIRY_MAX_MS)) &&
         in_range(o->stack_size, 0, STACK_MAX) &&
         in_range(o->spin_us, 0, SPIN_MAX_US) &&
         is_limit(o->completions_per_turn) &&
         is_limit(o->completion_budget_us) &&
         o->completion_budget_us <= BUDGET_MAX_US &&
         in_range(o->ageing_ms, 0, EXPIRY_MAX_MS) && classes_are_sane(o) &&
         (o->allocator.alloc == NULL) == (o->allocator.free == NULL);
}

/* Whole pages, and never less than the system can work with. */
static size_t resolve_stack_size(int64_t wish) {
  size_t size = (size_t) (wish == 0 ? STACK_DEFAULT : wish);
  long page = sysconf(_SC_PAGESIZE);
  size_t unit = page > 0 ? (size_t) page : 4096;
  size_t least = 16384;
#ifdef _SC_THREAD_STACK_MIN
  /* The constant of the same name does not know of this machine's registers. */
  long system_least = sysconf(_SC_THREAD_STACK_MIN);
  if (system_least > 0 && (size_t) system_least > least) {
    least = (size_t) system_least;
  }
#endif
  if (size < least) {
    size = least;
  }
  return (size + unit - 1) / unit * unit;
}

static void resolve_classes(const uvpool_options_t* o,
                            struct uvpool__settings* settings) {
  settings->classed = false;
  for (int c = 0; c < UVPOOL_CLASSES; c++) {
    int64_t cap = o->classes[c].cap;
    settings->classes[c].cap = cap <= 0 ? UINT64_MAX : (uint64_t) cap;
    int64_t reserved = o->classes[c].reserved;
    int64_t max_waiting = o->classes[c].max_waiting;
    settings->classes[c].reserved = (uint64_t) reserved;
    settings->classes[c].max_waiting =
        max_waiting == UVPOOL_UNLIMITED ? UINT64_MAX : (uint64_t) max_waiting;
    settings->classed = settings->classed || cap > 0 || reserved > 0 ||
                        max_waiting != UVPOOL_UNLIMITED;
  }
}

static void resolve(const uvpool_options_t* o,
                    struct uvpool__settings* settings) {
  settings->flags = o->flags;
  settings->unlimited = o->capacity <= 0;
  settings->capacity =
      settings->unlimited ? UVPOOL_CAPACITY_MAX : (uint64_t) o->capacity;
  settings->max_waiting = o->max_waiting == UVPOOL_UNLIMITED
                              ? UINT64_MAX
                              : (uint64_t) o->max_waiting;
  settings->max_blocked = o->max_blocked == UVPOOL_UNLIMITED
                              ? UINT64_MAX
                              : (uint64_t) o->max_blocked;
  settings->min_workers = (uint64_t) o->min_workers;
  settings->expiry_ms =
      o->expiry_ms > 0 ? (uint64_t) o->expiry_ms : DEFAULT_EXPIRY_MS;
  settings->stack_size = resolve_stack_size(o->stack_size);
  settings->spin_us = (uint64_t) o->spin_us;
  settings->completions_per_turn = o->completions_per_turn == UVPOOL_UNLIMITED
                                       ? UINT64_MAX
                                       : (uint64_t) o->completions_per_turn;
  settings->completion_budget_ns =
      o->completion_budget_us == UVPOOL_UNLIMITED
          ? UVPOOL__NEVER
          : (uint64_t) o->completion_budget_us * 1000u;
  settings->ageing_us =
      (o->ageing_ms > 0 ? (uint64_t) o->ageing_ms : DEFAULT_AGEING_MS) * 1000u;
  resolve_classes(o, settings);
  snprintf(settings->name,
           sizeof(settings->name),
           "%s",
           o->name == NULL ? defaults.name : o->name);
  settings->on_panic = o->on_panic;
  settings->on_log = o->on_log;
  settings->on_drain = o->on_drain;
  settings->on_worker_start = o->on_worker_start;
  settings->on_worker_stop = o->on_worker_stop;
  settings->on_task = o->on_task;
  settings->allocator = o->allocator;
  settings->data = o->data;
}

int uvpool__options_resolve(const uvpool_options_t* options,
                            struct uvpool__settings* settings) {
  uvpool_options_t all = defaults;
  if (options != NULL) {
    if (options->size < OPTIONS_SIZE_V1 || options->size > sizeof(all)) {
      return UV_EINVAL;
    }
    memcpy(&all, options, options->size);
  }
  if (!are_sane(&all)) {
    return UV_EINVAL;
  }
  resolve(&all, settings);
  return 0;
}
