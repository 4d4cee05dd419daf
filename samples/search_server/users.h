/* Who may log in: a file of "name:hash" lines, read at start.
 *
 * A hash is what crypto_pwhash_str makes with the cost below; the server itself
 * makes such lines with --hash-password. Every hash must have the same cost, or
 * the time of an answer would tell users apart. */
#ifndef SEARCH_SERVER_USERS_H
#define SEARCH_SERVER_USERS_H

#include <stddef.h>

typedef struct users_s users_t;

/* Reads the file. NULL, with a line on stderr that says what to do, when it
 * cannot be read or a line is not right. sodium_init must have been called. */
users_t* users_load(const char* path);
void users_free(users_t* users);

/* The hash to verify a password against: the user's, or for a name that nobody
 * has, one that no password matches and that costs as much to find out.
 *
 * Thread: any; constant after users_load. Returns: never NULL. */
const char* users_hash(const users_t* users, const char* name);

/* Verifies a password against a hash: about a tenth of a second and 64 MiB.
 *
 * Thread: a worker. Returns: 1 it matches, 0 it does not, UV_ENOMEM. */
int users_verify(const char* hash, const char* password, size_t len);

/* --hash-password: reads a password from stdin, prints the line for `name`.
 * Returns an exit code. */
int users_print_line(const char* name);

#endif /* SEARCH_SERVER_USERS_H */
