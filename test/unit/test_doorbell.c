/* doorbell.c: the loop hears of everything that is published, and the bell is
 * rung no more often than needed.
 *
 * The source is compiled into this file, with a uv_async_send that counts. */
#include <string.h>

#include "kit.h"

static atomic_int sends;

static int counted_send(uv_async_t* async) {
  atomic_fetch_add(&sends, 1);
  return uv_async_send(async);
}

#define uv_async_send counted_send
#include "../../src/doorbell.c"
#undef uv_async_send

/* A consumer that keeps to the protocol of doorbell.h. */
typedef struct consumer_s {
  struct uvpool__doorbell bell; /* first: the async's address is ours */
  atomic_int published;         /* any thread */
  int consumed;                 /* loop thread, as all below */
  unsigned notices;
  int turns; /* callbacks of the async */
  int wanted;
  void (*in_turn)(struct consumer_s* consumer); /* while the bell is rung */
} consumer_t;

static consumer_t* consumer_of(uv_async_t* async) {
  return UVPOOL__CONTAINER_OF(async, consumer_t, bell.async);
}

static int has_news(consumer_t* consumer) {
  return atomic_load_explicit(&consumer->published, memory_order_relaxed) !=
             consumer->consumed ||
         uvpool__doorbell_has_notices(&consumer->bell);
}

static void on_bell(uv_async_t* async) {
  consumer_t* consumer = consumer_of(async);
  consumer->turns++;
  do {
    consumer->notices |= uvpool__doorbell_take(&consumer->bell);
    consumer->consumed =
        atomic_load_explicit(&consumer->published, memory_order_relaxed);
    if (consumer->in_turn != NULL) {
      consumer->in_turn(consumer);
    }
    uvpool__doorbell_hush(&consumer->bell);
  } while (has_news(consumer) && uvpool__doorbell_resume(&consumer->bell));
}

static void publish(consumer_t* consumer) {
  /* Relaxed: the order must come from the bell. */
  atomic_fetch_add_explicit(&consumer->published, 1, memory_order_relaxed);
  uvpool__doorbell_ring(&consumer->bell);
}

static void consumer_open(consumer_t* consumer, uv_loop_t* loop) {
  memset(consumer, 0, sizeof(*consumer));
  atomic_init(&consumer->published, 0);
  atomic_store(&sends, 0);
  assert_status(uvpool__doorbell_init(&consumer->bell, loop, on_bell), 0);
}

static void consumer_close(consumer_t* consumer, uv_loop_t* loop) {
  loop_close_handle(loop, (uv_handle_t*) &consumer->bell.async);
}

static int has_consumed(void* arg) {
  consumer_t* consumer = arg;
  return consumer->consumed == consumer->wanted;
}

/* Rings before the loop answers are one send and one turn. */
static void rings_coalesce(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  for (int i = 0; i < 10; i++) {
    publish(&consumer);
  }
  assert_int_equal(atomic_load(&sends), 1);
  loop_turn(*state, 3);
  assert_int_equal(consumer.turns, 1);
  assert_int_equal(consumer.consumed, 10);
  assert_int_equal(atomic_load(&sends), 1);
  consumer_close(&consumer, *state);
}

/* Once it is answered, the next ring sends again. */
static void each_answered_ring_sends(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  for (int i = 1; i <= 5; i++) {
    publish(&consumer);
    assert_int_equal(atomic_load(&sends), i);
    loop_turn(*state, 1);
    assert_int_equal(consumer.turns, i);
    assert_int_equal(consumer.consumed, i);
  }
  consumer_close(&consumer, *state);
}

static void publish_some(void* arg) {
  for (int i = 0; i < 100; i++) {
    publish(arg);
  }
}

/* In the first round of a turn, other threads and the loop itself publish. */
static void publish_meanwhile(consumer_t* consumer) {
  uv_thread_t thread;
  consumer->in_turn = NULL;
  publish_some(consumer);
  assert_int_equal(uv_thread_create(&thread, publish_some, consumer), 0);
  assert_int_equal(uv_thread_join(&thread), 0);
}

