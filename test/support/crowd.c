/* Crowds; see crowd.h. */
#include "crowd.h"

#include <string.h>

#include "kit.h"

#define CROWD_EXPECT(crowd, condition)                                         \
  crowd_expect((crowd), (condition), #condition)

static void crowd_expect(crowd_t* crowd, int right, const char* what) {
  if (!right && crowd->odd == NULL) {
    crowd->odd = what;
  }
}

static int one_in(crowd_t* crowd, uint64_t count) {
  return dice_below(&crowd->dice, count) == 0;
}

static int is_on_thread(const crowd_t* crowd) {
  uv_thread_t self = uv_thread_self();
  return uv_thread_equal(&self, &crowd->thread) && !job_is_in_call();
}

/* ---- Works --------------------------------------------------------------- */

static void on_post(uvpool_post_t* post) {
  crowd_flight_t* flight = post->data;
  crowd_t* crowd = flight->crowd;
  CROWD_EXPECT(crowd, is_on_thread(crowd));
  CROWD_EXPECT(crowd, flight->flying);
  flight->arrived++;
  crowd->posts++;
}

static void enter_queue(crowd_flight_t* flight) {
  crowd_member_t* queue = flight->serial;
  int others =
      atomic_fetch_add_explicit(&queue->inside, 1, memory_order_relaxed);
  if (others > 0 || queue->last >= flight->number) {
    atomic_fetch_add(&queue->odd, 1);
  }
  queue->last = flight->number;
}

static void leave_queue(crowd_flight_t* flight) {
  atomic_fetch_sub_explicit(&flight->serial->inside, 1, memory_order_relaxed);
}

static int crowd_work(uvpool_task_t* task) {
  crowd_flight_t* flight = task->data;
  flight->worked++;
  if (flight->serial != NULL) {
    enter_queue(flight);
  }
  if (flight->posts) {
    flight->post.data = flight;
    /* A handle that closes takes no posts. */
    flight->posts =
        uvpool_post(uvpool_task_handle(task), &flight->post, on_post) == 0;
  }
  if (flight->number % 16 == 0) {
    uv_sleep(0);
  }
  if (flight->serial != NULL) {
    leave_queue(flight);
  }
  if (flight->panics) {
    uvpool_panic("one of some");
  }
  return 0;
}

/* ---- Ends ---------------------------------------------------------------- */

static void check_end(crowd_flight_t* flight, int started, int status) {
  crowd_t* crowd = flight->crowd;
  CROWD_EXPECT(crowd, is_on_thread(crowd));
  CROWD_EXPECT(crowd, flight->flying);
  CROWD_EXPECT(crowd, flight->worked == started);
  if (started) {
    CROWD_EXPECT(crowd, status == (flight->panics ? UVPOOL_EPANIC : 0));
    CROWD_EXPECT(crowd, flight->arrived == flight->posts);
  } else if (status == UV_ETIMEDOUT) {
    CROWD_EXPECT(crowd, flight->deadline_ns != 0);
    CROWD_EXPECT(crowd, uv_hrtime() >= flight->deadline_ns);
  } else {
    CROWD_EXPECT(crowd, status == UV_ECANCELED);
  }
}

static void count_end(crowd_t* crowd, int started, int status) {
  crowd->ended++;
  crowd->expired += status == UV_ETIMEDOUT;
  crowd->panicked += status == UVPOOL_EPANIC;
  crowd->cancelled += !started && status == UV_ECANCELED;
  atomic_fetch_add_explicit(&crowd->progress, 1, memory_order_relaxed);
}

static void crowd_done(uvpool_task_t* task, int status) {
  crowd_flight_t* flight = task->data;
  crowd_t* crowd = flight->crowd;
  int started = uvpool_task_started(task);
  check_end(flight, started, status);
  count_end(crowd, started, status);
  flight->flying = 0;
  if (flight->group != NULL) {
    flight->group->flying--;
  }
  if (flight->serial != NULL) {
    flight->serial->flying--;
  }
  /* The junk that a recycled request would be. */
  memset(&flight->task, (int) crowd->ended & 0xff, sizeof(flight->task));
  if (!crowd->keeps_still && !crowd->closing) {
    crowd_step(crowd);
    crowd_step(crowd);
  }
}

/* ---- Members ------------------------------------------------------------- */

static void on_empty(uvpool_group_t* group) {
  crowd_member_t* member = group->data;
  CROWD_EXPECT(member->crowd, is_on_thread(member->crowd));
  CROWD_EXPECT(member->crowd, member->flying == 0);
  CROWD_EXPECT(member->crowd, !member->closing);
}

static void open_group(crowd_member_t* member) {
  member->as.group.data = member;
  CROWD_EXPECT(
      member->crowd,
      uvpool_group_init(member->crowd->pool, &member->as.group, on_empty) == 0);
}

static void open_queue(crowd_member_t* member) {
  member->as.serial.data = member;
  CROWD_EXPECT(member->crowd,
               uvpool_serial_init(member->crowd->pool, &member->as.serial) ==
                   0);
}

static void note_closed(crowd_member_t* member) {
  crowd_t* crowd = member->crowd;
  CROWD_EXPECT(crowd, is_on_thread(crowd));
  CROWD_EXPECT(crowd, member->closing);
  CROWD_EXPECT(crowd, member->flying == 0);
  CROWD_EXPECT(crowd, crowd->closed == 0);
  member->closing = 0;
  crowd->members_closing--;
}

static void on_group_closed(uvpool_group_t* group) {
  crowd_member_t* member = group->data;
  note_closed(member);
  memset(group, 0x3c, sizeof(*group));
  if (!member->crowd->closing) {
    open_group(member);
  }
}

static void on_queue_closed(uvpool_serial_t* serial) {
  crowd_member_t* member = serial->data;
  note_closed(member);
  memset(serial, 0x3c, sizeof(*serial));
  if (!member->crowd->closing) {
    open_queue(member);
  }
}

static void close_group(crowd_t* crowd, crowd_member_t* member) {
  int expected = member->closing ? UV_EALREADY : 0;
  crowd->members_closing += !member->closing;
  member->closing = 1;
  CROWD_EXPECT(crowd,
               uvpool_group_close(&member->as.group, on_group_closed) ==
                   expected);
}

static void close_queue(crowd_t* crowd, crowd_member_t* member) {
  int expected = member->closing ? UV_EALREADY : 0;
  crowd->members_closing += !member->closing;
  member->closing = 1;
  CROWD_EXPECT(crowd,
               uvpool_serial_close(&member->as.serial, on_queue_closed) ==
                   expected);
}

/* ---- Submit -------------------------------------------------------------- */

static void choose_options(crowd_flight_t* flight,
                           uvpool_task_options_t* options) {
  crowd_t* crowd = flight->crowd;
  uvpool_task_options_init(options);
  options->task_class = (int32_t) dice_below(&crowd->dice, UVPOOL_CLASSES);
  options->priority = (int32_t) dice_below(&crowd->dice, 3);
  flight->group = NULL;
  flight->serial = NULL;
  flight->deadline_ns = 0;
  flight->number = (long) dice_below(&crowd->dice, 64);
  if (one_in(crowd, 2)) {
    flight->group = &crowd->groups[dice_below(&crowd->dice, CROWD_GROUPS)];
    options->group = &flight->group->as.group;
  }
  if (one_in(crowd, 2)) {
    flight->serial = &crowd->queues[dice_below(&crowd->dice, CROWD_QUEUES)];
    flight->number = ++flight->serial->joined;
    options->serial = &flight->serial->as.serial;
  }
  if (one_in(crowd, 6)) {
    uint64_t in_ns = dice_below(&crowd->dice, 3000000);
    flight->deadline_ns = one_in(crowd, 3) ? 1 : uv_hrtime() + in_ns;
    options->deadline_ns = flight->deadline_ns;
  }
}

static int expected_of_submit(const crowd_flight_t* flight) {
  int member_closes = (flight->group != NULL && flight->group->closing) ||
                      (flight->serial != NULL && flight->serial->closing);
  return flight->crowd->is_shut || member_closes ? UV_ESHUTDOWN : 0;
}

static void submit(crowd_flight_t* flight) {
  crowd_t* crowd = flight->crowd;
  uvpool_task_options_t options;
  choose_options(flight, &options);
  flight->panics = !crowd->no_panics && one_in(crowd, 400);
  flight->posts = one_in(crowd, 6);
  flight->arrived = 0;
  flight->worked = 0;
  flight->flying = 1;
  flight->task.data = flight;
  int expected = expected_of_submit(flight);
  job_enter_call();
  int rc = uvpool_submit_ex(
      crowd->pool, &flight->task, crowd_work, crowd_done, &options);
  job_leave_call();
  if (rc != 0) {
    flight->flying = 0;
    CROWD_EXPECT(crowd,
                 rc == expected || (crowd->may_refuse && rc == UV_EAGAIN));
    return;
  }
  CROWD_EXPECT(crowd, expected == 0);
  crowd->accepted++;
  if (flight->group != NULL) {
    flight->group->flying++;
  }
  if (flight->serial != NULL) {
    flight->serial->flying++;
  }
}

static void cancel(crowd_flight_t* flight) {
  if (flight->flying) {
    int rc = uvpool_cancel(&flight->task);
    CROWD_EXPECT(flight->crowd, rc == 0 || rc == UV_EBUSY);
  }
}

static void cancel_group(crowd_t* crowd, crowd_member_t* member) {
  CROWD_EXPECT(crowd, uvpool_group_cancel(&member->as.group) == 0);
  int active = uvpool_group_is_active(&member->as.group);
  CROWD_EXPECT(crowd, active == (member->flying > 0));
}

void crowd_step(crowd_t* crowd) {
  crowd_flight_t* flight =
      &crowd->flights[dice_below(&crowd->dice, CROWD_FLIGHTS)];
  crowd_member_t* group =
      &crowd->groups[dice_below(&crowd->dice, CROWD_GROUPS)];
  crowd_member_t* queue =
      &crowd->queues[dice_below(&crowd->dice, CROWD_QUEUES)];
  if (one_in(crowd, 800)) {
    close_group(crowd, group);
  } else if (one_in(crowd, 800)) {
    close_queue(crowd, queue);
  } else if (one_in(crowd, 400)) {
    cancel_group(crowd, group);
  } else if (one_in(crowd, 40)) {
    cancel(flight);
  } else if (!flight->flying && crowd->accepted < crowd->quota) {
    submit(flight);
  }
}

/* ---- Life ---------------------------------------------------------------- */

void crowd_open(crowd_t* crowd) {
  crowd->thread = uv_thread_self();
  for (int i = 0; i < CROWD_FLIGHTS; i++) {
    crowd->flights[i].crowd = crowd;
  }
  for (int i = 0; i < CROWD_GROUPS; i++) {
    crowd->groups[i].crowd = crowd;
    open_group(&crowd->groups[i]);
  }
  for (int i = 0; i < CROWD_QUEUES; i++) {
    crowd->queues[i].crowd = crowd;
    open_queue(&crowd->queues[i]);
  }
}

int crowd_is_still(void* arg) {
  crowd_t* crowd = arg;
  return crowd->ended == crowd->accepted && crowd->members_closing == 0;
}

static void on_handle_closed(uvpool_t* pool) {
  crowd_t* crowd = uvpool_get_data(pool);
  CROWD_EXPECT(crowd, is_on_thread(crowd));
  CROWD_EXPECT(crowd, crowd_is_still(crowd));
  crowd->closed++;
}

void crowd_close(crowd_t* crowd) {
  crowd->closing = 1;
  uvpool_set_data(crowd->pool, crowd);
  CROWD_EXPECT(crowd, uvpool_close(crowd->pool, on_handle_closed) == 0);
}

void crowd_audit(crowd_t* crowd) {
  CROWD_EXPECT(crowd, crowd->closed == 1);
  CROWD_EXPECT(crowd, crowd_is_still(crowd));
  for (int i = 0; i < CROWD_FLIGHTS; i++) {
    CROWD_EXPECT(crowd, !crowd->flights[i].flying);
  }
  for (int i = 0; i < CROWD_QUEUES; i++) {
    CROWD_EXPECT(crowd, atomic_load(&crowd->queues[i].odd) == 0);
    CROWD_EXPECT(crowd, atomic_load(&crowd->queues[i].inside) == 0);
  }
}
