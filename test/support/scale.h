/* How long the long tests run: UVPOOL_TEST_FULL=1, which test/run --full sets,
 * asks for the full number, anything else for a twentieth. ThreadSanitizer
 * makes everything several times slower, and runs a third of either. */
#ifndef UVPOOL_TEST_SCALE_H
#define UVPOOL_TEST_SCALE_H

/* How many there are to be where there are `full` in a full run, at least 1;
 * says so once, naming them: "5000 of 100000 rounds". Thread: test. */
long scaled(long full, const char* name);

#endif /* UVPOOL_TEST_SCALE_H */
