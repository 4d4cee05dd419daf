/* Several handles on one pool, on one loop or on more, with groups, serial
 * queues, deadlines and posts: each handle has its own, they close in any order
 * while others work, and what the first one did for the pool another takes
 * over. */
#include "fault_thread.h"
#include "kit.h"
#include "member.h"

enum { HANDLES = 3, EACH = 3 };

/* Handles of one pool on the test's loop; the first stands at index 0. */
typedef struct scene_s {
  uv_loop_t* loop;
  uvpool_t* handles[HANDLES];
  gate_t gate;
  job_t* jobs[HANDLES]; /* EACH for each handle */
} scene_t;

static void scene_open(scene_t* scene,
                       uv_loop_t* loop,
                       const uvpool_options_t* options) {
  scene->loop = loop;
  gate_init(&scene->gate);
  scene->handles[0] = pool_open_with(loop, options);
  for (int i = 0; i < HANDLES; i++) {
    scene->jobs[i] = jobs_new(EACH, &scene->gate);
    if (i > 0) {
      assert_status(uvpool_attach(scene->handles[0], loop, &scene->handles[i]),
                    0);
    }
  }
}

static void scene_free(scene_t* scene) {
  for (int i = 0; i < HANDLES; i++) {
    jobs_free(scene->jobs[i]);
  }
  gate_destroy(&scene->gate);
}

/* ---- In any order -------------------------------------------------------- */

/* The worker stands in a task of the handle that closes first; all have tasks
 * that wait, in a group or a serial queue. With each close those of that handle
 * end, and the others' still wait; the last handle's run, and its worker
 * expires. */
static void close_in_order(uv_loop_t* loop, const int order[HANDLES]) {
  scene_t scene;
  uvpool_group_t groups[HANDLES];
  uvpool_serial_t queues[HANDLES];
  told_t told[2][HANDLES] = {{{.id = 0}}};
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.expiry_ms = 10;
  scene_open(&scene, loop, &options);
  for (int i = 0; i < HANDLES; i++) {
    int at = order[i];
    group_open(scene.handles[at], &groups[at], &told[0][at]);
    serial_open(scene.handles[at], &queues[at], &told[1][at]);
    jobs_submit_grouped(scene.handles[at], scene.jobs[at], 2, &groups[at]);
    jobs_submit_serial(&queues[at], scene.jobs[at] + 2, 1);
  }
  gate_await(&scene.gate, 1);
  for (int i = 0; i < HANDLES - 1; i++) {
    int at = order[i];
    assert_status(group_close(&groups[at]), 0);
    assert_status(uvpool_close(scene.handles[at], NULL), 0);
    loop_run_until(
        loop, job_is_done, &scene.jobs[at][2], "what waits with the handle");
    jobs_assert_dropped(scene.jobs[at] + 1, 2, UV_ECANCELED);
    assert_int_equal(uvpool_waiting(scene.handles[order[HANDLES - 1]]),
                     EACH * (HANDLES - 1 - i));
  }
  int last = order[HANDLES - 1];
  gate_open(&scene.gate);
  loop_run(loop);
  job_assert_ran(&scene.jobs[order[0]][0]);
  jobs_assert_ran(scene.jobs[last], EACH);
  told_assert(&told[0][order[0]], 0, 1);
  told_assert(&told[0][order[1]], 0, 1);
  told_assert(&told[0][last], 1, 0);
  pool_await_workers(loop, scene.handles[last], 0);
  pool_close(loop, scene.handles[last]);
  scene_free(&scene);
}

