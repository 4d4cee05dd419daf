/* uvpool_post and the state of the pool: a post takes no worker and counts
 * nowhere, so that it arrives whatever the pool does; only a handle that closes
 * takes no more, and waits for those that are on their way. */
#include <stdlib.h>

#include "child.h"
#include "kit.h"

typedef struct knock_s {
  uvpool_post_t post;
  uvpool_t* pool;
  int result;       /* of the last uvpool_post */
  int arrivals;     /* loop */
  int keeps_coming; /* loop: its callback posts it again until this is 0 */
  int released;     /* loop: the status of a release callback */
} knock_t;

static void on_knock(uvpool_post_t* post) {
  knock_t* knock = post->data;
  knock->arrivals++;
  if (knock->keeps_coming) {
    knock->result = uvpool_post(knock->pool, post, on_knock);
  }
}

static int knock_at(knock_t* knock, uvpool_t* pool) {
  knock->pool = pool;
  knock->post.data = knock;
  knock->result = uvpool_post(pool, &knock->post, on_knock);
  return knock->result;
}

static void knock_in_work(job_t* job) {
  (void) knock_at(job->arg, uvpool_task_handle(&job->task));
}

static int has_knocked(void* knock) {
  return ((knock_t*) knock)->arrivals > 0;
}

/* Not a single task more would be admitted. */
static void arrives_when_full(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 0);
  job_t* jobs = jobs_new(2, &gate);
  knock_t knock = {0};
  pool_occupy(pool, jobs, 1);
  assert_status(job_submit(pool, &jobs[1]), UV_EAGAIN);
  assert_status(knock_at(&knock, pool), 0);
  loop_run_until(*state, has_knocked, &knock, "the post");
  assert_int_equal(jobs[0].done, 0);
  assert_int_equal(uvpool_busy(pool), 1);
  gate_open(&gate);
  loop_run(*state);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* From the loop, and from a work that is being drained. */
static void arrives_when_draining(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 8);
  job_t* jobs = jobs_new(3, &gate);
  knock_t knocks[2] = {{.arrivals = 0}};
  pool_end_t end = {0};
  uvpool_set_data(pool, &end);
  jobs[1].arg = &knocks[1];
  jobs[1].in_work = knock_in_work;
  pool_occupy(pool, jobs, 1);
  jobs_submit(pool, &jobs[1], 1);
  assert_status(uvpool_drain(pool, UINT64_MAX, pool_on_release), 0);
  assert_status(job_submit(pool, &jobs[2]), UV_ESHUTDOWN);
  assert_status(knock_at(&knocks[0], pool), 0);
  loop_run_until(*state, has_knocked, &knocks[0], "the post");
  assert_int_equal(end.count, 0);
  gate_open(&gate);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_status(end.status, 0);
  assert_status(knocks[1].result, 0);
  assert_int_equal(knocks[1].arrivals, 1);
  pool_close(*state, pool);
  jobs_free(jobs);
  gate_destroy(&gate);
}

/* Right after the call, and when all is over. */
static void arrives_when_released(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  pool_end_t end = {0};
  knock_t knocks[2] = {{.arrivals = 0}};
  uvpool_set_data(pool, &end);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, pool_on_release), 0);
  assert_status(knock_at(&knocks[0], pool), 0);
  loop_run(*state);
  assert_int_equal(end.count, 1);
  assert_int_equal(knocks[0].arrivals, 1);
  assert_status(knock_at(&knocks[1], pool), 0);
  loop_run(*state);
  assert_int_equal(knocks[1].arrivals, 1);
  pool_close(*state, pool);
}

static void stop_knocking(uvpool_t* pool, int status) {
  knock_t* knock = uvpool_get_data(pool);
  knock->keeps_coming = 0;
  knock->released = status;
}

/* Posts count nowhere: one that is always on its way holds back neither a
 * release, nor a reboot, nor a drain. */
static void holds_nothing_back(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  knock_t knock = {.keeps_coming = 1, .released = 1};
  job_t job;
  uvpool_set_data(pool, &knock);
  job_init(&job, 0);
  jobs_submit(pool, &job, 1);
  assert_status(knock_at(&knock, pool), 0);
  assert_status(uvpool_release_timeout(pool, UINT64_MAX, stop_knocking), 0);
  loop_run(*state);
  assert_int_equal(job.done, 1);
  assert_status(knock.released, 0);

  knock.keeps_coming = 1;
  knock.released = 1;
  assert_status(knock_at(&knock, pool), 0);
  assert_status(uvpool_reboot(pool), 0);
  assert_status(uvpool_drain(pool, UINT64_MAX, stop_knocking), 0);
  loop_run(*state);
  assert_status(knock.released, 0);
  assert_status(knock.result, 0);
  pool_close(*state, pool);
}

/* Inside a post's callback too the pool can be opened again. */
static void on_knock_reboot(uvpool_post_t* post) {
  knock_t* knock = post->data;
  knock->arrivals++;
  knock->result = uvpool_reboot(knock->pool);
}

static void may_reboot_inside(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  knock_t knock = {.pool = pool, .post.data = &knock, .result = 1};
  assert_status(uvpool_release(pool), 0);
  assert_status(uvpool_post(pool, &knock.post, on_knock_reboot), 0);
  loop_run(*state);
  assert_int_equal(knock.arrivals, 1);
  assert_status(knock.result, 0);
  assert_int_equal(uvpool_is_closed(pool), 0);
  pool_close(*state, pool);
}

