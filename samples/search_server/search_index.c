/* The full-text index: creation and writing. Reading is in search_reader.c.
 *
 * There is one writing connection, and one transaction from the first document
 * to the last. It needs no rollback journal: the file is temporary, and an
 * index that could not be finished is thrown away. SQLite's page cache bounds
 * the memory, whatever is indexed; what does not fit is in the file already.
 *
 * Documents come from several workers, so writers take a mutex. They read and
 * check their file before, without it. */
#include "search_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "search_index_private.h"

static const char schema[] =
    "PRAGMA journal_mode = OFF;"
    "PRAGMA synchronous = OFF;"
    "PRAGMA cache_size = -8192;"
    "CREATE VIRTUAL TABLE docs USING fts5(path UNINDEXED, body);"
    "BEGIN;";

/* Merges the index into one segment: searches then look in one place. */
static const char merge[] =
    "INSERT INTO docs(docs) VALUES('optimize'); COMMIT;";

static int complain(search_index_t* index, const char* doing) {
  fprintf(stderr,
          "search_server: %s the index %s: %s.\n",
          doing,
          index->path,
          index->writer == NULL ? "out of memory"
                                : sqlite3_errmsg(index->writer));
  return UV_EIO;
}

static int make_file(search_index_t* index) {
  const char* dir = getenv("TMPDIR");
  if (dir == NULL || dir[0] == '\0') {
    dir = "/tmp";
  }
  int n = snprintf(
      index->path, sizeof index->path, "%s/search_server-index-XXXXXX", dir);
  if (n < 0 || (size_t) n >= sizeof index->path) {
    fprintf(stderr, "search_server: TMPDIR is too long a name.\n");
    index->path[0] = '\0';
    return -1;
  }
  int fd = mkstemp(index->path);
  if (fd < 0) {
    perror("search_server: a temporary file cannot be made in TMPDIR");
    index->path[0] = '\0';
    return -1;
  }
  close(fd);
  return 0;
}

search_index_t* search_index_create(void) {
  search_index_t* index = calloc(1, sizeof *index);
  if (index == NULL) {
    return NULL;
  }
  if (uv_mutex_init(&index->lock) != 0) {
    free(index);
    return NULL;
  }
  if (make_file(index) != 0) {
    goto fail;
  }
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(index->path, &index->writer, flags, NULL) != SQLITE_OK ||
      sqlite3_exec(index->writer, schema, NULL, NULL, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(index->writer,
                         "INSERT INTO docs VALUES(?1, ?2)",
                         -1,
                         &index->insert,
                         NULL) != SQLITE_OK) {
    complain(index, "creating");
    goto fail;
  }
  return index;

fail:
  search_index_free(index);
  return NULL;
}

static void close_writer(search_index_t* index) {
  sqlite3_finalize(index->insert);
  sqlite3_close(index->writer);
  index->insert = NULL;
  index->writer = NULL;
}

void search_index_free(search_index_t* index) {
  if (index == NULL) {
    return;
  }
  close_writer(index);
  if (index->path[0] != '\0') {
    unlink(index->path);
  }
  uv_mutex_destroy(&index->lock);
  free(index);
}

static int add_locked(search_index_t* index,
                      const char* path,
                      const char* text,
                      size_t len) {
  sqlite3_stmt* insert = index->insert;
  int rc = sqlite3_bind_text(insert, 1, path, -1, SQLITE_STATIC);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_text(insert, 2, text, (int) len, SQLITE_STATIC);
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(insert);
  }
  int result = rc == SQLITE_DONE ? 0 : complain(index, "writing");
  sqlite3_reset(insert);
  sqlite3_clear_bindings(insert);
  return result;
}

int search_index_add(search_index_t* index,
                     const char* path,
                     const char* text,
                     size_t len) {
  uv_mutex_lock(&index->lock);
  int rc = add_locked(index, path, text, len);
  uv_mutex_unlock(&index->lock);
  return rc;
}

int search_index_finish(search_index_t* index) {
  int rc = 0;
  uv_mutex_lock(&index->lock);
  if (sqlite3_exec(index->writer, merge, NULL, NULL, NULL) != SQLITE_OK) {
    rc = complain(index, "finishing");
  }
  close_writer(index);
  uv_mutex_unlock(&index->lock);
  return rc;
}