static void handles_close_in_any_order(void** state) {
  static const int orders[][HANDLES] = {
      {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (size_t i = 0; i < KIT_COUNT(orders); i++) {
    close_in_order(*state, orders[i]);
  }
}

/* ---- What the first did for all ------------------------------------------ */

/* Deadlines are each handle's own: the first goes, and the others' come, though
 * the only worker is stuck. */
static void deadlines_outlive_the_first(void** state) {
  scene_t scene;
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  scene_open(&scene, *state, &options);
  pool_occupy(scene.handles[2], scene.jobs[2], 1);
  uint64_t now = uv_hrtime();
  for (int i = 0; i < HANDLES; i++) {
    uvpool_task_options_t late;
    uvpool_task_options_init(&late);
    late.deadline_ns = now + UINT64_C(30000000);
    assert_status(job_submit_ex(scene.handles[i], &scene.jobs[i][1], &late), 0);
  }
  assert_status(uvpool_close(scene.handles[0], NULL), 0);
  loop_run_until(*state, job_is_done, &scene.jobs[1][1], "a deadline");
  loop_run_until(*state, job_is_done, &scene.jobs[2][1], "another one");
  assert_true(uv_hrtime() >= now + UINT64_C(30000000));
  job_assert_dropped(&scene.jobs[0][1], UV_ECANCELED);
  job_assert_dropped(&scene.jobs[1][1], UV_ETIMEDOUT);
  job_assert_dropped(&scene.jobs[2][1], UV_ETIMEDOUT);
  gate_open(&scene.gate);
  loop_run(*state);
  job_assert_ran(&scene.jobs[2][0]);
  pool_close(*state, scene.handles[1]);
  pool_close(*state, scene.handles[2]);
  scene_free(&scene);
}

/* The last worker has died in a serial queue, no thread can be started for a
 * while, and the handle whose timer tries again closes: another one's goes on
 * trying. */
static void retries_outlive_the_first(void** state) {
  if (!fault_thread_works()) {
    skip();
  }
  scene_t scene;
  uvpool_serial_t serial;
  told_t told = {0};
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.on_panic = pool_ignore_panic;
  scene_open(&scene, *state, &options);
  serial_open(scene.handles[1], &serial, &told);
  scene.jobs[1][0].in_work = job_panic;
  jobs_submit_serial(&serial, scene.jobs[1], EACH);
  gate_await(&scene.gate, 1);
  fault_thread_fail(1, FAULT_THREAD_FOREVER);
  gate_open(&scene.gate);
  loop_run_until(*state, job_is_done, &scene.jobs[1][0], "the panic");
  pool_await_workers(*state, scene.handles[1], 0);
  assert_status(uvpool_close(scene.handles[0], NULL), 0);
  loop_run_for(*state, 20);
  assert_int_equal(uvpool_waiting(scene.handles[1]), EACH - 1);
  fault_thread_clear();
  loop_run(*state);
  jobs_assert_ran(scene.jobs[1] + 1, EACH - 1);
  pool_close(*state, scene.handles[2]);
  pool_close(*state, scene.handles[1]);
  scene_free(&scene);
}

/* ---- Each its own -------------------------------------------------------- */

/* Queues of two handles know nothing of each other: with two workers both have
 * one that runs, and a group's cancel stays within its handle. */
static void members_are_each_handles_own(void** state) {
  scene_t scene;
  uvpool_serial_t queues[2];
  uvpool_group_t groups[2];
  told_t told[4] = {{.id = 0}};
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  scene_open(&scene, *state, &options);
  for (int i = 0; i < 2; i++) {
    uvpool_task_options_t both;
    uvpool_task_options_init(&both);
    serial_open(scene.handles[i], &queues[i], &told[i]);
    group_open(scene.handles[i], &groups[i], &told[2 + i]);
    both.serial = &queues[i];
    both.group = &groups[i];
    for (int j = 0; j < EACH; j++) {
      assert_status(job_submit_ex(scene.handles[i], &scene.jobs[i][j], &both),
                    0);
    }
  }
  gate_await(&scene.gate, 2);
  assert_status(uvpool_group_cancel(&groups[0]), 0);
  assert_int_equal(uvpool_waiting(scene.handles[0]), EACH - 1);
  gate_open(&scene.gate);
  loop_run(*state);
  job_assert_ran(&scene.jobs[0][0]);
  jobs_assert_dropped(scene.jobs[0] + 1, EACH - 1, UV_ECANCELED);
  jobs_assert_ran(scene.jobs[1], EACH);
  assert_int_equal(scene.jobs[0][0].cancelled, 1);
  assert_int_equal(scene.jobs[1][0].cancelled, 0);
  for (int i = 0; i < HANDLES; i++) {
    pool_close(*state, scene.handles[i]);
  }
  scene_free(&scene);
}

/* ---- Two threads --------------------------------------------------------- */

/* A ball that two loops post to each other. */
enum { BOUNCES = 2000 };

typedef struct player_s {
  uvpool_t* pool;
  uv_thread_t thread;
  long hits;    /* its own loop's thread */
  long strayed; /* likewise: hits on another thread */
  int refused;  /* likewise: posts that were not taken */
} player_t;

typedef struct ball_s {
  uvpool_post_t post;
  player_t players[2];
  long bounces; /* whoever has the ball */
} ball_t;

typedef struct away_s {
  helper_t helper;
  uvpool_t* first;
  ball_t* ball;
  atomic_int attached;
  int wrong; /* read after the join */
} away_t;

static void on_ball(uvpool_post_t* post) {
  ball_t* ball = post->data;
  player_t* here = &ball->players[ball->bounces % 2];
  player_t* there = &ball->players[(ball->bounces + 1) % 2];
  uv_thread_t self = uv_thread_self();
  here->strayed += !uv_thread_equal(&self, &here->thread);
  here->hits++;
  /* From here on the other thread may have it. */
  if (++ball->bounces <= BOUNCES) {
    here->refused += uvpool_post(there->pool, post, on_ball) != 0;
  }
  if (here->hits > BOUNCES / 2 - 1) {
    (void) uvpool_unref(here->pool);
  }
}

static void play_away(void* arg) {
  away_t* away = arg;
  player_t* player = &away->ball->players[1];
  uv_loop_t loop;
  away->wrong += uv_loop_init(&loop) != 0;
  away->wrong += uvpool_attach(away->first, &loop, &player->pool) != 0;
  away->wrong += uvpool_ref(player->pool) != 0;
  player->thread = uv_thread_self();
  atomic_store(&away->attached, 1);
  away->wrong += uv_run(&loop, UV_RUN_DEFAULT) != 0;
  away->wrong += uvpool_close(player->pool, NULL) != 0;
  away->wrong += uv_run(&loop, UV_RUN_DEFAULT) != 0;
  away->wrong += uv_loop_close(&loop) != 0;
}

static int is_attached(void* away) {
  return atomic_load(&((away_t*) away)->attached);
}

static int is_over(void* ball) {
  return ((ball_t*) ball)->players[0].hits > BOUNCES / 2;
}

/* A post comes back on the loop of the handle that it was made with, whoever
 * made it. */
static void posts_between_loops(void** state) {
  static ball_t ball;
  static away_t away;
  uvpool_t* pool = pool_open(*state, 1, 0);
  ball.post.data = &ball;
  ball.players[0].pool = pool;
  ball.players[0].thread = uv_thread_self();
  away.first = pool;
  away.ball = &ball;
  helper_start(&away.helper, play_away, &away);
  loop_run_until(*state, is_attached, &away, "the other loop");
  assert_status(uvpool_ref(pool), 0);
  assert_status(uvpool_post(pool, &ball.post, on_ball), 0);
  loop_run_until(*state, is_over, &ball, "the last bounce");
  helper_join(*state, &away.helper);
  assert_int_equal(away.wrong, 0);
  assert_int_equal(ball.players[0].refused + ball.players[1].refused, 0);
  assert_int_equal(ball.players[0].hits, BOUNCES / 2 + 1);
  assert_int_equal(ball.players[1].hits, BOUNCES / 2);
  assert_int_equal(ball.players[0].strayed + ball.players[1].strayed, 0);
  assert_status(uvpool_unref(pool), 0);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(handles_close_in_any_order),
      loop_test(deadlines_outlive_the_first),
      loop_test(retries_outlive_the_first),
      loop_test(members_are_each_handles_own),
      loop_test(posts_between_loops),
  };
  return kit_run(argc, argv, tests);
}
