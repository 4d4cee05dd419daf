/* The command line. */
#ifndef SEARCH_SERVER_OPTIONS_H
#define SEARCH_SERVER_OPTIONS_H

#include "engine.h"

/* Constant after options_parse. Strings belong to argv. */
typedef struct options_s {
  const engine_t* engine;
  const char* host;
  const char* users;         /* the file; NULL with hash_password only */
  const char* hash_password; /* the name; then nothing is served */
  char** directories;
  unsigned directory_count;
  int one_pool;

  unsigned port; /* 0: any free one */
  unsigned loops;
  unsigned max_connections;
  unsigned db_threads;
  unsigned db_waiting;
  unsigned auth_threads;
  unsigned auth_waiting;
  unsigned deadline_ms; /* 0: none */
  unsigned max_results;
  unsigned max_file_kib;
  unsigned max_index_mib;
  unsigned idle_timeout_ms;
  unsigned request_timeout_ms;
  unsigned write_timeout_ms;
  unsigned drain_timeout_ms;
} options_t;

/* Returns -1 to go on, or the code to exit with. */
int options_parse(options_t* options, int argc, char** argv);

#endif /* SEARCH_SERVER_OPTIONS_H */
