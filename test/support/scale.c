/* The number is printed, as a failure may need the full length to come back. */
#include "scale.h"

#include <stdlib.h>

#include "kit.h"

enum { SHORT_DIVISOR = 20, TSAN_DIVISOR = 3 };

long scaled(long full, const char* name) {
  const char* wish = getenv("UVPOOL_TEST_FULL");
  long count = full;
  if (wish == NULL || wish[0] != '1') {
    count /= SHORT_DIVISOR;
  }
  if (KIT_TSAN) {
    count /= TSAN_DIVISOR;
  }
  if (count < 1) {
    count = 1;
  }
  print_message("  %ld of %ld %s\n", count, full, name);
  return count;
}
