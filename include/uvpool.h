/* uvpool: bounded thread pools for libuv programs.
 *
 * Objects
 *   uvpool_t          a handle on a pool, bound to a loop     <uvpool/pool.h>
 *   uvpool_task_t     one piece of blocking work              <uvpool/task.h>
 *   uvpool_options_t  what a pool is told at creation      <uvpool/options.h>
 *   uvpool_stats_t    what it has done                       <uvpool/stats.h>
 *   uvpool_task_options_t  class, priority, deadline  <uvpool/task_options.h>
 *   uvpool_group_t    tasks that are cancelled together      <uvpool/group.h>
 *   uvpool_serial_t   tasks that run one after another      <uvpool/serial.h>
 *   uvpool_post_t     a callback on the loop, from anywhere   <uvpool/post.h>
 *   uv_work_t         uv_queue_work, on a pool of one's own   <uvpool/work.h>
 *   uvpool_func_t     a pool with one function, fixed    <uvpool/func_pool.h>
 *   uvpool_multi_t    several pools, one submit         <uvpool/multi_pool.h>
 *   the default pool, for who does not care which     <uvpool/default_pool.h>
 *
 * Threads
 *   A task's work runs on one of the pool's workers; its done callback runs on
 *   the loop. Submit, cancel, tune, release and the figures may be called on
 *   any thread; whatever starts, waits for or closes a handle, on the loop's.
 *
 * Life
 *   uvpool_create -> uvpool_submit ... -> uvpool_close -> close callback
 *
 *     static int work(uvpool_task_t* task) { return slow(task->data); }
 *     static void done(uvpool_task_t* task, int status) { ... }
 *
 *     uvpool_create(loop, NULL, &pool);
 *     if (uvpool_submit(pool, &task, work, done) == UV_EAGAIN) { ... refuse }
 *     uv_run(loop, UV_RUN_DEFAULT);
 *     uvpool_close(pool, NULL);
 *     uv_run(loop, UV_RUN_DEFAULT);
 *
 * Results are 0 or a negative code: libuv's, or one of <uvpool/errno.h>. */
#ifndef UVPOOL_H
#define UVPOOL_H

#include <uvpool/default_pool.h>
#include <uvpool/errno.h>
#include <uvpool/func_pool.h>
#include <uvpool/group.h>
#include <uvpool/multi_pool.h>
#include <uvpool/options.h>
#include <uvpool/pool.h>
#include <uvpool/post.h>
#include <uvpool/serial.h>
#include <uvpool/stats.h>
#include <uvpool/task.h>
#include <uvpool/task_options.h>
#include <uvpool/version.h>
#include <uvpool/work.h>

#endif /* UVPOOL_H */
