/* Making pools and handles, for those who combine them in another way. */
#ifndef UVPOOL_SRC_CREATE_H
#define UVPOOL_SRC_CREATE_H

#include <uv.h>
#include <uvpool/options.h>

struct uvpool__pool;
struct uvpool__port;
struct uvpool__settings;

/* Checks what uvpool_create is given. 0, UV_EINVAL or UV_ENOMEM. */
int uvpool__pool_settings(const uvpool_options_t* options,
                          struct uvpool__settings* settings);

/* Everything that uvpool_create does after its settings are resolved. */
int uvpool__pool_create(uv_loop_t* loop,
                        const struct uvpool__settings* settings,
                        uvpool_t** out);

/* Makes a handle that is not yet listed; NULL without memory. */
uvpool_t* uvpool__pool_new_handle(struct uvpool__pool* pool);

/* Loop thread, no lock held: the handle joins its pool and a port. */
void uvpool__pool_list(uvpool_t* handle, struct uvpool__port* port);

#endif /* UVPOOL_SRC_CREATE_H */
