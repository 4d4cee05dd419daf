/* What the examples of the documentation take for granted: the objects that a
 * reader has at hand, by the names that the pages use. Only declared; examples
 * are compiled, not run. */
#ifndef UVPOOL_TEST_DOCS_NAMES_H
#define UVPOOL_TEST_DOCS_NAMES_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <uvpool.h>

extern uv_loop_t* loop;
extern uvpool_t* pool;
extern uvpool_func_t* func;
extern uvpool_multi_t* multi;
extern uvpool_task_t task;
extern uvpool_options_t options;
extern uvpool_stats_t stats;
extern void* arg;
extern int rc;
extern int64_t n;

/* Callbacks, called as the parameters that take them. */
int work(uvpool_task_t* task);
void done(uvpool_task_t* task, int status);
void run(void* arg);
int fn(void* arg);
void fn_done(uvpool_func_t* func, void* arg, int status);
void released(uvpool_t* handle, int status);
void all_released(uvpool_multi_t* multi,
                  int status,
                  const size_t* late,
                  size_t late_count);
void closed(uvpool_t* handle);
void panicked(uvpool_t* handle, uvpool_task_t* task, const char* reason);
void log_line(uvpool_t* handle, const char* message);

/* A value for pools with a typed argument. */
typedef struct point_s {
  double x;
  double y;
} point_t;
int scale(point_t* point);

#endif /* UVPOOL_TEST_DOCS_NAMES_H */
