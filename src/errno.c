/* Names and texts of error codes: ours from the one list, the rest from
 * libuv. */
#include <uv.h>
#include <uvpool/errno.h>

const char* uvpool_strerror(int err) {
  switch (err) {
#define XX(name, number, text)                                                 \
  case UVPOOL_##name:                                                          \
    return text;
    UVPOOL_ERRNO_MAP(XX)
#undef XX
    default:
      return uv_strerror(err);
  }
}

const char* uvpool_err_name(int err) {
  switch (err) {
#define XX(name, number, text)                                                 \
  case UVPOOL_##name:                                                          \
    return #name;
    UVPOOL_ERRNO_MAP(XX)
#undef XX
    default:
      return uv_err_name(err);
  }
}
