/* The full-text index: an SQLite database with one FTS5 table.
 *
 * Written once, by the indexer, then only read. Reader connections are made per
 * worker thread, since a connection must not be used by two threads at once. */
#ifndef SEARCH_SERVER_SEARCH_INDEX_H
#define SEARCH_SERVER_SEARCH_INDEX_H

#include <stddef.h>

#include "strbuf.h"

typedef struct search_index_s search_index_t;
typedef struct search_reader_s search_reader_t;

/* Makes an empty index in a temporary file below $TMPDIR or /tmp. NULL, with a
 * line on stderr, when it cannot. */
search_index_t* search_index_create(void);

/* Removes the file. Every reader must be closed. NULL is ignored. */
void search_index_free(search_index_t* index);

/* Adds a document. Worker; writers take turns. Returns 0 or UV_EIO. */
int search_index_add(search_index_t* index,
                     const char* path,
                     const char* text,
                     size_t len);

/* Ends the writing, after the last add has returned. Worker. 0 or UV_EIO. */
int search_index_finish(search_index_t* index);

/* on_worker_start and on_worker_stop of the db lane: `data` is the index, the
 * worker's data becomes a reader. */
int search_reader_open(void* data, void** worker_data);
void search_reader_close(void* data, void* worker_data);

/* Asked from time to time while a search runs: 1 ends it. */
typedef int (*search_stop_cb)(void* arg);

/* Searches, and appends the matches to `out` as the elements of a JSON array.
 * `query` is an FTS5 query of fts_query. Worker.
 *
 * Returns the number of matches; UV_ECANCELED when `stop` said so; UV_ENOMEM;
 * UV_EIO, with the reason on stderr. */
int search_reader_query(search_reader_t* reader,
                        const char* query,
                        int limit,
                        search_stop_cb stop,
                        void* arg,
                        strbuf_t* out);

#endif /* SEARCH_SERVER_SEARCH_INDEX_H */
