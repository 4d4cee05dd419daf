/* The version of the library, for programs that look at run time. */
#include <uvpool/version.h>

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)

unsigned uvpool_version(void) {
  return UVPOOL_VERSION_HEX;
}

const char* uvpool_version_string(void) {
  return NUMBER(UVPOOL_VERSION_MAJOR) "." NUMBER(
      UVPOOL_VERSION_MINOR) "." NUMBER(UVPOOL_VERSION_PATCH);
}
