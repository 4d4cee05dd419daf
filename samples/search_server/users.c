/* Who may log in.
 *
 * The table is sorted by name once and only read after, so workers need no
 * lock.
 *
 * An unknown user costs as much as a known one: its password is verified
 * against the hash of a random password that is thrown away. Otherwise the time
 * of a refusal would tell which names exist. */
#include "users.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "limits.h"

#define COST_OPS crypto_pwhash_OPSLIMIT_INTERACTIVE
#define COST_MEMORY ((size_t) 64 * 1024 * 1024)

/* name ":" hash newline NUL */
enum { LINE_MAX_BYTES = USER_NAME_MAX + crypto_pwhash_STRBYTES + 3 };

typedef struct {
  char name[USER_NAME_MAX + 1];
  char hash[crypto_pwhash_STRBYTES];
} user_t;

/* Constant after users_load. */
struct users_s {
  user_t* list; /* sorted by name */
  size_t count;
  size_t capacity;
  char nobody[crypto_pwhash_STRBYTES];
};

static int by_name(const void* a, const void* b) {
  return strcmp(((const user_t*) a)->name, ((const user_t*) b)->name);
}

static user_t* users_grow(users_t* users) {
  if (users->count == users->capacity) {
    size_t capacity = users->capacity == 0 ? 16 : users->capacity * 2;
    user_t* list = realloc(users->list, capacity * sizeof *list);
    if (list == NULL) {
      return NULL;
    }
    users->list = list;
    users->capacity = capacity;
  }
  return &users->list[users->count++];
}

/* Adds one line, without its newline. Returns what is wrong with it, or
 * NULL. */
static const char* users_add(users_t* users, const char* line) {
  const char* colon = strchr(line, ':');
  if (colon == NULL || colon == line) {
    return "is not of the form name:hash";
  }
  size_t name_len = (size_t) (colon - line);
  size_t hash_len = strlen(colon + 1);
  if (name_len > USER_NAME_MAX) {
    return "has a name that is too long";
  }
  if (hash_len >= crypto_pwhash_STRBYTES ||
      crypto_pwhash_str_needs_rehash(colon + 1, COST_OPS, COST_MEMORY) != 0) {
    return "has a hash of another kind or cost than ours";
  }
  if (users->count == USERS_MAX) {
    return "is one user too many";
  }

  user_t* user = users_grow(users);
  if (user == NULL) {
    return "does not fit into memory";
  }
  memset(user, 0, sizeof *user);
  memcpy(user->name, line, name_len);
  memcpy(user->hash, colon + 1, hash_len);
  return NULL;
}

static int users_read(users_t* users, const char* path, FILE* file) {
  char line[LINE_MAX_BYTES + 1];
  for (unsigned number = 1; fgets(line, sizeof line, file) != NULL; number++) {
    size_t len = strcspn(line, "\n");
    const char* wrong = NULL;
    if (line[len] != '\n' && !feof(file)) {
      wrong = "is too long";
    }
    line[len] = '\0';
    if (wrong == NULL && len > 0 && line[0] != '#') {
      wrong = users_add(users, line);
    }
    if (wrong != NULL) {
      fprintf(stderr,
              "search_server: %s:%u: this line %s.\n"
              "Make lines with: search_server --hash-password=NAME >> %s\n",
              path,
              number,
              wrong,
              path);
      return -1;
    }
  }
  if (ferror(file)) {
    fprintf(stderr,
            "search_server: %s cannot be read: %s.\n",
            path,
            strerror(errno));
    return -1;
  }
  return 0;
}

static int users_check(users_t* users, const char* path) {
  if (users->count == 0) {
    fprintf(stderr,
            "search_server: there is no user in %s.\n"
            "Add one with: search_server --hash-password=NAME >> %s\n",
            path,
            path);
    return -1;
  }
  qsort(users->list, users->count, sizeof users->list[0], by_name);
  for (size_t i = 1; i < users->count; i++) {
    if (by_name(&users->list[i - 1], &users->list[i]) == 0) {
      fprintf(stderr,
              "search_server: %s has two lines for %s.\n",
              path,
              users->list[i].name);
      return -1;
    }
  }
  return 0;
}

static int make_nobody(users_t* users) {
  unsigned char password[32];
  randombytes_buf(password, sizeof password);
  int rc = crypto_pwhash_str(users->nobody,
                             (const char*) password,
                             sizeof password,
                             COST_OPS,
                             COST_MEMORY);
  sodium_memzero(password, sizeof password);
  if (rc != 0) {
    fprintf(stderr,
            "search_server: 64 MiB of memory are needed for a login.\n");
  }
  return rc;
}

users_t* users_load(const char* path) {
  users_t* users = NULL;
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    fprintf(stderr,
            "search_server: users file %s: %s.\n"
            "Make one with: search_server --hash-password=NAME >> %s\n",
            path,
            strerror(errno),
            path);
    return NULL;
  }
  users = calloc(1, sizeof *users);
  if (users == NULL || users_read(users, path, file) != 0 ||
      users_check(users, path) != 0 || make_nobody(users) != 0) {
    users_free(users);
    users = NULL;
  }
  fclose(file);
  return users;
}

void users_free(users_t* users) {
  if (users == NULL) {
    return;
  }
  free(users->list);
  free(users);
}

const char* users_hash(const users_t* users, const char* name) {
  user_t key = {.name = ""};
  if (strlen(name) > USER_NAME_MAX) {
    return users->nobody;
  }
  memcpy(key.name, name, strlen(name));
  const user_t* user =
      bsearch(&key, users->list, users->count, sizeof key, by_name);
  return user == NULL ? users->nobody : user->hash;
}

int users_verify(const char* hash, const char* password, size_t len) {
  errno = 0;
  if (crypto_pwhash_str_verify(hash, password, len) == 0) {
    return 1;
  }
  /* EINVAL is how libsodium says that the password is another one. Anything
   * else is the machine's fault, and not a reason to refuse the user. */
  return errno == EINVAL ? 0 : UV_ENOMEM;
}

int users_print_line(const char* name) {
  char password[PASSWORD_MAX + 2];
  char hash[crypto_pwhash_STRBYTES];
  size_t len = strlen(name);
  if (len == 0 || len > USER_NAME_MAX || name[0] == '#' ||
      strpbrk(name, ":\n") != NULL) {
    fprintf(
        stderr,
        "search_server: a name has 1 to %d bytes, no colon, no newline, and "
        "does not begin with #.\n",
        USER_NAME_MAX);
    return 2;
  }
  if (fgets(password, sizeof password, stdin) == NULL) {
    password[0] = '\0';
  }
  len = strcspn(password, "\n");
  if (len == 0 || len > PASSWORD_MAX) {
    fprintf(stderr,
            "search_server: write a password of 1 to %d bytes to stdin.\n",
            PASSWORD_MAX);
    return 2;
  }
  int rc = crypto_pwhash_str(hash, password, len, COST_OPS, COST_MEMORY);
  sodium_memzero(password, sizeof password);
  if (rc != 0) {
    fprintf(stderr, "search_server: 64 MiB of memory are needed for a hash.\n");
    return 1;
  }
  printf("%s:%s\n", name, hash);
  return 0;
}
