/* The text of the requests. */
#ifndef LOAD_REQUEST_H
#define LOAD_REQUEST_H

#include "client.h"

enum { REQUEST_MAX = 1024 };

/* Writes the client's next request, which carries the id `c<number>-<id>`.
 * Returns its length. */
size_t request_write(client_t* client, uint64_t id, char* out, size_t size);

/* The id out of such a text, or 0 if it is not one of this client's. */
uint64_t request_parse_id(const client_t* client, const char* text);

#endif /* LOAD_REQUEST_H */
