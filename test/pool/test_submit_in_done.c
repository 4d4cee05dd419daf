/* Submits from inside a done callback obey every rule that others obey: the
 * pool may put off waking its workers until the callback returns, but never
 * what the caller can see. */
#include "kit.h"

#include <string.h>

enum { SPARE = 400 };

/* A pool of one worker that is held, and a done callback in which `act` runs:
 * that of a cancelled task, so that no worker has to be free for it. */
typedef struct scene_s {
  gate_t gate;
  uvpool_t* pool;
  job_t held;
  job_t actor;
  job_t* spare; /* SPARE tasks for `act`, with ids from 0 */
  void (*act)(struct scene_s* scene);
  recorder_t recorder;
  int accepted;
  int result;
  int64_t figure;
} scene_t;

static void act_in_done(job_t* job) {
  scene_t* scene = job->arg;
  scene->act(scene);
}

static void play(scene_t* s,
                 uv_loop_t* loop,
                 int64_t max_waiting,
                 void (*act)(scene_t*)) {
  gate_init(&s->gate);
  recorder_init(&s->recorder);
  s->accepted = 0;
  s->act = act;
  s->pool = pool_open(loop, 1, max_waiting);
  s->spare = jobs_new(SPARE, NULL);
  for (int i = 0; i < SPARE; i++) {
    s->spare[i].recorder = &s->recorder;
  }
  job_init(&s->held, -1);
  s->held.gate = &s->gate;
  job_init(&s->actor, -2);
  s->actor.in_done = act_in_done;
  s->actor.arg = s;
  pool_occupy(s->pool, &s->held, 1);
  jobs_submit(s->pool, &s->actor, 1);
  assert_status(uvpool_cancel(&s->actor.task), 0);
  loop_run_until(loop, job_is_done, &s->actor, "the done to act in");
}

static void strike(scene_t* s, uv_loop_t* loop) {
  pool_close(loop, s->pool);
  jobs_free(s->spare);
  gate_destroy(&s->gate);
}

static void submit_all(scene_t* s) {
  for (int i = 0; i < SPARE; i++) {
    int rc = job_submit(s->pool, &s->spare[i]);
    s->accepted += rc == 0;
    if (rc != 0) {
      s->result = rc;
    }
  }
  s->figure = uvpool_waiting(s->pool);
}

/* The bound holds to the last task, and the figures count them all. */
static void the_bound_is_exact(void** state) {
  static const int bounds[] = {1, 2, 63, 64, 65, 127, 128, 129, 200, 399};
  for (size_t i = 0; i < KIT_COUNT(bounds); i++) {
    scene_t s;
    play(&s, *state, bounds[i], submit_all);
    assert_int_equal(s.accepted, bounds[i]);
    assert_int_equal(s.figure, bounds[i]);
    assert_status(s.result, UV_EAGAIN);
    gate_open(&s.gate);
    loop_run(*state);
    jobs_assert_ran(s.spare, bounds[i]);
    for (int k = bounds[i]; k < SPARE; k++) {
      job_assert_untouched(&s.spare[k]);
    }
    assert_int_equal(pool_stats(s.pool).refused, SPARE - bounds[i]);
    strike(&s, *state);
  }
}

/* They run in the order of submission, after what waited before. */
static void the_order_is_kept(void** state) {
  scene_t s;
  play(&s, *state, UVPOOL_UNLIMITED, submit_all);
  assert_int_equal(s.accepted, SPARE);
  gate_open(&s.gate);
  loop_run(*state);
  jobs_assert_ran(s.spare, SPARE);
  int next = 0;
  for (unsigned i = 0; i < RECORDER_MAX && next < SPARE; i++) {
    const char* word = atomic_load(&s.recorder.words[i]);
    if (word != NULL && strcmp(word, "work") == 0) {
      assert_int_equal(atomic_load(&s.recorder.numbers[i]), next++);
    }
  }
  assert_true(next > SPARE / 4); /* as many as the recorder could hold */
  strike(&s, *state);
}

static void submit_and_cancel(scene_t* s) {
  for (int i = 0; i < 10; i++) {
    s->accepted += job_submit(s->pool, &s->spare[i]) == 0;
  }
  s->result = uvpool_cancel(&s->spare[4].task);
  s->figure = uvpool_waiting(s->pool);
}

/* A task submitted in the same callback can be cancelled in it. */
static void cancel_finds_them(void** state) {
  scene_t s;
  play(&s, *state, 300, submit_and_cancel);
  assert_int_equal(s.accepted, 10);
  assert_status(s.result, 0);
  assert_int_equal(s.figure, 9);
  gate_open(&s.gate);
  loop_run(*state);
  for (int i = 0; i < 10; i++) {
    if (i == 4) {
      job_assert_dropped(&s.spare[i], UV_ECANCELED);
    } else {
      job_assert_ran(&s.spare[i]);
    }
  }
  strike(&s, *state);
}

static void submit_and_release(scene_t* s) {
  for (int i = 0; i < 10; i++) {
    s->accepted += job_submit(s->pool, &s->spare[i]) == 0;
  }
  s->result = uvpool_release(s->pool);
  s->figure = job_submit(s->pool, &s->spare[10]);
}

/* A release in the same callback cancels them, and ends admission at once. */
static void release_finds_them(void** state) {
  scene_t s;
  play(&s, *state, 300, submit_and_release);
  assert_int_equal(s.accepted, 10);
  assert_status(s.result, 0);
  assert_status(s.figure, UV_ESHUTDOWN);
  gate_open(&s.gate);
  loop_run(*state);
  jobs_assert_dropped(s.spare, 10, UV_ECANCELED);
  job_assert_untouched(&s.spare[10]);
  strike(&s, *state);
}

