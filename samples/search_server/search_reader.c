/* The full-text index: reading.
 *
 * Each worker of the db lane has one connection, opened when its thread starts
 * and closed when it ends. Opening does not touch the file yet, so a worker
 * that starts while the index is being written does not mind; the statement is
 * prepared at the first search.
 *
 * The user's text is bound, never pasted. A search that nobody waits for any
 * more, or that takes too long, is ended from within: SQLite asks a progress
 * handler every so many steps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "search_index_private.h"

/* Steps of SQLite's virtual machine between two looks at `stop`: well under a
 * millisecond. */
enum { STEPS_PER_LOOK = 1000 };

static const char select_sql[] =
    "SELECT path, bm25(docs), snippet(docs, 1, '', '', ' ... ', 16)"
    " FROM docs WHERE docs MATCH ?1 ORDER BY rank LIMIT ?2";

/* Used by the worker that opened it, and by no other thread. */
struct search_reader_s {
  sqlite3* db;
  sqlite3_stmt* select; /* NULL before the first search */
};

int search_reader_open(void* data, void** worker_data) {
  search_index_t* index = data;
  search_reader_t* reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    return UV_ENOMEM;
  }
  int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(index->path, &reader->db, flags, NULL) != SQLITE_OK) {
    search_reader_close(data, reader);
    return UV_EIO;
  }
  *worker_data = reader;
  return 0;
}

void search_reader_close(void* data, void* worker_data) {
  search_reader_t* reader = worker_data;
  (void) data;
  sqlite3_finalize(reader->select);
  sqlite3_close(reader->db);
  free(reader);
}

static int prepare(search_reader_t* reader) {
  if (reader->select != NULL) {
    return SQLITE_OK;
  }
  return sqlite3_prepare_v3(reader->db,
                            select_sql,
                            -1,
                            SQLITE_PREPARE_PERSISTENT,
                            &reader->select,
                            NULL);
}

static void append_text(strbuf_t* out, sqlite3_stmt* row, int column) {
  const char* text = (const char*) sqlite3_column_text(row, column);
  int len = sqlite3_column_bytes(row, column);
  json_string(out, text == NULL ? "" : text, text == NULL ? 0 : (size_t) len);
}

/* Appends one match. bm25 is the better the smaller; people expect the
 * opposite. */
static void append_row(strbuf_t* out, sqlite3_stmt* row) {
  strbuf_puts(out, "{\"path\":");
  append_text(out, row, 0);
  strbuf_printf(
      out, ",\"score\":%.6f,\"snippet\":", -sqlite3_column_double(row, 1));
  append_text(out, row, 2);
  strbuf_puts(out, "}");
}

/* Steps through the matches. One that does not fit any more is left out, and
 * ends the list. */
static int append_rows(search_reader_t* reader, strbuf_t* out, int* rows) {
  int rc;
  *rows = 0;
  while ((rc = sqlite3_step(reader->select)) == SQLITE_ROW) {
    size_t before = out->len;
    if (*rows > 0) {
      strbuf_puts(out, ",");
    }
    append_row(out, reader->select);
    if (strbuf_failed(out)) {
      strbuf_truncate(out, before);
      return SQLITE_DONE;
    }
    ++*rows;
  }
  return rc;
}

static int to_uv_error(search_reader_t* reader, int rc) {
  if (rc == SQLITE_INTERRUPT) {
    return UV_ECANCELED;
  }
  if (rc == SQLITE_NOMEM) {
    return UV_ENOMEM;
  }
  fprintf(stderr, "search_server: search: %s.\n", sqlite3_errmsg(reader->db));
  return UV_EIO;
}

int search_reader_query(search_reader_t* reader,
                        const char* query,
                        int limit,
                        search_stop_cb stop,
                        void* arg,
                        strbuf_t* out) {
  int rows = 0;
  int rc = prepare(reader);
  if (rc != SQLITE_OK) {
    return to_uv_error(reader, rc);
  }
  sqlite3_progress_handler(reader->db, STEPS_PER_LOOK, stop, arg);
  rc = sqlite3_bind_text(reader->select, 1, query, -1, SQLITE_STATIC);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_int(reader->select, 2, limit);
  }
  if (rc == SQLITE_OK) {
    rc = append_rows(reader, out, &rows);
  }
  int result = rc == SQLITE_DONE ? rows : to_uv_error(reader, rc);
  sqlite3_reset(reader->select);
  sqlite3_clear_bindings(reader->select);
  sqlite3_progress_handler(reader->db, 0, NULL, NULL);
  return result;
}
