/* Fills the index at start, through the db lane. */
#ifndef SEARCH_SERVER_INDEXER_H
#define SEARCH_SERVER_INDEXER_H

#include "server.h"

/* The end, on the loop: 0, UV_ECANCELED after indexer_stop, or what failed,
 * with its reason on stderr. server->indexer is NULL again. */
typedef void (*indexer_done_cb)(server_t* server, int status);

/* Starts, and sets server->indexer. On an error nothing is called. */
int indexer_start(server_t* server, indexer_done_cb done);

/* Asks it to end early; `done` is still called. */
void indexer_stop(indexer_t* ix);

#endif /* SEARCH_SERVER_INDEXER_H */
