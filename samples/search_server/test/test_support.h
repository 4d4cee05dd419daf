/* What every test file includes: cmocka and what it needs before it. */
#ifndef SEARCH_SERVER_TEST_SUPPORT_H
#define SEARCH_SERVER_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client.h"
#include "fixture.h"

#endif /* SEARCH_SERVER_TEST_SUPPORT_H */
