/* Priorities: high before normal before low, among those that wait together;
 * first come, first served inside one; and nothing waits for ever. */
#include "kit.h"

enum {
  HIGH = UVPOOL_PRIORITY_HIGH,
  NORMAL = UVPOOL_PRIORITY_NORMAL,
  LOW = UVPOOL_PRIORITY_LOW,
  FOREVER_MS = 3600 * 1000 /* no test waits that long for a task to age */
};

typedef struct scene_s {
  gate_t gate;
  recorder_t recorder;
  uvpool_t* pool; /* one worker, which stands at the gate */
  job_t blocker;
} scene_t;

static scene_t scene;

static void set_scene(uv_loop_t* loop, int64_t ageing_ms) {
  gate_init(&scene.gate);
  recorder_init(&scene.recorder);
  uvpool_options_t options = pool_options(1, UVPOOL_UNLIMITED);
  options.ageing_ms = ageing_ms;
  scene.pool = pool_open_with(loop, &options);
  job_init(&scene.blocker, -1);
  scene.blocker.gate = &scene.gate;
  pool_occupy(scene.pool, &scene.blocker, 1);
}

static void strike_scene(uv_loop_t* loop) {
  pool_close(loop, scene.pool);
  gate_destroy(&scene.gate);
}

static void note_work(job_t* job) {
  recorder_note(&scene.recorder, "", job->id);
}

static job_t* new_jobs(int count) {
  job_t* jobs = jobs_new(count, NULL);
  for (int i = 0; i < count; i++) {
    jobs[i].in_work = note_work;
  }
  return jobs;
}

/* Opens the gate and says in which order the rest ran. */
static const char* order(uv_loop_t* loop) {
  gate_open(&scene.gate);
  loop_run(loop);
  return recorder_text(&scene.recorder);
}

static void submit(job_t* job, int32_t priority) {
  assert_status(job_submit_priority(scene.pool, job, priority), 0);
}

static void submit_of_class(job_t* job, int32_t priority, int32_t task_class) {
  uvpool_task_options_t options;
  uvpool_task_options_init(&options);
  options.priority = priority;
  options.task_class = task_class;
  assert_status(job_submit_ex(scene.pool, job, &options), 0);
}

/* ---- Order --------------------------------------------------------------- */

/* Submitted from low to high, taken from high to low; plain is normal. */
static void high_before_normal_before_low(void** state) {
  set_scene(*state, FOREVER_MS);
  job_t* jobs = new_jobs(8);
  submit(&jobs[0], LOW);
  submit(&jobs[1], NORMAL);
  submit(&jobs[2], HIGH);
  jobs_submit(scene.pool, &jobs[3], 1);
  submit(&jobs[4], LOW);
  submit(&jobs[5], NORMAL);
  submit(&jobs[6], HIGH);
  assert_status(job_submit_ex(scene.pool, &jobs[7], NULL), 0);
  assert_string_equal(order(*state), ":2 :6 :1 :3 :5 :7 :0 :4");
  jobs_assert_ran(jobs, 8);
  strike_scene(*state);
  jobs_free(jobs);
}

/* Inside one priority, in the order of submission. */
static void fifo_inside_one(void** state) {
  const int32_t all[] = {HIGH, NORMAL, LOW};
  for (size_t p = 0; p < KIT_COUNT(all); p++) {
    set_scene(*state, FOREVER_MS);
    job_t* jobs = new_jobs(100);
    for (int i = 0; i < 100; i++) {
      submit(&jobs[i], all[p]);
    }
    (void) order(*state);
    for (int i = 0; i < 100; i++) {
      assert_int_equal(scene.recorder.numbers[i], i);
    }
    strike_scene(*state);
    jobs_free(jobs);
  }
}

/* Priorities count across classes: the class says nothing about the order. */
static void across_classes(void** state) {
  set_scene(*state, FOREVER_MS);
  job_t* jobs = new_jobs(6);
  submit_of_class(&jobs[0], LOW, 0);
  submit_of_class(&jobs[1], NORMAL, 7);
  submit_of_class(&jobs[2], NORMAL, 1);
  submit_of_class(&jobs[3], HIGH, 4);
  submit_of_class(&jobs[4], HIGH, 2);
  submit_of_class(&jobs[5], NORMAL, 0);
  const char* text = order(*state);
  /* Of equal priority the one that came first; in a microsecond, either. */
  assert_int_equal(recorder_count(&scene.recorder, ""), 6);
  assert_int_equal(text[1] == '3' || text[1] == '4', 1);
  assert_int_equal(scene.recorder.numbers[5], 0);
  strike_scene(*state);
  jobs_free(jobs);
}

/* Of equal priority the one that came first goes first, whatever its class and
 * whichever call it came by. */
static void the_first_of_equals(void** state) {
  for (int round = 0; round < 50; round++) {
    set_scene(*state, FOREVER_MS);
    job_t* jobs = new_jobs(6);
    for (int i = 0; i < 6; i++) {
      if (i % 2 == 0) {
        submit_of_class(&jobs[i], NORMAL, 7 - i);
      } else {
        jobs_submit(scene.pool, &jobs[i], 1);
      }
      /* Two stamps of one microsecond would be equal. */
      uint64_t until = uv_hrtime() + 2000;
      while (uv_hrtime() < until) {
      }
    }
    assert_string_equal(order(*state), ":0 :1 :2 :3 :4 :5");
    strike_scene(*state);
    jobs_free(jobs);
  }
}

