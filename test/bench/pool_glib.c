/* GLib's GThreadPool, exclusive: with as many threads of its own, all started
 * at once, none of which leaves. Its results come back by the mailbox. */
#include <glib.h>

#include "pool.h"

/* Written on the loop's thread while nothing else runs. */
static GThreadPool* pool;

static void work(gpointer data, gpointer user_data) {
  (void) user_data;
  bench_load.work(data);
  bench_mailbox_post(data);
}

static int open_pool(const struct bench_setup* setup) {
  GError* error = NULL;
  pool = g_thread_pool_new(work, NULL, (gint) setup->threads, TRUE, &error);
  if (error != NULL) {
    g_error_free(error);
    return UV_EAGAIN;
  }
  return bench_mailbox_open();
}

static void submit(union bench_job* job) {
  g_thread_pool_push(pool, job, NULL);
}

static void close_pool(void) {
  g_thread_pool_free(pool, FALSE, TRUE);
  bench_mailbox_close();
}

static int tune(unsigned threads) {
  GError* error = NULL;
  g_thread_pool_set_max_threads(pool, (gint) threads, &error);
  if (error != NULL) {
    g_error_free(error);
    return UV_EAGAIN;
  }
  return 0;
}

const struct bench_pool bench_pool_glib = {
    .open = open_pool,
    .submit = submit,
    .close = close_pool,
    .tune = tune,
};
