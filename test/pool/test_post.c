/* uvpool_post: a callback on the loop, asked for by any thread. What arrives,
 * where, how often and in which order; test_post_states.c has what the pool's
 * state means for it. */
#include <stdlib.h>
#include <string.h>

#include "kit.h"

/* A post that notes its arrivals. */
typedef struct letter_s letter_t;

struct letter_s {
  uvpool_post_t post;

  /* Constant while it is on its way. */
  uvpool_t* pool;
  uv_thread_t loop_thread;
  recorder_t* recorder; /* hears "post" with the id; may be NULL */
  int id;

  /* Loop thread. */
  int again;    /* how often its callback posts it again */
  int result;   /* of the last of these */
  int arrivals; /* callbacks so far */
  int strayed;  /* on another thread, or inside a call */
};

/* Its post is junk, but for `data`: the contract says that any will do. */
static void letter_init(letter_t* letter, uvpool_t* pool, int id) {
  memset(letter, 0, sizeof(*letter));
  memset(&letter->post, 0x5a, sizeof(letter->post));
  letter->post.data = letter;
  letter->pool = pool;
  letter->loop_thread = uv_thread_self();
  letter->id = id;
}

static void on_arrival(uvpool_post_t* post);

static int letter_send(letter_t* letter) {
  job_enter_call();
  int rc = uvpool_post(letter->pool, &letter->post, on_arrival);
  job_leave_call();
  return rc;
}

static void on_arrival(uvpool_post_t* post) {
  letter_t* letter = post->data;
  uv_thread_t self = uv_thread_self();
  letter->strayed +=
      !uv_thread_equal(&self, &letter->loop_thread) || job_is_in_call();
  letter->arrivals++;
  if (letter->recorder != NULL) {
    recorder_note(letter->recorder, "post", letter->id);
  }
  if (letter->again > 0) {
    letter->again--;
    letter->result = letter_send(letter);
  }
}

static void letter_assert(const letter_t* letter, int arrivals) {
  assert_int_equal(letter->arrivals, arrivals);
  assert_int_equal(letter->strayed, 0);
}

/* Once, on the loop, which lives until then, and the pool has had no part in
 * it. */
static void arrives_once(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  letter_t letter;
  letter_init(&letter, pool, 0);
  assert_status(letter_send(&letter), 0);
  letter_assert(&letter, 0);
  loop_run(*state);
  letter_assert(&letter, 1);
  assert_ptr_equal(letter.post.data, &letter);
  uvpool_stats_t stats = pool_stats(pool);
  assert_int_equal(stats.accepted, 0);
  assert_int_equal(stats.workers_started, 0);
  pool_close(*state, pool);
  letter_assert(&letter, 1);
}

/* Unlike with uv_async_send: n posts are n callbacks, in order. */
static void none_is_merged(void** state) {
  enum { COUNT = 100 };
  recorder_t* recorder = malloc(sizeof(*recorder));
  uvpool_t* pool = pool_open(*state, 1, 0);
  letter_t letters[COUNT];
  assert_non_null(recorder);
  recorder_init(recorder);
  for (int i = 0; i < COUNT; i++) {
    letter_init(&letters[i], pool, i);
    letters[i].recorder = recorder;
    assert_status(letter_send(&letters[i]), 0);
  }
  loop_run(*state);
  for (int i = 0; i < COUNT; i++) {
    letter_assert(&letters[i], 1);
    assert_int_equal(atomic_load(&recorder->numbers[i]), i);
  }
  pool_close(*state, pool);
  free(recorder);
}

static void einval(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  letter_t letter;
  letter_init(&letter, pool, 0);
  assert_status(uvpool_post(NULL, &letter.post, on_arrival), UV_EINVAL);
  assert_status(uvpool_post(pool, NULL, on_arrival), UV_EINVAL);
  assert_status(uvpool_post(pool, &letter.post, NULL), UV_EINVAL);
  loop_turn(*state, 2);
  letter_assert(&letter, 0);
  assert_status(letter_send(&letter), 0); /* it was not taken by these */
  loop_run(*state);
  letter_assert(&letter, 1);
  pool_close(*state, pool);
}

/* One that is on its way is not sent twice, also not by another handle. */
static void ealready(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  uvpool_t* second = NULL;
  letter_t letter;
  letter_init(&letter, pool, 0);
  assert_status(uvpool_attach(pool, *state, &second), 0);
  assert_status(letter_send(&letter), 0);
  assert_status(letter_send(&letter), UV_EALREADY);
  assert_status(uvpool_post(second, &letter.post, on_arrival), UV_EALREADY);
  loop_run(*state);
  letter_assert(&letter, 1);
  pool_close(*state, second);
  pool_close(*state, pool);
}

/* Inside its callback it is the caller's: to be posted again... */
static void may_be_posted_again_inside(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  letter_t letter;
  letter_init(&letter, pool, 0);
  letter.again = 1000;
  assert_status(letter_send(&letter), 0);
  loop_run(*state);
  assert_status(letter.result, 0);
  letter_assert(&letter, 1001);
  pool_close(*state, pool);
}

static int freed;

static void free_it(uvpool_post_t* post) {
  freed++;
  free(post);
}

/* ... or to be freed. */
static void may_be_freed_inside(void** state) {
  enum { COUNT = 50 };
  uvpool_t* pool = pool_open(*state, 1, 0);
  freed = 0;
  for (int i = 0; i < COUNT; i++) {
    uvpool_post_t* post = malloc(sizeof(*post));
    assert_non_null(post);
    assert_status(uvpool_post(pool, post, free_it), 0);
  }
  loop_run(*state);
  assert_int_equal(freed, COUNT);
  pool_close(*state, pool);
}

