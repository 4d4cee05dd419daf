/* The recorder hands out slots by fetch-and-add; a slot has one writer. */
#include "kit.h"

#include <stdio.h>
#include <string.h>

void recorder_init(recorder_t* recorder) {
  memset(recorder, 0, sizeof(*recorder));
}

void recorder_note(recorder_t* recorder, const char* word, int64_t number) {
  unsigned slot =
      atomic_fetch_add_explicit(&recorder->count, 1, memory_order_relaxed);
  if (slot >= RECORDER_MAX) {
    return;
  }
  atomic_store_explicit(&recorder->numbers[slot], number, memory_order_relaxed);
  atomic_store_explicit(&recorder->words[slot], word, memory_order_relaxed);
}

static const char* word_at(recorder_t* recorder, unsigned slot) {
  const char* word =
      atomic_load_explicit(&recorder->words[slot], memory_order_relaxed);
  return word != NULL ? word : "?";
}

static unsigned filled(recorder_t* recorder) {
  unsigned count = atomic_load_explicit(&recorder->count, memory_order_relaxed);
  return count < RECORDER_MAX ? count : RECORDER_MAX;
}

const char* recorder_text(recorder_t* recorder) {
  size_t used = 0;
  recorder->text[0] = '\0';
  for (unsigned i = 0; i < filled(recorder); i++) {
    size_t room = sizeof(recorder->text) - used;
    long long number = (long long) atomic_load_explicit(&recorder->numbers[i],
                                                        memory_order_relaxed);
    int n = snprintf(recorder->text + used,
                     room,
                     "%s%s:%lld",
                     i > 0 ? " " : "",
                     word_at(recorder, i),
                     number);
    if (n < 0 || (size_t) n >= room) {
      fail_msg("the recorder's text is too long");
    }
    used += (size_t) n;
  }
  return recorder->text;
}

unsigned recorder_count(recorder_t* recorder, const char* word) {
  unsigned count = 0;
  for (unsigned i = 0; i < filled(recorder); i++) {
    if (strcmp(word_at(recorder, i), word) == 0) {
      count++;
    }
  }
  return count;
}

void gauge_init(gauge_t* gauge) {
  atomic_init(&gauge->now, 0);
  atomic_init(&gauge->most, 0);
}

void gauge_enter(gauge_t* gauge) {
  int now = atomic_fetch_add_explicit(&gauge->now, 1, memory_order_relaxed) + 1;
  int most = atomic_load_explicit(&gauge->most, memory_order_relaxed);
  while (now > most &&
         !atomic_compare_exchange_weak_explicit(&gauge->most,
                                                &most,
                                                now,
                                                memory_order_relaxed,
                                                memory_order_relaxed)) {
    continue;
  }
}

void gauge_leave(gauge_t* gauge) {
  atomic_fetch_sub_explicit(&gauge->now, 1, memory_order_relaxed);
}

int gauge_most(gauge_t* gauge) {
  return atomic_load_explicit(&gauge->most, memory_order_relaxed);
}
