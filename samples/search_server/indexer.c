/* Fills the index at start, through the db lane.
 *
 *   walk    one job finds all files
 *   load    as many jobs as the lane has threads; each reads a batch of files,
 *           leaves out what is binary or too large, and adds the rest
 *   finish  one job merges and commits
 *
 * The loop hands out the next batch when one is done, so the lane's bound is
 * never met and at most one file per thread is in memory. Directories on slow
 * disks keep workers waiting, not the loop: a signal ends the server at
 * once. */
#include "indexer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "walk.h"

enum { BATCH_FILES = 16, PROGRESS_MS = 100 };

struct indexer_s {
  /* Constant. */
  server_t* server;
  indexer_done_cb done;

  /* Any thread, relaxed: a wish and a budget, which carry no data. */
  atomic_int stop;
  atomic_llong room; /* bytes of text that may still be added */

  /* The walk's worker, then the loop thread, then constant. */
  file_list_t files;

  /* Loop thread. */
  size_t next_file;
  unsigned loading; /* jobs in flight */
  int status;       /* the first failure */
  uint64_t indexed;
  uint64_t bytes;
  uint64_t begun_at;
  uint64_t progress_at;
};

/* One batch. Written on the loop before submit, by the worker, and read on the
 * loop in done. */
typedef struct {
  job_t job;
  indexer_t* indexer;
  size_t first;
  size_t count;
  uint64_t indexed;
  uint64_t bytes;
} batch_t;

static void load_more(indexer_t* ix);

static int should_stop(void* arg) {
  indexer_t* ix = arg;
  return atomic_load_explicit(&ix->stop, memory_order_relaxed);
}

/* ---- Workers ------------------------------------------------------------- */

static int walk_work(job_t* job) {
  indexer_t* ix = ((batch_t*) job)->indexer;
  const options_t* options = ix->server->options;
  for (unsigned i = 0; i < options->directory_count; i++) {
    const char* root = options->directories[i];
    int rc = walk(root, &ix->files, should_stop, ix);
    if (rc != 0) {
      fprintf(stderr,
              "search_server: directory %s cannot be read: %s.\n",
              root,
              uv_strerror(rc));
      return rc;
    }
  }
  return 0;
}

/* Reads a text file of at most `max` bytes. Returns its length, or -1 for what
 * is not to be indexed: empty, binary, too large, unreadable, not a file. */
static ssize_t read_text(const char* path, char* buf, size_t max) {
  struct stat st;
  ssize_t len = -1;
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return -1;
  }
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
      (uintmax_t) st.st_size <= max) {
    len = read(fd, buf, (size_t) st.st_size);
  }
  close(fd);
  if (len <= 0 || memchr(buf, '\0', (size_t) len) != NULL) {
    return -1;
  }
  return len;
}

/* Takes `len` bytes from the budget, if they are there. */
static int take_room(indexer_t* ix, ssize_t len) {
  long long before =
      atomic_fetch_sub_explicit(&ix->room, len, memory_order_relaxed);
  if (before >= len) {
    return 1;
  }
  atomic_fetch_add_explicit(&ix->room, len, memory_order_relaxed);
  return 0;
}

static int load_file(batch_t* batch, const char* path, char* buf, size_t max) {
  indexer_t* ix = batch->indexer;
  ssize_t len = read_text(path, buf, max);
  if (len < 0 || !take_room(ix, len)) {
    return 0;
  }
  int rc = search_index_add(ix->server->index, path, buf, (size_t) len);
  if (rc == 0) {
    batch->indexed++;
    batch->bytes += (uint64_t) len;
  }
  return rc;
}

static int load_work(job_t* job) {
  batch_t* batch = (batch_t*) job;
  indexer_t* ix = batch->indexer;
  size_t max = (size_t) ix->server->options->max_file_kib * 1024;
  char* buf = malloc(max);
  if (buf == NULL) {
    return UV_ENOMEM;
  }
  int rc = 0;
  for (size_t i = 0; rc == 0 && i < batch->count && !should_stop(ix); i++) {
    rc = load_file(batch, ix->files.paths[batch->first + i], buf, max);
  }
  free(buf);
  return rc;
}

static int finish_work(job_t* job) {
  return search_index_finish(((batch_t*) job)->indexer->server->index);
}

/* ---- Loop ---------------------------------------------------------------- */

