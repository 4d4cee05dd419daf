/* histogram.h: each duration in its bucket, with its weight; quantiles that
 * never understate. */
#include "histogram.h"

#include <math.h>

#include "dice.h"
#include "kit.h"

enum { LAST = UVPOOL_HISTOGRAM_BUCKETS - 1 };

/* The bucket by the words of the header, found by search. */
static unsigned bucket_by_contract(uint64_t duration_ns) {
  for (unsigned i = 0; i < LAST; i++) {
    uint64_t end = UINT64_C(1) << (i + 1);
    if (duration_ns < end) {
      return i;
    }
  }
  return LAST;
}

static void assert_falls_into(uint64_t duration_ns, unsigned bucket) {
  uvpool_histogram_t h = {0};
  uvpool__histogram_add(&h, duration_ns, 1);
  for (unsigned i = 0; i < UVPOOL_HISTOGRAM_BUCKETS; i++) {
    assert_int_equal(h.buckets[i], i == bucket);
  }
  assert_int_equal(h.count, 1);
  assert_true(h.sum_ns == duration_ns);
  assert_true(h.max_ns == duration_ns);
}

/* At every power of two, one below and one above it. */
static void buckets_by_powers_of_two(void** state) {
  (void) state;
  assert_falls_into(0, 0);
  assert_falls_into(1, 0);
  for (unsigned i = 1; i < 64; i++) {
    uint64_t power = UINT64_C(1) << i;
    unsigned bucket = i < LAST ? i : LAST;
    unsigned below = i - 1 < LAST ? i - 1 : LAST;
    assert_falls_into(power - 1, below);
    assert_falls_into(power, bucket);
    assert_falls_into(power + 1, bucket);
  }
  assert_falls_into(UINT64_MAX, LAST);
}

/* A weight counts as so many of the same. */
static void a_weight_is_so_many(void** state) {
  (void) state;
  dice_t dice = dice_new();
  uvpool_histogram_t weighed = {0};
  uvpool_histogram_t counted = {0};
  for (int i = 0; i < 1000; i++) {
    uint64_t duration_ns = dice_next(&dice) >> (20 + dice_below(&dice, 40));
    uint64_t weight = dice_below(&dice, 65);
    uvpool__histogram_add(&weighed, duration_ns, weight);
    for (uint64_t n = 0; n < weight; n++) {
      uvpool__histogram_add(&counted, duration_ns, 1);
    }
  }
  assert_true(weighed.count == counted.count);
  assert_true(weighed.sum_ns == counted.sum_ns);
  assert_memory_equal(
      weighed.buckets, counted.buckets, sizeof(counted.buckets));
}

/* ---- Quantiles ----------------------------------------------------------- */

/* Nothing to say about nothing, or for what is no share. */
static void no_quantile_is_0(void** state) {
  (void) state;
  uvpool_histogram_t h = {0};
  assert_int_equal(uvpool_histogram_quantile(NULL, 0.5), 0);
  assert_int_equal(uvpool_histogram_quantile(&h, 0.5), 0);
  uvpool__histogram_add(&h, 1000, 1);
  assert_int_equal(uvpool_histogram_quantile(&h, -0.001), 0);
  assert_int_equal(uvpool_histogram_quantile(&h, 1.001), 0);
  assert_int_equal(uvpool_histogram_quantile(&h, (double) NAN), 0);
  assert_int_equal(uvpool_histogram_quantile(&h, (double) INFINITY), 0);
}

/* The upper end of the bucket, or the highest if that is less. */
static void quantile_is_a_buckets_end(void** state) {
  (void) state;
  uvpool_histogram_t h = {0};
  for (int i = 0; i < 90; i++) {
    uvpool__histogram_add(&h, 100, 1); /* 64 to 127 */
  }
  uvpool__histogram_add(&h, 5000, 10); /* 4096 to 8191 */
  assert_int_equal(uvpool_histogram_quantile(&h, 0.0), 127);
  assert_int_equal(uvpool_histogram_quantile(&h, 0.5), 127);
  assert_int_equal(uvpool_histogram_quantile(&h, 0.9), 127);
  assert_int_equal(uvpool_histogram_quantile(&h, 0.91), 5000);
  assert_int_equal(uvpool_histogram_quantile(&h, 1.0), 5000);
}

/* What is in the last bucket has no end but the highest. */
static void quantile_in_the_last_bucket(void** state) {
  (void) state;
  uvpool_histogram_t h = {0};
  uvpool__histogram_add(&h, UINT64_MAX, 1);
  assert_true(uvpool_histogram_quantile(&h, 0.5) == UINT64_MAX);
  uvpool__histogram_add(&h, 0, 1);
  assert_int_equal(uvpool_histogram_quantile(&h, 0.5), 1);
  assert_true(uvpool_histogram_quantile(&h, 1.0) == UINT64_MAX);
}

/* A share that has no exact double means what it says. */
static void shares_are_not_exact(void** state) {
  (void) state;
  for (uint64_t percent = 1; percent < 100; percent++) {
    uvpool_histogram_t h = {0};
    uvpool__histogram_add(&h, 100, percent);
    uvpool__histogram_add(&h, 5000, 100 - percent);
    assert_int_equal(uvpool_histogram_quantile(&h, (double) percent / 100.0),
                     127);
    assert_int_equal(
        uvpool_histogram_quantile(&h, ((double) percent + 0.01) / 100.0), 5000);
  }
}

/* For any durations and share: at least that share is not above the answer, and
 * the answer is not above the bucket of the true one. */
static void quantiles_bound_the_true_ones(void** state) {
  (void) state;
  enum { COUNT = 200 };
  dice_t dice = dice_new();
  for (int round = 0; round < dice_rounds(300); round++) {
    uvpool_histogram_t h = {0};
    uint64_t durations[COUNT];
    unsigned spread = 1 + (unsigned) dice_below(&dice, 62);
    for (int i = 0; i < COUNT; i++) {
      durations[i] = dice_next(&dice) >> (1 + dice_below(&dice, spread));
      uvpool__histogram_add(&h, durations[i], 1);
    }
    uint64_t wanted = 1 + dice_below(&dice, COUNT);
    uint64_t answer =
        uvpool_histogram_quantile(&h, (double) wanted / (double) COUNT);
    uint64_t within = 0;
    uint64_t in_lower_buckets = 0;
    for (int i = 0; i < COUNT; i++) {
      within += durations[i] <= answer;
      in_lower_buckets +=
          bucket_by_contract(durations[i]) < bucket_by_contract(answer);
    }
    assert_true(within >= wanted);
    assert_true(in_lower_buckets < wanted);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(buckets_by_powers_of_two),
      cmocka_unit_test(a_weight_is_so_many),
      cmocka_unit_test(no_quantile_is_0),
      cmocka_unit_test(quantile_is_a_buckets_end),
      cmocka_unit_test(quantile_in_the_last_bucket),
      cmocka_unit_test(shares_are_not_exact),
      cmocka_unit_test(quantiles_bound_the_true_ones),
  };
  return kit_run(argc, argv, tests);
}
