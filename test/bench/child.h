/* Child processes, one for a contender with a number of threads, that run
 * orders when they are asked to and sleep otherwise. */
#ifndef UVPOOL_TEST_BENCH_CHILD_H
#define UVPOOL_TEST_BENCH_CHILD_H

#include "bench.h"

/* The child for this order: the one there is, or a new one. */
struct bench_child* bench_child_for(enum bench_who who,
                                    const struct bench_order* order);

/* Runs an order there. */
void bench_child_ask(struct bench_child* child,
                     const struct bench_order* order,
                     struct bench_sample* sample);

void bench_child_end(struct bench_child* child);

/* The child's life, from the fork on: answers what comes by `fd` until the
 * other side is gone. */
void bench_serve(int fd, enum bench_who who) __attribute__((noreturn));

#endif /* UVPOOL_TEST_BENCH_CHILD_H */