/* A cancelled one leaves its place to the next. */
static void cancelled_ones_are_passed_over(void** state) {
  set_scene(*state, FOREVER_MS);
  job_t* jobs = new_jobs(4);
  submit(&jobs[0], LOW);
  submit(&jobs[1], HIGH);
  submit(&jobs[2], HIGH);
  submit(&jobs[3], NORMAL);
  assert_status(uvpool_cancel(&jobs[1].task), 0);
  assert_status(uvpool_cancel(&jobs[3].task), 0);
  assert_string_equal(order(*state), ":2 :0");
  job_assert_dropped(&jobs[1], UV_ECANCELED);
  job_assert_dropped(&jobs[3], UV_ECANCELED);
  strike_scene(*state);
  jobs_free(jobs);
}

/* A high priority does not break a cap. */
static void a_cap_comes_before_priority(void** state) {
  gate_init(&scene.gate);
  recorder_init(&scene.recorder);
  uvpool_options_t options = pool_options(2, UVPOOL_UNLIMITED);
  options.classes[1].cap = 1;
  scene.pool = pool_open_with(*state, &options);
  job_t* jobs = new_jobs(3);
  jobs[0].gate = &scene.gate;
  submit_of_class(&jobs[0], LOW, 1);
  gate_await(&scene.gate, 1);
  submit_of_class(&jobs[1], HIGH, 1);
  submit_of_class(&jobs[2], LOW, 2);
  loop_run_until(*state, job_is_done, &jobs[2], "the one of another class");
  assert_int_equal(jobs[1].done, 0);
  assert_string_equal(order(*state), ":2 :0 :1");
  strike_scene(*state);
  jobs_free(jobs);
}

/* ---- Ageing -------------------------------------------------------------- */

/* An old one goes before new ones of a higher priority: normal before high once
 * it has waited one interval, low once it has waited two. */
static void the_old_go_before_the_new(void** state) {
  enum { AGEING_MS = 20 };
  set_scene(*state, AGEING_MS);
  job_t* jobs = new_jobs(6);
  submit(&jobs[0], LOW);
  submit(&jobs[1], NORMAL);
  loop_run_for(*state, 2 * AGEING_MS + 1);
  submit(&jobs[2], HIGH);
  submit(&jobs[3], NORMAL);
  /* 1 came 2 intervals before 2, 0 likewise: at least as old as all others. */
  (void) order(*state);
  int place[4] = {-1, -1, -1, -1};
  for (int i = 0; i < 4; i++) {
    place[scene.recorder.numbers[i]] = i;
  }
  assert_int_equal(place[1], 0);
  assert_int_equal(place[0], 1);
  assert_int_equal(place[2], 2);
  assert_int_equal(place[3], 3);
  strike_scene(*state);
  jobs_free(jobs);
}

/* 0 is the default, and not "at once": high ones still pass. */
static void ageing_0_is_the_default(void** state) {
  set_scene(*state, 0);
  job_t* jobs = new_jobs(2);
  uint64_t began = uv_hrtime();
  submit(&jobs[0], NORMAL);
  submit(&jobs[1], HIGH);
  uint64_t took = uv_hrtime() - began;
  const char* text = order(*state);
  if (took < UINT64_C(100) * 1000000) {
    assert_string_equal(text, ":1 :0");
  }
  strike_scene(*state);
  jobs_free(jobs);
}

/* ---- Starvation ---------------------------------------------------------- */

typedef struct flood_s {
  job_t* victims;
  int victim_count;
  int rounds;
} flood_t;

static flood_t flood;

static int victims_done(void) {
  for (int i = 0; i < flood.victim_count; i++) {
    if (flood.victims[i].done == 0) {
      return 0;
    }
  }
  return 1;
}

/* Comes again at once, high, as long as there is somebody to starve. */
static void come_again(job_t* job) {
  flood.rounds++;
  if (!victims_done()) {
    job->done = 0;
    atomic_store(&job->worked, 0);
    (void) job_submit_priority(uvpool_task_handle(&job->task), job, HIGH);
  }
}

/* High ones come without end, always some of them waiting: normal and low ones
 * run all the same. The loop ends by itself or not at all. */
static void nothing_starves(void** state) {
  enum { FLOOD = 32 };
  set_scene(*state, 5);
  job_t* high = jobs_new(FLOOD, NULL);
  flood = (flood_t) {.victims = new_jobs(6), .victim_count = 6};
  for (int i = 0; i < FLOOD; i++) {
    high[i].in_done = come_again;
    submit(&high[i], HIGH);
  }
  for (int i = 0; i < 6; i++) {
    submit(&flood.victims[i], i % 2 == 0 ? LOW : NORMAL);
  }
  (void) order(*state);
  jobs_assert_ran(flood.victims, 6);
  strike_scene(*state);
  jobs_free(high);
  jobs_free(flood.victims);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(high_before_normal_before_low),
      loop_test(fifo_inside_one),
      loop_test(across_classes),
      loop_test(the_first_of_equals),
      loop_test(cancelled_ones_are_passed_over),
      loop_test(a_cap_comes_before_priority),
      loop_test(the_old_go_before_the_new),
      loop_test(ageing_0_is_the_default),
      loop_test(nothing_starves),
  };
  return kit_run(argc, argv, tests);
}
