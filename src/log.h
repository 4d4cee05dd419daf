/* Messages for the operator: to on_log, or as a line on stderr. */
#ifndef UVPOOL_SRC_LOG_H
#define UVPOOL_SRC_LOG_H

#include <uvpool/task.h>

/* Loop thread, no lock held. Cut to 511 bytes. */
void uvpool__log(uvpool_t* handle, const char* format, ...)
    UVPOOL_PRINTF_LIKE(2, 3);

#endif /* UVPOOL_SRC_LOG_H */
