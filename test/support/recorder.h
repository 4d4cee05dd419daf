/* What happened, in which order, and how much of it at once: written by any
 * thread, read by the test thread.
 *
 * Everything is relaxed atomics on purpose: a recorder that synchronised would
 * hide missing synchronisation of the library from ThreadSanitizer. A note is
 * therefore only sure to be seen by a reader that the library has ordered after
 * it, say in the done callback of the work that wrote it. */
#ifndef UVPOOL_TEST_RECORDER_H
#define UVPOOL_TEST_RECORDER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDER_MAX 512u

typedef struct recorder_s {
  atomic_uint
      count; /* notes taken; those beyond RECORDER_MAX are only counted */
  _Atomic(const char*) words[RECORDER_MAX]; /* static strings */
  _Atomic int64_t numbers[RECORDER_MAX];
  char text[RECORDER_MAX * 32]; /* test thread: what recorder_text returns */
} recorder_t;

/* Thread: test. */
void recorder_init(recorder_t* recorder);

/* Notes a word (a static string) and a number. Thread: any. */
void recorder_note(recorder_t* recorder, const char* word, int64_t number);

/* All notes as one line, "work:1 done:1 close:0"; to be compared with
 * assert_string_equal. Thread: test. */
const char* recorder_text(recorder_t* recorder);

/* How often a word was noted. Thread: test. */
unsigned recorder_count(recorder_t* recorder, const char* word);

/* How many are inside now, and how many were at most. */
typedef struct gauge_s {
  atomic_int now;
  atomic_int most;
} gauge_t;

/* Thread: any; all four. */
void gauge_init(gauge_t* gauge);
void gauge_enter(gauge_t* gauge);
void gauge_leave(gauge_t* gauge);
int gauge_most(gauge_t* gauge);

#endif /* UVPOOL_TEST_RECORDER_H */
