/* Options: from what the user wrote to what the pool works with. */
#ifndef UVPOOL_SRC_OPTIONS_H
#define UVPOOL_SRC_OPTIONS_H

#include <uvpool/options.h>

#include "pool.h"

/* Validates `options` (NULL: the defaults) into `settings`. 0 or UV_EINVAL. */
int uvpool__options_resolve(const uvpool_options_t* options,
                            struct uvpool__settings* settings);

#endif /* UVPOOL_SRC_OPTIONS_H */
