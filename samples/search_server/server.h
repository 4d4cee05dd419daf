/* What the whole server shares, whatever the number of its event loops.
 *
 *   server_t      this: options, users, index, the count of connections
 *   reactor_t     what the thread of one event loop owns         (reactor.h)
 *   pool_t        threads for blocking work, shared by the loops  (engine.h)
 *
 * The first loop, reactors[0], runs on the main thread. It is the one that
 * fills the index, starts the others, hears of signals and ends last. */
#ifndef SEARCH_SERVER_SERVER_H
#define SEARCH_SERVER_SERVER_H

#include <stdatomic.h>
#include <uv.h>

#include "options.h"
#include "reactor.h"
#include "search_index.h"
#include "users.h"

typedef struct indexer_s indexer_t;

struct server_s {
  /* Constant while any loop runs. */
  const options_t* options;
  const users_t* users;  /* workers read it */
  search_index_t* index; /* workers use it */
  reactor_t* reactors;   /* options->loops of them */

  /* Written by the first loop before the others start, then constant. */
  unsigned port; /* that is listened on */

  /* Any thread. Open connections of all loops. */
  atomic_uint connections;

  /* First loop. */
  indexer_t* indexer; /* NULL once the index is complete */
  unsigned started;   /* reactors that run: [0] to [started - 1] */
  unsigned joined;    /* of those, how many threads have ended */
  int announced;
  int exit_code;
  uv_signal_t sigterm;
  uv_signal_t sigint;
};

/* drain.c, for the first loop: hears of signals from now on. */
int drain_init(server_t* server);

/* Ends the server as SIGTERM does; `exit_code` is kept if it is not 0. First
 * loop. */
void drain_begin(server_t* server, int exit_code);

#endif /* SEARCH_SERVER_SERVER_H */
