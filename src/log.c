/* Messages for the operator; see log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "handle.h"
#include "pool.h"

/* One message, one line, whatever a panicking task has put into its reason. */
static void make_one_line(char* message) {
  for (char* c = message; *c != '\0'; c++) {
    if ((unsigned char) *c < ' ') {
      *c = ' ';
    }
  }
}

void uvpool__log(uvpool_t* handle, const char* format, ...) {
  const struct uvpool__settings* settings = &handle->pool->settings;
  char message[512];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof(message), format, args);
  va_end(args);
  make_one_line(message);
  if (settings->on_log != NULL) {
    settings->on_log(handle, message);
  } else {
    fprintf(stderr, "%s: %s\n", settings->name, message);
  }
}
