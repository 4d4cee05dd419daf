/* The index as its writer and its readers see it. */
#ifndef SEARCH_SERVER_SEARCH_INDEX_PRIVATE_H
#define SEARCH_SERVER_SEARCH_INDEX_PRIVATE_H

#include <sqlite3.h>
#include <uv.h>

#include "search_index.h"

struct search_index_s {
  /* Constant after create. */
  char path[1024];

  /* Guarded by `lock`. NULL once the index is finished. */
  uv_mutex_t lock;
  sqlite3* writer;
  sqlite3_stmt* insert;
};

#endif /* SEARCH_SERVER_SEARCH_INDEX_PRIVATE_H */
