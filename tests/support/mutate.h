/* mutate.h: what a format makes of damaged copies of a good file: every truncation, and every byte
 * changed in a few ways. */
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>

#include "base/span.h"
#include "format/format.h"

typedef struct MutateResult {
    size_t runs;
    size_t fewer; /* runs that gave fewer events than the whole file */
} MutateResult;

/* Fails the test if a run fails, gives a batch that is not sound, names damage outside the item,
 * or gives fewer events than the whole file without a word about it. Each copy lies in a heap
 * block of exactly its size; the alarm ends the test if a run hangs. */
MutateResult mutate_all(const Format *format, const char *name, Span input);

#endif
