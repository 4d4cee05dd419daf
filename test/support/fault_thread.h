/* Makes pthread_create fail in the library, without a special build of it: the
 * test program defines pthread_create itself and so stands before the C
 * library's. Where that cannot be done (two-level namespaces),
 * fault_thread_works returns 0 and the tests that need it skip. */
#ifndef UVPOOL_TEST_FAULT_THREAD_H
#define UVPOOL_TEST_FAULT_THREAD_H

#define FAULT_THREAD_FOREVER 1000000000

/* From the `nth` thread created from now on (counted from 1), `many` fail with
 * EAGAIN. */
void fault_thread_fail(int nth, int many);

/* No more failures. */
void fault_thread_clear(void);

/* How many have failed since fault_thread_fail. */
int fault_thread_failed(void);

/* Threads that the calling thread creates neither count nor fail. */
void fault_thread_exempt(int exempt);

int fault_thread_works(void);

#endif /* UVPOOL_TEST_FAULT_THREAD_H */
