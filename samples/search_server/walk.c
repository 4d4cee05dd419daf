/* Finds the files below directories.
 *
 * Each directory is opened relative to its parent and never through a symbolic
 * link, so that nobody who may change the tree meanwhile can lead the walk out
 * of it. Depth, number of files and length of a path are bounded. */
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "limits.h"

enum { PATH_BYTES = 4096 };

typedef struct {
  file_list_t* list;
  walk_stop_cb stop;
  void* arg;
  int depth;
  int status;
  char path[PATH_BYTES]; /* of the directory that is being read */
} walk_t;

static int walk_dir(walk_t* w, int fd, size_t len);

static int add_file(file_list_t* list, const char* path) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 256 : list->capacity * 2;
    char** paths = realloc(list->paths, capacity * sizeof *paths);
    if (paths == NULL) {
      return UV_ENOMEM;
    }
    list->paths = paths;
    list->capacity = capacity;
  }
  char* copy = strdup(path);
  if (copy == NULL) {
    return UV_ENOMEM;
  }
  list->paths[list->count++] = copy;
  return 0;
}

/* One entry of the directory `fd`; w->path names the entry, `len` bytes. */
static int walk_entry(walk_t* w, int fd, const char* name, size_t len) {
  struct stat st;
  if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return 0;
  }
  if (S_ISREG(st.st_mode)) {
    return add_file(w->list, w->path);
  }
  if (!S_ISDIR(st.st_mode) || w->depth == INDEX_DEPTH_MAX) {
    return 0;
  }
  int sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return sub < 0 ? 0 : walk_dir(w, sub, len);
}

static int is_over(const walk_t* w) {
  return w->list->count >= INDEX_FILES_MAX || w->stop(w->arg);
}

/* Reads the directory `fd`, which it closes; w->path names it, `len` bytes. */
static int walk_dir(walk_t* w, int fd, size_t len) {
  int rc = 0;
  DIR* dir = fdopendir(fd);
  if (dir == NULL) {
    close(fd);
    return UV_ENOMEM;
  }
  w->depth++;
  struct dirent* entry;
  while (rc == 0 && !is_over(w) && (entry = readdir(dir)) != NULL) {
    if (entry->d_name[0] == '.') {
      continue;
    }
    int n = snprintf(w->path + len, sizeof w->path - len, "/%s", entry->d_name);
    if (n > 0 && (size_t) n < sizeof w->path - len) {
      rc = walk_entry(w, dirfd(dir), entry->d_name, len + (size_t) n);
    }
    w->path[len] = '\0';
  }
  w->depth--;
  closedir(dir);
  return rc;
}

int walk(const char* root, file_list_t* list, walk_stop_cb stop, void* arg) {
  walk_t w = {.list = list, .stop = stop, .arg = arg};
  size_t len = strlen(root);
  while (len > 1 && root[len - 1] == '/') {
    len--;
  }
  if (len == 0 || len >= sizeof w.path) {
    return UV_ENAMETOOLONG;
  }
  memcpy(w.path, root, len);
  int fd = open(w.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return uv_translate_sys_error(errno);
  }
  return walk_dir(&w, fd, len);
}

void file_list_free(file_list_t* list) {
  for (size_t i = 0; i < list->count; i++) {
    free(list->paths[i]);
  }
  free(list->paths);
  *list = (file_list_t) {0};
}