/* While the loop is in its turn nobody sends, and the turn finds it all. */
static void no_send_during_a_turn(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  consumer.in_turn = publish_meanwhile;
  publish(&consumer);
  loop_turn(*state, 3);
  assert_int_equal(consumer.consumed, 201);
  assert_int_equal(consumer.turns, 1);
  assert_int_equal(atomic_load(&sends), 1);
  consumer_close(&consumer, *state);
}

/* The second look found something: the bell is the loop's again, unless
 * somebody has rung since, whose turn is then to come. */
static void resume_or_another_turn(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  struct uvpool__doorbell* bell = &consumer.bell;
  publish(&consumer);
  uvpool__doorbell_hush(bell);
  assert_true(uvpool__doorbell_resume(bell));
  uvpool__doorbell_ring(bell); /* the loop has it: no send */
  assert_int_equal(atomic_load(&sends), 1);
  uvpool__doorbell_hush(bell);
  uvpool__doorbell_ring(bell);
  assert_int_equal(atomic_load(&sends), 2);
  assert_false(uvpool__doorbell_resume(bell));
  loop_turn(*state, 3);
  assert_int_equal(consumer.consumed, 1);
  consumer_close(&consumer, *state);
}

/* Asks once for another turn, out of the first. */
static void ask_again(consumer_t* consumer) {
  consumer->in_turn = NULL;
  uvpool__doorbell_again(&consumer->bell);
}

/* The loop may ask for another turn without putting the bell back. */
static void again_is_another_turn(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  consumer.in_turn = ask_again;
  publish(&consumer);
  loop_turn(*state, 1);
  assert_int_equal(consumer.turns, 1);
  loop_turn(*state, 3);
  assert_int_equal(consumer.turns, 2);
  assert_int_equal(atomic_load(&sends), 2);
  consumer_close(&consumer, *state);
}

/* ---- Dozing -------------------------------------------------------------- */

/* A nudge leaves a dozing loop alone, and a ring does not; both send to one
 * that is away, and neither to one that is at work. */
static void who_sends_to_whom(void** state) {
  enum { AT_WORK, IS_AWAY, DOZES, IS_NUDGED, STATES };
  static const bool nudge_sends[STATES] = {[IS_AWAY] = true};
  static const bool ring_sends[STATES] = {
      [IS_AWAY] = true, [DOZES] = true, [IS_NUDGED] = true};
  for (int from = AT_WORK; from < STATES; from++) {
    for (int rings = 0; rings < 2; rings++) {
      consumer_t consumer;
      consumer_open(&consumer, *state);
      struct uvpool__doorbell* bell = &consumer.bell;
      assert_true(uvpool__doorbell_resume(bell)); /* at work */
      if (from == IS_AWAY) {
        uvpool__doorbell_hush(bell);
      } else if (from != AT_WORK) {
        uvpool__doorbell_doze(bell);
      }
      if (from == IS_NUDGED) {
        assert_false(uvpool__doorbell_nudge(bell));
      }
      assert_int_equal(uvpool__doorbell_dozes(bell), from >= DOZES);
      bool sent =
          rings ? uvpool__doorbell_ring(bell) : uvpool__doorbell_nudge(bell);
      assert_int_equal(sent, rings ? ring_sends[from] : nudge_sends[from]);
      assert_int_equal(atomic_load(&sends), sent);
      consumer_close(&consumer, *state);
    }
  }
}

/* The alarm has gone off: the bell is the loop's, unless somebody has rung. */
static void the_alarm_takes_the_bell(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  struct uvpool__doorbell* bell = &consumer.bell;
  uvpool__doorbell_doze(bell);
  assert_true(uvpool__doorbell_resume(bell));
  uvpool__doorbell_doze(bell);
  uvpool__doorbell_nudge(bell);
  assert_true(uvpool__doorbell_resume(bell));
  uvpool__doorbell_doze(bell);
  uvpool__doorbell_ring(bell);
  assert_false(uvpool__doorbell_resume(bell));
  consumer_close(&consumer, *state);
}

