/* Finds the files below directories. */
#ifndef SEARCH_SERVER_WALK_H
#define SEARCH_SERVER_WALK_H

#include <stddef.h>

/* Owned by one thread at a time. */
typedef struct file_list_s {
  char** paths; /* each owned */
  size_t count;
  size_t capacity;
} file_list_t;

/* Asked at every entry: 1 ends the walk. */
typedef int (*walk_stop_cb)(void* arg);

/* Appends the regular files below `root`, up to INDEX_FILES_MAX in all and
 * INDEX_DEPTH_MAX directories deep. Symbolic links are not followed, and names
 * that begin with a dot are left out, as are directories that cannot be read
 * below the root.
 *
 * Blocks. Returns 0, a negative UV_E* code when the root cannot be read, or
 * UV_ENOMEM. A walk that was stopped returns 0. */
int walk(const char* root, file_list_t* list, walk_stop_cb stop, void* arg);

void file_list_free(file_list_t* list);

#endif /* SEARCH_SERVER_WALK_H */
