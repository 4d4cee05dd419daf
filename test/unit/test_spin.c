/* spin.h: who polls in vain passes over more and more chances. */
#include "spin.h"

#include "kit.h"

/* How many chances are passed over until the next try, which misses. */
static unsigned passed_until_miss(struct uvpool__spin* spin) {
  unsigned passed = 0;
  while (!uvpool__spin_is_due(spin)) {
    passed++;
  }
  uvpool__spin_learn(spin, false);
  return passed;
}

/* None, one, three, ... and never more than 64. */
static void misses_pass_over_more_and_more(void** state) {
  (void) state;
  struct uvpool__spin spin = {0};
  const unsigned expected[] = {0, 0, 1, 3, 7, 15, 31, 63, 64, 64};
  for (size_t i = 0; i < KIT_COUNT(expected); i++) {
    assert_int_equal(passed_until_miss(&spin), expected[i]);
  }
}

/* A hit makes good for all misses. */
static void a_hit_takes_every_chance_again(void** state) {
  (void) state;
  struct uvpool__spin spin = {0};
  for (int i = 0; i < 20; i++) {
    (void) passed_until_miss(&spin);
  }
  while (!uvpool__spin_is_due(&spin)) {
  }
  uvpool__spin_learn(&spin, true);
  for (int i = 0; i < 100; i++) {
    assert_true(uvpool__spin_is_due(&spin));
    uvpool__spin_learn(&spin, true);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(misses_pass_over_more_and_more),
      cmocka_unit_test(a_hit_takes_every_chance_again),
  };
  return kit_run(argc, argv, tests);
}
