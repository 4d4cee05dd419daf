/* What a user typed, made into an FTS5 query that cannot do harm. */
#ifndef SEARCH_SERVER_FTS_QUERY_H
#define SEARCH_SERVER_FTS_QUERY_H

#include <stddef.h>

#include "limits.h"

/* Each byte of the text may become two, each term gets two quotes and a
 * space. */
enum { FTS_QUERY_MAX = 2 * QUERY_MAX + 3 * QUERY_TERMS_MAX + 1 };

/* Writes the query for `text` to `out`, which has FTS_QUERY_MAX bytes.
 *
 * Returns the number of terms; 0 when the text has none; UV_E2BIG when it has
 * more than QUERY_TERMS_MAX or is longer than QUERY_MAX. */
int fts_query(const char* text, char* out);

#endif /* SEARCH_SERVER_FTS_QUERY_H */