static void submit_and_close(scene_t* s) {
  for (int i = 0; i < 10; i++) {
    s->accepted += job_submit(s->pool, &s->spare[i]) == 0;
  }
  s->result = uvpool_close(s->pool, NULL);
  s->figure = job_submit(s->pool, &s->spare[10]);
}

/* So does a close. */
static void close_finds_them(void** state) {
  scene_t s;
  play(&s, *state, 300, submit_and_close);
  assert_int_equal(s.accepted, 10);
  assert_status(s.result, 0);
  assert_status(s.figure, UV_ESHUTDOWN);
  gate_open(&s.gate);
  loop_run(*state);
  jobs_assert_dropped(s.spare, 10, UV_ECANCELED);
  job_assert_untouched(&s.spare[10]);
  jobs_free(s.spare);
  gate_destroy(&s.gate);
}

static void submit_twice(scene_t* s) {
  s->accepted += job_submit(s->pool, &s->spare[0]) == 0;
  s->accepted += job_submit(s->pool, &s->spare[1]) == 0;
  s->result = job_submit(s->pool, &s->spare[1]);
}

/* A second submit of one of them is refused. */
static void twice_is_refused(void** state) {
  scene_t s;
  play(&s, *state, 300, submit_twice);
  assert_int_equal(s.accepted, 2);
  assert_status(s.result, UV_EALREADY);
  gate_open(&s.gate);
  loop_run(*state);
  jobs_assert_ran(s.spare, 2);
  strike(&s, *state);
}

static void fill_up(void* arg) {
  scene_t* s = arg;
  for (int i = 20; i < SPARE; i++) {
    s->accepted += job_submit(s->pool, &s->spare[i]) == 0;
  }
}

static helper_t other_thread;

static void submit_while_another_fills_up(scene_t* s) {
  for (int i = 0; i < 10; i++) {
    s->accepted += job_submit(s->pool, &s->spare[i]) == 0;
  }
  helper_start(&other_thread, fill_up, s);
  kit_wait_until(helper_finished, &other_thread, "the other thread");
  s->result = job_submit(s->pool, &s->spare[10]);
}

/* What the callback might yet submit takes no room away from other threads, and
 * what they submit leaves none for it: together exactly max_waiting. */
static void the_bound_is_exact_with_another_thread(void** state) {
  scene_t s;
  play(&s, *state, 200, submit_while_another_fills_up);
  helper_join(*state, &other_thread);
  assert_int_equal(s.accepted, 200);
  assert_status(s.result, UV_EAGAIN);
  gate_open(&s.gate);
  loop_run(*state);
  loop_run_until(*state, job_is_done, &s.spare[209], "the other's last task");
  jobs_assert_ran(s.spare, 10);
  job_assert_untouched(&s.spare[10]);
  jobs_assert_ran(&s.spare[20], 190);
  assert_int_equal(pool_stats(s.pool).accepted, 202);
  strike(&s, *state);
}

static void release_elsewhere(void* arg) {
  (void) uvpool_release(arg);
}

static void submit_around_a_release(scene_t* s) {
  for (int i = 0; i < 10; i++) {
    s->accepted += job_submit(s->pool, &s->spare[i]) == 0;
  }
  helper_start(&other_thread, release_elsewhere, s->pool);
  kit_wait_until(helper_finished, &other_thread, "the other thread");
  for (int i = 10; i < 20; i++) {
    s->result = job_submit(s->pool, &s->spare[i]);
    s->accepted += s->result == 0;
  }
}

/* A release on another thread in the middle of the callback: what was accepted
 * before it is cancelled, and from then on all is refused. */
static void a_release_meanwhile(void** state) {
  scene_t s;
  play(&s, *state, 300, submit_around_a_release);
  helper_join(*state, &other_thread);
  assert_int_equal(s.accepted, 10);
  assert_status(s.result, UV_ESHUTDOWN);
  gate_open(&s.gate);
  loop_run(*state);
  jobs_assert_dropped(s.spare, 10, UV_ECANCELED);
  for (int i = 10; i < 20; i++) {
    job_assert_untouched(&s.spare[i]);
  }
  assert_int_equal(pool_stats(s.pool).accepted, 12);
  strike(&s, *state);
}

static void go_nowhere(void* arg) {
  atomic_fetch_add((atomic_int*) arg, 1);
}

static atomic_int gone;

static void go_in_done(scene_t* s) {
  for (int i = 0; i < 100; i++) {
    s->accepted += uvpool_go(s->pool, go_nowhere, &gone) == 0;
  }
}

/* uvpool_go likewise. */
static void go_obeys_the_bound(void** state) {
  scene_t s;
  atomic_store(&gone, 0);
  play(&s, *state, 70, go_in_done);
  assert_int_equal(s.accepted, 70);
  gate_open(&s.gate);
  loop_run(*state);
  assert_int_equal(atomic_load(&gone), 70);
  strike(&s, *state);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(the_bound_is_exact),
      loop_test(the_order_is_kept),
      loop_test(cancel_finds_them),
      loop_test(release_finds_them),
      loop_test(close_finds_them),
      loop_test(twice_is_refused),
      loop_test(the_bound_is_exact_with_another_thread),
      loop_test(a_release_meanwhile),
      loop_test(go_obeys_the_bound),
  };
  return kit_run(argc, argv, tests);
}
