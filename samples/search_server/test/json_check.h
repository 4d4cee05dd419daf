/* Is a text valid JSON, and valid UTF-8? */
#ifndef SEARCH_SERVER_TEST_JSON_CHECK_H
#define SEARCH_SERVER_TEST_JSON_CHECK_H

int json_is_valid(const char* text);

#endif /* SEARCH_SERVER_TEST_JSON_CHECK_H */
