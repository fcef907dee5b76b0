/* alloc_fail.h: lets the allocation number N fail, to test what running out of memory does.
 *
 *     for (size_t n = 1; ; n++) {
 *         alloc_fail_at(n);
 *         bool ok = work();
 *         if (!alloc_fail_over()) break;   // number n was never reached: all have been tried
 *         assert_false(ok);
 *     }
 *
 * A program that uses these functions has its malloc, calloc and realloc replaced by counting
 * ones (tests only; works with and without the address sanitizer). One thread only. */
#ifndef ALLOC_FAIL_H
#define ALLOC_FAIL_H

#include <stdbool.h>
#include <stddef.h>

/* From now on count allocations; the `number`th (1-based) and all after it fail. */
void alloc_fail_at(size_t number);

/* Stop; allocations succeed again. true if one was refused. */
bool alloc_fail_over(void);

#endif
