/* JSON output: strings that stay valid whatever bytes they are made of. */
#ifndef SEARCH_SERVER_JSON_H
#define SEARCH_SERVER_JSON_H

#include <stddef.h>

#include "strbuf.h"

/* Appends `text` as a quoted JSON string. Quotes, backslashes and control
 * characters are escaped; bytes that are not UTF-8 become U+FFFD. So are file
 * names and file contents, which are any bytes, made presentable. */
void json_string(strbuf_t* out, const char* text, size_t len);

#endif /* SEARCH_SERVER_JSON_H */