static void report(indexer_t* ix, int is_last) {
  uint64_t now = uv_hrtime() / 1000000;
  int is_terminal = isatty(STDERR_FILENO);
  double mib = (double) ix->bytes / (1024 * 1024);
  if (!is_last && (!is_terminal || now - ix->progress_at < PROGRESS_MS)) {
    return;
  }
  ix->progress_at = now;
  if (is_terminal) {
    fputs("\r\033[K", stderr);
  }
  if (!is_last) {
    fprintf(stderr,
            "indexing: %zu of %zu files, %.1f MiB of text",
            ix->next_file,
            ix->files.count,
            mib);
  } else {
    fprintf(stderr,
            "indexed %" PRIu64
            " of %zu files, %.1f MiB of text, "
            "in %.1f s\n",
            ix->indexed,
            ix->files.count,
            mib,
            (double) (now - ix->begun_at) / 1000);
  }
}

static void end(indexer_t* ix) {
  server_t* server = ix->server;
  indexer_done_cb done = ix->done;
  int status = ix->status;
  if (status == 0) {
    report(ix, 1);
  }
  file_list_free(&ix->files);
  free(ix);
  server->indexer = NULL;
  done(server, status);
}

static batch_t* batch_new(indexer_t* ix) {
  batch_t* batch = calloc(1, sizeof *batch);
  if (batch != NULL) {
    batch->indexer = ix;
  }
  return batch;
}

/* Submits a batch, or frees it and notes why not. */
static int batch_submit(batch_t* batch, job_work_cb work, job_done_cb done) {
  indexer_t* ix = batch->indexer;
  const job_options_t options = {.label = "index"};
  const lane_t* db = &ix->server->reactors[0].lanes[LANE_DB];
  int rc = lane_submit(db, &batch->job, work, done, &options);
  if (rc != 0) {
    fprintf(stderr,
            "search_server: indexing: no worker can be started: %s.\n",
            uvpool_strerror(rc));
    ix->status = rc;
    free(batch);
  }
  return rc;
}

static void note(indexer_t* ix, int status) {
  if (ix->status == 0) {
    ix->status = should_stop(ix) ? UV_ECANCELED : status;
  }
}

static void on_finished(job_t* job, int status) {
  indexer_t* ix = ((batch_t*) job)->indexer;
  free(job);
  note(ix, status);
  end(ix);
}

static void on_loaded(job_t* job, int status) {
  batch_t* batch = (batch_t*) job;
  indexer_t* ix = batch->indexer;
  ix->loading--;
  ix->indexed += batch->indexed;
  ix->bytes += batch->bytes;
  free(batch);
  note(ix, status);
  report(ix, 0);
  load_more(ix);
}

static int load_next(indexer_t* ix) {
  size_t left = ix->files.count - ix->next_file;
  batch_t* batch = batch_new(ix);
  if (batch == NULL) {
    return ix->status = UV_ENOMEM;
  }
  batch->first = ix->next_file;
  batch->count = left < BATCH_FILES ? left : BATCH_FILES;
  ix->next_file += batch->count;
  ix->loading++;
  int rc = batch_submit(batch, load_work, on_loaded);
  if (rc != 0) {
    ix->loading--;
  }
  return rc;
}

static void load_more(indexer_t* ix) {
  while (ix->status == 0 && ix->next_file < ix->files.count &&
         ix->loading < ix->server->options->db_threads) {
    if (load_next(ix) != 0) {
      break;
    }
  }
  if (ix->loading > 0) {
    return;
  }
  batch_t* batch = ix->status == 0 ? batch_new(ix) : NULL;
  if (batch == NULL || batch_submit(batch, finish_work, on_finished) != 0) {
    note(ix, UV_ENOMEM);
    end(ix);
  }
}

static void on_walked(job_t* job, int status) {
  indexer_t* ix = ((batch_t*) job)->indexer;
  free(job);
  note(ix, status);
  load_more(ix);
}

int indexer_start(server_t* server, indexer_done_cb done) {
  indexer_t* ix = calloc(1, sizeof *ix);
  if (ix == NULL) {
    return UV_ENOMEM;
  }
  ix->server = server;
  ix->done = done;
  ix->begun_at = uv_hrtime() / 1000000;
  atomic_init(&ix->stop, 0);
  atomic_init(&ix->room, (long long) server->options->max_index_mib << 20);
  batch_t* batch = batch_new(ix);
  int rc =
      batch == NULL ? UV_ENOMEM : batch_submit(batch, walk_work, on_walked);
  if (rc != 0) {
    free(ix);
    return rc;
  }
  server->indexer = ix;
  return 0;
}

void indexer_stop(indexer_t* ix) {
  if (ix != NULL) {
    atomic_store_explicit(&ix->stop, 1, memory_order_relaxed);
  }
}
