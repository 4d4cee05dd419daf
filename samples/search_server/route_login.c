/* POST /login with user=...&password=...: Argon2id, on the auth lane.
 *
 * Verifying a password is slow and takes 64 MiB on purpose, and anyone may ask
 * for it: cheap to send, dear to answer. So the lane is small (--auth-threads)
 * and what may wait is bounded (--auth-waiting); beyond that the answer is 503,
 * at once. The password is wiped as soon as it has been looked at. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "routes.h"
#include "urlcode.h"

/* Written on the loop before submit, read by the worker. */
typedef struct {
  job_t job;
  exchange_t* exchange; /* loop thread */
  const char* hash;     /* of the users, which outlive every job */
  size_t password_len;
  char password[PASSWORD_MAX + 1];
} login_job_t;

/* Worker. */
static int login_work(job_t* job) {
  login_job_t* login = (login_job_t*) job;
  int rc = users_verify(login->hash, login->password, login->password_len);
  sodium_memzero(login->password, sizeof login->password);
  if (rc < 0) {
    return rc;
  }
  return rc == 1 ? 0 : UV_EACCES;
}

static void login_free(login_job_t* login) {
  sodium_memzero(login->password, sizeof login->password);
  free(login);
}

static void login_answer(exchange_t* exchange, int status) {
  strbuf_t body;
  switch (status) {
    case 0:
      strbuf_init(&body, RESPONSE_MAX);
      strbuf_puts(&body, "{\"login\":\"ok\"}\n");
      exchange_respond(exchange, 200, "application/json", &body);
      break;
    case UV_EACCES:
      exchange_refuse(exchange,
                      401,
                      "user or password is wrong",
                      "WWW-Authenticate: Form realm=\"search_server\"\r\n");
      break;
    case UV_ENOMEM:
      exchange_refuse(exchange, 503, "out of memory", "Retry-After: 1\r\n");
      break;
    default:
      exchange_error(exchange, 500, "the login failed");
  }
}

static void login_done(job_t* job, int status) {
  login_job_t* login = (login_job_t*) job;
  if (exchange_job_done(login->exchange, job, status)) {
    login_answer(login->exchange, status);
  }
  login_free(login);
}

static int is_form(const char* content_type) {
  static const char form[] = "application/x-www-form-urlencoded";
  size_t n = sizeof form - 1;
  if (strncasecmp(content_type, form, n) != 0) {
    return 0;
  }
  return content_type[n] == '\0' || content_type[n] == ';' ||
         content_type[n] == ' ';
}

/* Returns what is wrong with the body, or NULL. */
static const char* get_parameters(login_job_t* login,
                                  const users_t* users,
                                  const http_request_t* request) {
  char name[USER_NAME_MAX + 1];
  int n = form_get(request->body, request->body_len, "user", name, sizeof name);
  int m = form_get(request->body,
                   request->body_len,
                   "password",
                   login->password,
                   sizeof login->password);
  if (n == UV_ENOBUFS || m == UV_ENOBUFS) {
    return "user or password is too long";
  }
  if (n == UV_EINVAL || m == UV_EINVAL) {
    return "the body is not well encoded";
  }
  if (n <= 0 || m <= 0) {
    return "send user=...&password=...";
  }
  login->password_len = (size_t) m;
  login->hash = users_hash(users, name);
  return NULL;
}

void route_login(reactor_t* reactor,
                 exchange_t* exchange,
                 const http_request_t* request) {
  if (!is_form(request->content_type)) {
    exchange_error(
        exchange, 415, "send Content-Type: application/x-www-form-urlencoded");
    return;
  }
  login_job_t* login = calloc(1, sizeof *login);
  if (login == NULL) {
    exchange_error(exchange, 500, "out of memory");
    return;
  }
  login->exchange = exchange;
  const char* wrong = get_parameters(login, reactor->server->users, request);
  if (wrong != NULL) {
    exchange_error(exchange, 400, wrong);
  } else if (exchange_submit(exchange,
                             &reactor->lanes[LANE_AUTH],
                             &login->job,
                             login_work,
                             login_done,
                             "login") == 0) {
    return;
  }
  login_free(login);
}