/* ---- Notices ------------------------------------------------------------- */

/* Notices gather until they are taken, all at once, and ring like the rest. */
static void notices_gather(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  assert_int_equal(uvpool__doorbell_take(&consumer.bell), 0);
  assert_false(uvpool__doorbell_has_notices(&consumer.bell));
  uvpool__doorbell_post(&consumer.bell, 1);
  uvpool__doorbell_post(&consumer.bell, 4);
  uvpool__doorbell_post(&consumer.bell, 4);
  assert_true(uvpool__doorbell_has_notices(&consumer.bell));
  assert_int_equal(atomic_load(&sends), 1);
  assert_int_equal(uvpool__doorbell_take(&consumer.bell), 5);
  assert_int_equal(uvpool__doorbell_take(&consumer.bell), 0);
  assert_false(uvpool__doorbell_has_notices(&consumer.bell));
  uvpool__doorbell_post(&consumer.bell, 2);
  loop_turn(*state, 1);
  assert_int_equal(consumer.notices, 2);
  consumer_close(&consumer, *state);
}

/* Busy as long as one sender is between enter and leave. */
static void senders_are_counted(void** state) {
  consumer_t consumer;
  consumer_open(&consumer, *state);
  struct uvpool__doorbell* bell = &consumer.bell;
  assert_false(uvpool__doorbell_busy(bell));
  uvpool__doorbell_enter(bell);
  uvpool__doorbell_enter(bell);
  assert_true(uvpool__doorbell_busy(bell));
  uvpool__doorbell_leave(bell);
  assert_true(uvpool__doorbell_busy(bell));
  uvpool__doorbell_leave(bell);
  assert_false(uvpool__doorbell_busy(bell));
  consumer_close(&consumer, *state);
}

/* ---- Many ringers -------------------------------------------------------- */

enum { RINGERS = 8, RINGS = KIT_TSAN ? 5000 : 20000 };

static void publish_many(void* arg) {
  consumer_t* consumer = arg;
  for (int i = 0; i < RINGS; i++) {
    uvpool__doorbell_enter(&consumer->bell);
    publish(consumer);
    if (i % 64 == 0) {
      uvpool__doorbell_post(&consumer->bell, 1u << (i % 31));
    }
    uvpool__doorbell_leave(&consumer->bell);
  }
}

/* Nothing that eight threads publish is missed, although nobody helps: without
 * a further ring the loop has seen all. Each send had its own turn. */
static void no_ring_is_lost(void** state) {
  consumer_t consumer;
  helper_t helpers[RINGERS];
  consumer_open(&consumer, *state);
  consumer.wanted = RINGERS * RINGS;
  for (int i = 0; i < RINGERS; i++) {
    helper_start(&helpers[i], publish_many, &consumer);
  }
  loop_run_until(*state, has_consumed, &consumer, "all that was published");
  for (int i = 0; i < RINGERS; i++) {
    helper_join(*state, &helpers[i]);
  }
  loop_turn(*state, 3);
  assert_false(uvpool__doorbell_has_notices(&consumer.bell));
  assert_false(uvpool__doorbell_busy(&consumer.bell));
  assert_int_equal(atomic_load(&sends), consumer.turns);
  consumer_close(&consumer, *state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      loop_test(rings_coalesce),
      loop_test(each_answered_ring_sends),
      loop_test(no_send_during_a_turn),
      loop_test(resume_or_another_turn),
      loop_test(again_is_another_turn),
      loop_test(who_sends_to_whom),
      loop_test(the_alarm_takes_the_bell),
      loop_test(notices_gather),
      loop_test(senders_are_counted),
      loop_test(no_ring_is_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
