/* Event loops: their threads, and the messages between them.
 *
 *   first loop                               another loop
 *   reactors_start  -- thread -->            attach to the pools, listen
 *                   <-- NEWS_SERVING --      serve
 *   a signal        -- WISH_DRAIN -->        drain
 *   a second one    -- WISH_CLOSE_ALL -->
 *                   <-- NEWS_OVER --         the thread is about to return
 *   join; when all are joined, end
 *
 * A message is a field under a lock and a uv_async_send. A later wish includes
 * the earlier ones, and news too, so it does no harm that libuv may deliver
 * several sends as one. */
#include "reactor.h"

#include <signal.h>
#include <stdio.h>

#include "server.h"

/* ---- Messages ------------------------------------------------------------ */

void reactor_tell(reactor_t* r, reactor_wish_t wish) {
  uv_mutex_lock(&r->lock);
  if (wish > r->wish) {
    r->wish = wish;
  }
  if (r->reachable) {
    uv_async_send(&r->wake);
  }
  uv_mutex_unlock(&r->lock);
}

/* The first loop looks at everyone's news whenever it is woken. */
static void report(reactor_t* r, reactor_news_t news) {
  uv_mutex_lock(&r->lock);
  r->news = news;
  uv_mutex_unlock(&r->lock);
  reactor_tell(&r->server->reactors[0], WISH_NONE);
}

static reactor_news_t get_news(reactor_t* r) {
  uv_mutex_lock(&r->lock);
  reactor_news_t news = r->news;
  uv_mutex_unlock(&r->lock);
  return news;
}

void reactor_close_wake(reactor_t* r) {
  uv_mutex_lock(&r->lock);
  r->reachable = 0;
  uv_mutex_unlock(&r->lock);
  uv_close((uv_handle_t*) &r->wake, NULL);
}

/* A reactor that is over reports just before its thread returns, so the join
 * takes no time. One that is over and has not been asked to has failed. */
static void look_after_others(server_t* server) {
  unsigned serving = 1;
  for (unsigned i = 1; i < server->started; i++) {
    reactor_t* r = &server->reactors[i];
    reactor_news_t news = get_news(r);
    serving += news == NEWS_SERVING;
    if (news == NEWS_OVER && !r->joined) {
      uv_thread_join(&r->thread);
      r->joined = 1;
      server->joined++;
      if (server->reactors[0].phase < REACTOR_DRAINING) {
        drain_begin(server, 1);
      }
    }
  }
  if (serving == server->options->loops && !server->announced &&
      server->reactors[0].phase == REACTOR_SERVING) {
    server->announced = 1;
    reactor_announce(server);
  }
}

static void on_wake(uv_async_t* wake) {
  reactor_t* r = wake->data;
  uv_mutex_lock(&r->lock);
  reactor_wish_t wish = r->wish;
  uv_mutex_unlock(&r->lock);
  if (wish >= WISH_DRAIN) {
    reactor_drain(r);
  }
  if (wish == WISH_CLOSE_ALL) {
    reactor_close_connections(r);
  }
  if (r->number == 0) {
    look_after_others(r->server);
    reactor_check(r);
  }
}

/* ---- Life ---------------------------------------------------------------- */

int reactor_init(reactor_t* r, server_t* server, unsigned number) {
  r->server = server;
  r->number = number;
  r->wake.data = r;
  r->drain_timer.data = r;
  int rc = uv_mutex_init(&r->lock);
  if (rc != 0) {
    return rc;
  }
  rc = uv_loop_init(&r->loop);
  if (rc != 0) {
    goto no_loop;
  }
  rc = uv_async_init(&r->loop, &r->wake, on_wake);
  if (rc != 0) {
    goto no_wake;
  }
  uv_timer_init(&r->loop, &r->drain_timer);
  r->reachable = 1;
  return 0;

no_wake:
  uv_loop_close(&r->loop);
no_loop:
  uv_mutex_destroy(&r->lock);
  return rc;
}

int reactor_run(reactor_t* r) {
  uv_run(&r->loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&r->loop) != 0) {
    fprintf(stderr, "search_server: bug: a handle is still open.\n");
    return -1;
  }
  return 0;
}

void reactor_free(reactor_t* r) {
  for (unsigned i = 0; i < r->pool_count; i++) {
    pool_free(r->pools[i]);
  }
  uv_mutex_destroy(&r->lock);
}

/* ---- The others ---------------------------------------------------------- */

static void thread_main(void* arg) {
  reactor_t* r = arg;
  if (lanes_attach(r, &r->server->reactors[0]) == 0 && reactor_listen(r) == 0) {
    r->phase = REACTOR_SERVING;
    report(r, NEWS_SERVING);
  } else {
    reactor_drain(r);
  }
  reactor_run(r);
  report(r, NEWS_OVER);
}

/* Signals are for the first loop: its thread alone knows when they must no
 * longer kill the process. */
static int create_thread(reactor_t* r) {
  sigset_t ends;
  sigset_t before;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, &before);
  int rc = uv_thread_create(&r->thread, thread_main, r);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc;
}

static int start_one(server_t* server, unsigned number) {
  reactor_t* r = &server->reactors[number];
  int rc = reactor_init(r, server, number);
  if (rc != 0) {
    return rc;
  }
  rc = create_thread(r);
  if (rc != 0) {
    reactor_drain(r);
    reactor_run(r);
    reactor_free(r);
    return rc;
  }
  server->started = number + 1;
  return 0;
}

void reactors_start(server_t* server) {
  server->started = 1;
  for (unsigned i = 1; i < server->options->loops; i++) {
    int rc = start_one(server, i);
    if (rc != 0) {
      fprintf(stderr,
              "search_server: event loop %u cannot be started: %s.\n",
              i,
              uv_strerror(rc));
      drain_begin(server, 1);
      return;
    }
  }
  look_after_others(server);
}