static void send_three(job_t* job) {
  letter_t* letters = job->arg;
  for (int i = 0; i < 3; i++) {
    letters[i].result = letter_send(&letters[i]);
  }
}

/* What a work has posted is there before its done; what a done posts, after. */
static void from_work_comes_before_done(void** state) {
  static recorder_t recorder;
  uvpool_t* pool = pool_open(*state, 1, 0);
  letter_t letters[6];
  job_t job;
  recorder_init(&recorder);
  job_init(&job, 0);
  for (int i = 0; i < 6; i++) {
    letter_init(&letters[i], pool, i);
    letters[i].recorder = &recorder;
  }
  job.recorder = &recorder;
  job.arg = letters;
  job.in_work = send_three;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  job_assert_ran(&job);
  job.arg = letters + 3;
  job.in_work = NULL;
  job.in_done = send_three;
  jobs_submit(pool, &job, 1);
  loop_run(*state);
  assert_string_equal(recorder_text(&recorder),
                      "work:0 post:0 post:1 post:2 done:0 "
                      "work:0 done:0 post:3 post:4 post:5");
  for (int i = 0; i < 6; i++) {
    assert_status(letters[i].result, 0);
    letter_assert(&letters[i], 1);
  }
  pool_close(*state, pool);
}

/* ---- Several threads ----------------------------------------------------- */

enum { SENDERS = 4, PER_SENDER = 5000 };

/* A numbered post of one sender, freed on arrival. */
typedef struct page_s {
  uvpool_post_t post;
  struct sender_s* sender;
  long number;
} page_t;

typedef struct sender_s {
  helper_t helper;
  uvpool_t* pool;
  long refused;  /* sender's thread, read after the join */
  long arrived;  /* loop */
  long disorder; /* loop: pages that were not the next */
} sender_t;

static sender_t senders[SENDERS];

static void on_page(uvpool_post_t* post) {
  page_t* page = post->data;
  sender_t* sender = page->sender;
  sender->disorder += page->number != sender->arrived;
  sender->arrived++;
  free(page);
}

static void send_pages(void* arg) {
  sender_t* sender = arg;
  for (long i = 0; i < PER_SENDER; i++) {
    page_t* page = malloc(sizeof(*page));
    if (page == NULL) {
      sender->refused++;
      continue;
    }
    page->post.data = page;
    page->sender = sender;
    page->number = i;
    sender->refused += uvpool_post(sender->pool, &page->post, on_page) != 0;
  }
}

static int all_arrived(void* arg) {
  (void) arg;
  long arrived = 0;
  for (int i = 0; i < SENDERS; i++) {
    arrived += senders[i].arrived;
  }
  return arrived == (long) SENDERS * PER_SENDER;
}

/* Each exactly once, those of one thread in the order in which it made them;
 * the loop waits for them because it was told to. */
static void of_each_thread_in_order(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 0);
  assert_status(uvpool_ref(pool), 0);
  for (int i = 0; i < SENDERS; i++) {
    senders[i] = (sender_t) {.pool = pool};
    helper_start(&senders[i].helper, send_pages, &senders[i]);
  }
  while (!all_arrived(NULL)) {
    loop_run_mode(*state, UV_RUN_ONCE); /* nobody else wakes it */
  }
  for (int i = 0; i < SENDERS; i++) {
    helper_join(*state, &senders[i].helper);
    assert_int_equal(senders[i].refused, 0);
    assert_int_equal(senders[i].arrived, PER_SENDER);
    assert_int_equal(senders[i].disorder, 0);
  }
  assert_status(uvpool_unref(pool), 0);
  pool_close(*state, pool);
}

/* ---- The budget ---------------------------------------------------------- */

/* They are counted like done callbacks: with one per turn, two posts and a done
 * need three. */
static void count_in_completions_per_turn(void** state) {
  static recorder_t recorder;
  uvpool_options_t options = pool_options(1, 0);
  options.completions_per_turn = 1;
  options.completion_budget_us = UVPOOL_UNLIMITED;
  uvpool_t* pool = pool_open_with(*state, &options);
  letter_t letters[2];
  job_t job;
  recorder_init(&recorder);
  job_init(&job, 9);
  job.recorder = &recorder;
  jobs_submit(pool, &job, 1);
  pool_wait_completed(pool, 1);
  for (int i = 0; i < 2; i++) {
    letter_init(&letters[i], pool, i);
    letters[i].recorder = &recorder;
    assert_status(letter_send(&letters[i]), 0);
  }
  unsigned before = 1; /* the work's own note */
  while (loop_run_mode(*state, UV_RUN_ONCE) != 0) {
    unsigned now = atomic_load(&recorder.count);
    assert_true(now <= before + 1);
    before = now;
  }
  assert_int_equal(recorder_count(&recorder, "post"), 2);
  assert_int_equal(recorder_count(&recorder, "done"), 1);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(arrives_once),
      loop_test(none_is_merged),
      loop_test(einval),
      loop_test(ealready),
      loop_test(may_be_posted_again_inside),
      loop_test(may_be_freed_inside),
      loop_test(from_work_comes_before_done),
      loop_test(of_each_thread_in_order),
      loop_test(count_in_completions_per_turn),
  };
  return kit_run(argc, argv, tests);
}