static recorder_t order;

static void note_knock(uvpool_post_t* post) {
  (void) post;
  recorder_note(&order, "post", 0);
}

static void note_close(uvpool_t* pool) {
  (void) pool;
  recorder_note(&order, "close", 0);
}

/* Those on their way come before the close callback; no more are taken, also
 * not from the works that still run. */
static void close_waits_and_takes_no_more(void** state) {
  gate_t gate;
  gate_init(&gate);
  uvpool_t* pool = pool_open(*state, 1, 8);
  job_t job;
  knock_t knocks[3] = {{.arrivals = 0}};
  recorder_init(&order);
  job_init(&job, 0);
  job.gate = &gate;
  job.arg = &knocks[1];
  job.in_work = knock_in_work;
  pool_occupy(pool, &job, 1);
  assert_status(uvpool_post(pool, &knocks[0].post, note_knock), 0);
  assert_status(uvpool_close(pool, note_close), 0);
  assert_status(knock_at(&knocks[2], pool), UV_ESHUTDOWN);
  gate_open(&gate);
  loop_run(*state);
  job_assert_ran(&job);
  assert_string_equal(recorder_text(&order), "post:0 close:0");
  assert_status(knocks[1].result, UV_ESHUTDOWN);
  assert_int_equal(knocks[1].arrivals + knocks[2].arrivals, 0);
  gate_destroy(&gate);
}

/* A program closes every libuv handle of its loop, ours too, with posts on
 * their way: uvpool_close after that still brings them. */
static void close_after_a_walk(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  knock_t knocks[2] = {{.arrivals = 0}};
  assert_status(knock_at(&knocks[0], pool), 0);
  loop_close_all(*state);
  assert_status(knock_at(&knocks[1], pool), 0);
  assert_status(uvpool_close(pool, NULL), 0);
  loop_run(*state);
  assert_int_equal(knocks[0].arrivals, 1);
  assert_int_equal(knocks[1].arrivals, 1);
}

/* ---- Another thread, against close --------------------------------------- */

enum { ROUNDS = 300, KNOCKERS = 2 };

/* Sends posts until the handle takes no more. */
typedef struct knocker_s {
  helper_t helper;
  uvpool_t* pool;
  long sent;    /* its thread, read after the join */
  int last;     /* likewise: the code that ended it */
  long arrived; /* loop */
} knocker_t;

static void count_knock(uvpool_post_t* post) {
  knocker_t* knocker = post->data;
  knocker->arrived++;
  free(post);
}

static void knock_until_closed(void* arg) {
  knocker_t* knocker = arg;
  while (knocker->last == 0) {
    uvpool_post_t* post = malloc(sizeof(*post));
    if (post == NULL) {
      knocker->last = UV_ENOMEM;
      return;
    }
    post->data = knocker;
    knocker->last = uvpool_post(knocker->pool, post, count_knock);
    if (knocker->last == 0) {
      knocker->sent++;
    } else {
      free(post);
    }
  }
}

static int all_closed_out(knocker_t* knockers) {
  for (int i = 0; i < KNOCKERS; i++) {
    if (!helper_finished(&knockers[i].helper)) {
      return 0;
    }
  }
  return 1;
}

/* Whatever another thread got in has arrived when the handle is closed. A
 * second handle keeps the memory of the pool; this one must not be used any
 * more when its close callback comes, so the loop stands until the threads are
 * out. */
static void close_against_posts(void** state) {
  uvpool_t* keeper = pool_open(*state, 1, 8);
  for (int round = 0; round < ROUNDS; round++) {
    knocker_t knockers[KNOCKERS] = {{.last = 0}};
    uvpool_t* pool = NULL;
    assert_status(uvpool_attach(keeper, *state, &pool), 0);
    assert_status(uvpool_ref(pool), 0);
    for (int i = 0; i < KNOCKERS; i++) {
      knockers[i].pool = pool;
      helper_start(&knockers[i].helper, knock_until_closed, &knockers[i]);
    }
    while (knockers[0].arrived < round % 7) {
      loop_turn(*state, 1);
    }
    assert_status(uvpool_close(pool, NULL), 0);
    while (!all_closed_out(knockers)) {
      uv_sleep(0);
    }
    loop_run(*state);
    for (int i = 0; i < KNOCKERS; i++) {
      helper_join(*state, &knockers[i].helper);
      assert_status(knockers[i].last, UV_ESHUTDOWN);
      assert_int_equal(knockers[i].arrived, knockers[i].sent);
    }
  }
  pool_close(*state, keeper);
}

static void check_eperm(void* arg) {
  knock_t knock = {0};
  CHILD_CHECK(knock_at(&knock, arg) == UV_EPERM);
}

static void eperm_in_a_child(void** state) {
  uvpool_t* pool = pool_open(*state, 1, 8);
  child_run(check_eperm, pool);
  pool_close(*state, pool);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      loop_test(arrives_when_full),
      loop_test(arrives_when_draining),
      loop_test(arrives_when_released),
      loop_test(holds_nothing_back),
      loop_test(may_reboot_inside),
      loop_test(close_waits_and_takes_no_more),
      loop_test(close_after_a_walk),
      loop_test(close_against_posts),
      loop_test(eperm_in_a_child),
  };
  return kit_run(argc, argv, tests);
}
