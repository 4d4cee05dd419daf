/* Eight loops on eight threads share one pool: after libuv's
 * threadpool_multiple_event_loops, whose loops share its global pool without
 * being asked. Here each has a handle of its own by uvpool_attach. Every
 * completion comes on its own loop's thread, and the handles close one by one
 * while the others work on. */
#include "item.h"
#include "scale.h"

enum { SIDES = 8, IN_FLIGHT = 64 };

/* A thread with its loop, its handle and its requests, each of which is queued
 * again from its own callback until the share is used up. */
typedef struct side_s {
  helper_t helper;
  uvpool_t* first; /* to attach to */
  atomic_int attached;
  long share;      /* so many items in all */
  int close_early; /* with items still in flight */

  /* Its own thread; read after the join. */
  uv_loop_t loop;
  uvpool_t* pool;
  item_t items[IN_FLIGHT];
  long queued;
  long ran;
  long cancelled;
  int closed;
  int wrong; /* things that were not as they should be */
} side_t;

static side_t sides[SIDES];
static atomic_int go;

/* Each a different one, so that they end at different times and in no order. */
static const long weights[SIDES] = {3, 8, 1, 6, 2, 7, 4, 5};

static void side_check(side_t* side, int right) {
  side->wrong += right == 0;
}

static void on_closed(uvpool_t* pool) {
  side_t* side = uvpool_get_data(pool);
  side->closed++;
}

static void side_close(side_t* side) {
  side_check(side, uvpool_close(side->pool, on_closed) == 0);
}

static void side_queue(side_t* side, item_t* item) {
  side_check(side, item_queue(side->pool, item) == 0);
  side->queued++;
  if (side->queued == side->share && side->close_early) {
    side_close(side);
  }
}

static void on_after(item_t* item) {
  side_t* side = item->arg;
  side->ran += item->status == 0;
  side->cancelled += item->status == UV_ECANCELED;
  if (side->queued < side->share) {
    side_queue(side, item);
  }
}

static void side_run(void* arg) {
  side_t* side = arg;
  side_check(side, uv_loop_init(&side->loop) == 0);
  side_check(side, uvpool_attach(side->first, &side->loop, &side->pool) == 0);
  uvpool_set_data(side->pool, side);
  atomic_store(&side->attached, 1);
  while (atomic_load(&go) == 0) {
    uv_sleep(1);
  }
  for (int i = 0; i < IN_FLIGHT && side->queued < side->share; i++) {
    item_init(&side->items[i], NULL);
    side->items[i].in_after = on_after;
    side->items[i].arg = side;
    side_queue(side, &side->items[i]);
  }
  (void) uv_run(&side->loop, UV_RUN_DEFAULT);
  if (!side->close_early) {
    side_close(side);
    (void) uv_run(&side->loop, UV_RUN_DEFAULT);
  }
  side_check(side, side->closed == 1);
  side_check(side, uv_loop_close(&side->loop) == 0);
}

static int is_attached(void* side) {
  return atomic_load(&((side_t*) side)->attached);
}

static long share_of(long total, int i) {
  long shared = 0;
  for (int k = 0; k < SIDES - 1; k++) {
    shared += total * weights[k] / 36;
  }
  return i < SIDES - 1 ? total * weights[i] / 36 : total - shared;
}

/* Runs all sides; the pool's first handle, which keeps its timers, is closed
 * before any of them has begun. */
static void run_sides(uv_loop_t* loop, long total, int close_early) {
  uvpool_t* pool = pool_open(loop, 4, UVPOOL_UNLIMITED);
  atomic_store(&go, 0);
  for (int i = 0; i < SIDES; i++) {
    memset(&sides[i], 0, sizeof(sides[i]));
    sides[i].first = pool;
    sides[i].share = share_of(total, i);
    sides[i].close_early = close_early && i % 2 == 0;
    helper_start(&sides[i].helper, side_run, &sides[i]);
    loop_run_until(loop, is_attached, &sides[i], "a loop to attach");
  }
  pool_close(loop, pool);
  atomic_store(&go, 1);
  for (int i = 0; i < SIDES; i++) {
    helper_join(loop, &sides[i].helper);
  }
}

static void check_side(const side_t* side) {
  assert_int_equal(side->wrong, 0);
  assert_int_equal(side->queued, side->share);
  assert_int_equal(side->ran + side->cancelled, side->share);
  for (int k = 0; k < IN_FLIGHT; k++) {
    assert_int_equal(side->items[k].strayed, 0);
  }
}

/* A million items in all, each told once and on its own loop's thread; every
 * loop ends by itself and can be closed. */
static void a_million_items(void** state) {
  long total = scaled(1000000, "items");
  run_sides(*state, total, 0);
  long ran = 0;
  for (int i = 0; i < SIDES; i++) {
    check_side(&sides[i]);
    assert_int_equal(sides[i].cancelled, 0);
    ran += sides[i].ran;
  }
  assert_int_equal(ran, total);
}

/* Every second handle closes as soon as it has queued its last item: what still
 * waits of it is cancelled, and nothing of the others is. */
static void closed_with_items_in_flight(void** state) {
  run_sides(*state, scaled(200000, "items"), 1);
  for (int i = 0; i < SIDES; i++) {
    check_side(&sides[i]);
    if (!sides[i].close_early) {
      assert_int_equal(sides[i].cancelled, 0);
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(a_million_items),
      loop_test(closed_with_items_in_flight),
  };
  return kit_run(argc, argv, tests);
}
